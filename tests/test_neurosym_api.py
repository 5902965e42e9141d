"""The face of the library: lazy names that exist, and a guard against packages that only bear our names."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import neurosym

ROOT = Path(__file__).parent.parent


def python(code: str, folder: Path, *, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter whose ``sys.path`` starts with ``path``, then the repository."""
    lines = f"import sys; sys.path[:0] = {[str(p) for p in (path, ROOT) if p]}\n{code}"
    return subprocess.run([sys.executable, "-c", lines], cwd=folder, capture_output=True, text=True)


PACKAGES = ("neurosym", "logic", "logic.targets", "perception", "reasoner")
NAMES = [(package, name) for package in PACKAGES for name in import_module(package).__all__]


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_each_public_name_loads(package: str, name: str) -> None:
    found = getattr(import_module(package), name)
    if package == "neurosym":
        assert found.__doc__
    assert name in dir(import_module(package))


@pytest.mark.parametrize("package", PACKAGES)
def test_the_wrong_name_is_answered_by_the_right_one(package: str) -> None:
    module = import_module(package)
    name = module.__all__[0]
    with pytest.raises(AttributeError, match=rf"has no attribute '{name}_'; did you mean {name}\?"):
        getattr(module, f"{name}_")


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'zzz'$"):
        _ = neurosym.zzz  # pyright: ignore[reportAttributeAccessIssue]
    assert not hasattr(neurosym, "__wrapped__")  # what tools ask for is answered, without a guess


def test_the_groups_hold_what_the_top_holds() -> None:
    assert neurosym.circuits.Circuit is neurosym.Circuit
    assert neurosym.rules.Program is neurosym.Program
    assert neurosym.vision.Percept is neurosym.Percept
    assert neurosym.targets.read_nir is neurosym.read_nir


def test_importing_the_face_does_not_load_torch(tmp_path: Path) -> None:
    done = python("import neurosym, sys; sys.exit('torch' in sys.modules)", tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["logic", "perception", "reasoner"])
@pytest.mark.parametrize("form", ["{}.py", "{}/__init__.py"])
def test_a_stranger_with_our_name_is_refused(tmp_path: Path, name: str, form: str) -> None:
    stranger = tmp_path / form.format(name)
    stranger.parent.mkdir(exist_ok=True)
    stranger.touch()
    done = python("import neurosym", tmp_path, path=tmp_path)
    assert done.returncode == 1
    assert str(stranger) in done.stderr
    assert "Rename that module" in done.stderr
