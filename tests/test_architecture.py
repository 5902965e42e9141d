"""House rules that a reader can trust: arrows point down, files stay short, public names are typed and explained."""

import ast
import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT: dict[str, set[str]] = {
    "logic": set(),
    "perception": {"logic"},
    "reasoner": {"logic"},
    "neurosym": {"logic", "perception", "reasoner"},
    "tasks": {"logic", "perception", "reasoner", "neurosym"},
}
FILES = [file for package in MAY_IMPORT for file in sorted((ROOT / package).rglob("*.py"))]
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def imported_packages(tree: ast.Module) -> set[str]:
    """The first names of all absolute imports, wherever in the file they stand."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names


def public_definitions(body: list[ast.stmt]) -> Iterator[Function | ast.ClassDef]:
    """Functions and classes without a leading underscore, and the methods of such classes."""
    for node in body:
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node.body)


def untyped(function: Function) -> list[str]:
    """The parameters of a function that have no type, and 'return' if its result has none."""
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    named += [extra for extra in (function.args.vararg, function.args.kwarg) if extra]
    missing = [a.arg for a in named if a.annotation is None and a.arg not in ("self", "cls")]
    return missing + ([] if function.returns else ["return"])


def test_there_is_something_to_check() -> None:
    assert {file.parent.name for file in FILES} >= set(MAY_IMPORT)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_point_down(file: Path) -> None:
    package = file.relative_to(ROOT).parts[0]
    wrong = imported_packages(ast.parse(file.read_text())) & set(MAY_IMPORT) - MAY_IMPORT[package] - {package}
    assert not wrong, f"{package} stands below {wrong}"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_public_names_are_typed_and_documented(file: Path) -> None:
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree), "the file does not say why it exists"
    for node in public_definitions(tree.body):
        assert ast.get_docstring(node), f"{node.name}, line {node.lineno}, has no docstring"
        if isinstance(node, Function):
            assert not untyped(node), f"{node.name}, line {node.lineno}, has no type for {untyped(node)}"


def test_files_stay_short() -> None:
    assert not {name_of(f): n for f in FILES if (n := len(f.read_text().splitlines())) >= 400}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_module_is_hidden_by_a_name(package: str) -> None:
    face = importlib.import_module(package)
    for file in (ROOT / package).glob("[!_]*.py"):
        assert isinstance(getattr(face, file.stem, face), type(face)), f"{package}.{file.stem} is hidden by a name"


def test_every_package_is_shipped() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    shipped = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {*shipped, "tasks"} == set(MAY_IMPORT) == {folder.parent.name for folder in ROOT.glob("[!.]*/__init__.py")}
    assert "tasks" not in shipped  # a user's own tasks.py must not be hidden, nor hide ours
