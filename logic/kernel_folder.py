"""Where compiled kernels are kept: a folder that nobody else can write, for what is read from it is run."""

import os
import stat
from pathlib import Path
from typing import NamedTuple

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class KernelFolder(NamedTuple):
    """Where compiled kernels are kept.

    Args:
        path: The folder, or None if they are kept nowhere.
        reason: Why nowhere.
    """

    path: Path | None
    reason: str = ""


def find_folder() -> KernelFolder:
    """The first of these folders that can be written, and by nobody else.

    What ``NUMBA_CACHE_DIR`` names; ``neurosym/kernels`` in the user's folder for caches; a folder beside this file.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    reasons: list[str] = []
    for folder in [Path(named)] if named else [user_caches() / "neurosym" / "kernels", Path(__file__).parent / "kept"]:
        reason = why_unsafe(folder)
        if not reason:
            return KernelFolder(folder)
        reasons.append(f"{folder} {reason}")
    return KernelFolder(None, "; ".join(reasons))


def user_caches() -> Path:
    """The folder in which programs of this user keep what they can make again."""
    if named := os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA"):
        return Path(named)
    return Path(os.path.expanduser("~")) / ".cache"  # noqa: PTH111 - Path.home raises where there is no home


def why_unsafe(folder: Path) -> str:
    """What speaks against keeping compiled code in a folder, which is made if it is missing; nothing if ``""``."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            return "cannot be written"
        for place in (folder.resolve(), *folder.resolve().parents):
            found = place.stat()
            if hasattr(os, "geteuid") and found.st_uid not in (os.geteuid(), 0):
                return f"lies in {place}, which belongs to another user"
            if found.st_mode & _OTHERS and (place == folder.resolve() or not found.st_mode & stat.S_ISVTX):
                return f"lies in {place}, which others can write (chmod go-w)"
    except OSError as error:
        return f"cannot be made ({error.strerror})"
    return ""
