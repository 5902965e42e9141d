"""The face of the library: lazy names that exist, and a guard against packages that only bear our names."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import neurosym

ROOT = Path(__file__).parent.parent


def python(code: str, folder: Path, *, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter whose ``sys.path`` starts with ``path``, then the repository."""
    lines = f"import sys; sys.path[:0] = {[str(p) for p in (path, ROOT) if p]}\n{code}"
    return subprocess.run([sys.executable, "-c", lines], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("name", neurosym.__all__)
def test_each_public_name_loads(name: str) -> None:
    assert getattr(neurosym, name).__doc__


def test_the_three_lists_of_public_names_agree() -> None:
    tree = ast.parse(Path(neurosym.__file__).read_text())
    typed = {
        alias.name
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == set(neurosym.__all__) == set(dir(neurosym))
    assert all(hasattr(neurosym, name) for name in typed)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = neurosym.nonsense  # pyright: ignore[reportAttributeAccessIssue]


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
