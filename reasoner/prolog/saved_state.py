"""The saved state of a worker: its Prolog files compiled once, so that a worker starts in a third of the time.

It is kept where compiled kernels are kept; where nothing can be kept, the files are read each time.
"""

import os
import subprocess
import zlib
from functools import cache
from pathlib import Path

from logic.kernel_folder import find_folder

_ROOMS = ("prolog", "interpreter", "limits", "clpfd")
_SAVING = ("-q", "-f", "none", "--no-packs", "-g")
_SAVE = (  # as the option -c does, without the libraries that it loads to look for libraries
    "use_module(library(qsave)), use_module(library(lists)), current_prolog_flag(argv, Words), last(Words, State), "
    "qsave_program(State, [autoload(false), init_file(none), class(runtime), goal(true), toplevel(halt)]), halt"
)
_PATIENCE = 60.0  # seconds of wall time for saving


@cache
def arguments(program: str) -> tuple[str, ...]:
    """What the command of a worker ends with: the saved state, which is made if it is missing, or the file itself.

    Args:
        program: The name of SWI-Prolog.
    """
    home = Path(__file__).parent
    loop = str(home / "worker.pl")
    folders = os.get_exec_path()
    binary = next((path for one in folders if os.access(path := os.path.join(one, program), os.X_OK)), None)  # noqa: PTH118
    folder = find_folder().path
    if binary is None or folder is None:
        return (loop,)
    state = folder / f"worker-{_digest(binary, home.parent)}.state"
    if not state.exists() and not _save(binary, loop, state):
        return (loop,)
    return ("-x", str(state))


def _digest(binary: str, home: Path) -> str:
    """Of what the state is made of: names, times and sizes of the files, SWI-Prolog among them."""
    found, latest = 0, 0
    for path in (binary, *sorted(entry.path for room in _ROOMS for entry in os.scandir(home / room))):
        if path == binary or path.endswith(".pl"):
            status = os.stat(path)  # noqa: PTH116 - many paths, at each start
            latest = max(latest, status.st_mtime_ns)
            found = zlib.crc32(f"{path} {status.st_mtime_ns} {status.st_size}\n".encode(), found)
    return f"{latest:x}-{found:08x}"


def _save(binary: str, loop: str, state: Path) -> bool:
    """Makes the state, and says whether that went well."""
    from logic.writing import FileError, whole_file  # only once

    try:
        with whole_file(state) as place:
            done = subprocess.run(
                [binary, *_SAVING, _SAVE, loop, "--", str(place)], capture_output=True, timeout=_PATIENCE, check=False
            )
            if done.returncode or not place.exists():
                return False
    except (FileError, OSError, subprocess.SubprocessError):
        return False
    return state.exists()
