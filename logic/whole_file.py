"""Files that are written whole or not at all."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .errors import NeurosymError


class FileError(NeurosymError, OSError):
    """A file that cannot be written."""


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """A place to write a file that takes the place of ``path`` when the block ends well; its folder is made.

    Args:
        path: Where the file shall be. If the block fails, what was there stays and nothing else is left.

    Raises:
        FileError: if it cannot be written, for example because the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
            place = Path(folder) / path.name
            yield place
            place.replace(path)
    except NeurosymError:
        raise
    except OSError as error:
        raise FileError(
            f"{path}: cannot be written ({error.strerror or error}); make room or choose another place. "
            f"Nothing was left half-written."
        ) from error
