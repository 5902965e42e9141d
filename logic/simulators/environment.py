"""Simulators in environments of their own: made by exact versions, tested, stamped, and used by one process at a time.

Simulators contradict each other (numpy 1 and 2, releases of nir, of torch), so each has a virtual environment in the
user's folder for caches. It counts as installed when its stamp is there, which is written last, after a test has
passed; a folder without a stamp was left half-built and is made anew. A lock beside it keeps two installations apart.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from ..errors import NeurosymError
from ..kernel_folder import user_caches, why_unsafe
from ..writing import whole_file

_STAMP = "installed.json"
_PATIENCE = 3600.0  # seconds for one step of an installation


class InstallError(NeurosymError, RuntimeError):
    """A simulator that is not installed, or could not be."""


@dataclass(frozen=True)
class Recipe:
    """How an environment is made.

    Args:
        steps: Arguments of ``pip install``, one call after the other, with exact versions.
        package: The distribution whose version is the simulator's.
        python: The release of Python that it needs, as ``3.11``.
        note: What to know of its installation.
    """

    steps: tuple[tuple[str, ...], ...]
    package: str
    python: str = "3.11"
    note: str = ""

    @property
    def digest(self) -> str:
        """Changes with the recipe, so that an environment of another one is never taken for it."""
        return sha256(json.dumps(asdict(self)).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Stamp:
    """What is known of an installed environment.

    Args:
        version: Of the simulator.
        packages: All distributions with their versions.
        tested: What passed.
    """

    version: str
    packages: tuple[str, ...]
    tested: str


def environments_folder() -> Path:
    """Where environments lie: what ``NEUROSYM_TARGETS`` names, or ``neurosym/targets`` in the user's caches."""
    named = os.environ.get("NEUROSYM_TARGETS")
    return Path(named) if named else user_caches() / "neurosym" / "targets"


def environment_of(name: str, recipe: Recipe) -> Path:
    """The folder of a simulator's environment, whether it is there or not."""
    return environments_folder() / f"{name}-{recipe.digest}"


def python_of(name: str, recipe: Recipe) -> Path:
    """The interpreter of a simulator's environment.

    Raises:
        InstallError: if it is not installed; the sentence says how to.
    """
    if read_stamp(name, recipe) is None:
        raise InstallError(f"{name} is not installed; run: neurosym target install {name}")
    return environment_of(name, recipe) / "bin" / "python"


def read_stamp(name: str, recipe: Recipe) -> Stamp | None:
    """What was written when the installation passed its test; none if it is missing or half-built."""
    try:
        held = json.loads((environment_of(name, recipe) / _STAMP).read_text(encoding="utf-8"))
        return Stamp(str(held["version"]), tuple(map(str, held["packages"])), str(held["tested"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def install(name: str, recipe: Recipe, test: Callable[[Path], str], say: Callable[[str], None]) -> Stamp:
    """Makes an environment, unless it is there, and tests it.

    Args:
        name: Of the simulator.
        recipe: How it is made.
        test: Runs something in its interpreter; returns what passed, and raises if nothing did.
        say: Is told each step.

    Raises:
        InstallError: if Python or a package cannot be had, or the test fails; nothing is left then.
    """
    folder = environment_of(name, recipe)
    if reason := why_unsafe(folder.parent):
        raise InstallError(f"{folder.parent} {reason}; name a folder of yours in NEUROSYM_TARGETS")
    with _alone(folder.with_suffix(".lock")):
        if (stamp := read_stamp(name, recipe)) is not None:
            return stamp
        if folder.exists():
            say(f"{name}: was left half-built; making it anew")
            shutil.rmtree(folder)
        try:
            _make(name, folder, recipe, say)
            say(f"{name}: testing")
            tested = test(folder / "bin" / "python")
            stamp = _stamp(folder, recipe, tested)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return stamp


def remove(name: str, recipe: Recipe) -> bool:
    """Removes an environment; whether there was one."""
    folder = environment_of(name, recipe)
    if not folder.exists():
        return False
    with _alone(folder.with_suffix(".lock")):
        shutil.rmtree(folder)
    return True


def _make(name: str, folder: Path, recipe: Recipe, say: Callable[[str], None]) -> None:
    say(f"{name}: a new environment of Python {recipe.python}")
    _call(name, [find_python(name, recipe.python), "-m", "venv", str(folder)])
    for step in recipe.steps:
        say(f"{name}: pip install {' '.join(step)}")
        _call(name, [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *step])


def find_python(name: str, release: str) -> str:
    """An interpreter of a release: the running one, or one on the path.

    Raises:
        InstallError: if there is none.
    """
    if sys.version.startswith(f"{release}."):
        return sys.executable
    if found := shutil.which(f"python{release}"):
        return found
    raise InstallError(f"{name} needs Python {release}, which is not on the path; install it and try again")


def _call(name: str, command: list[str]) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, env=clean, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(f"{name} cannot be installed: {command[0]} failed ({error})") from None
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()][-3:]
        raise InstallError(f"{name} cannot be installed: {' '.join(command[1:])} failed: {' / '.join(said)}")
    return done.stdout


def _stamp(folder: Path, recipe: Recipe, tested: str) -> Stamp:
    frozen = _call(folder.name, [str(folder / "bin" / "python"), "-m", "pip", "freeze"]).split("\n")
    packages = tuple(line.strip() for line in frozen if "==" in line)
    version = next((p.split("==")[1] for p in packages if p.split("==")[0].lower() == recipe.package.lower()), "")
    stamp = Stamp(version, packages, tested)
    with whole_file(folder / _STAMP) as place:
        place.write_text(json.dumps(asdict(stamp), indent=1), encoding="utf-8")
    return stamp


@contextmanager
def _alone(lock: Path) -> Generator[None]:
    """Waits until no other process makes or removes the same environment."""
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
