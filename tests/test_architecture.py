"""House rules that a reader can trust: arrows point down, files stay short, public names are typed and explained."""

import ast
import importlib
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import networkx
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
PROLOG = [file for package in ("reasoner",) for file in sorted((ROOT / package).rglob("*.pl"))]
WHOLE = (
    "architecture",
    "neurosym_api",
    "neurosym_misuse",
    "reasoner_problog",
    "reasoner_deepproblog",
)  # tests of no one room
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


def module_name(file: Path) -> str:
    """How Python calls a file: ``logic.circuit``, a room by the name of its folder."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(file): file for file in FILES}


def imports_of(file: Path) -> Iterator[Path]:
    """Our own files that a file imports: by statement, relative or absolute, or by ``import_module("...")``."""
    home = module_name(file).split(".")
    home = home if file.name == "__init__.py" else home[:-1]
    for node in ast.walk(ast.parse(file.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = home[: len(home) + 1 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{a.name}" if f"{base}.{a.name}" in MODULES else base for a in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).lstrip("_").endswith("import_module"):
            names = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        yield from (MODULES[name] for name in names if name in MODULES)


def prolog_imports(file: Path) -> Iterator[Path]:
    """Our own files that a Prolog file uses; libraries of SWI-Prolog and variables are not ours."""
    for name in re.findall(r"use_module\(\s*'?([a-z.][\w./]*)'?\s*[,)]", file.read_text()):
        path = (file.parent / name).with_suffix(".pl").resolve()
        assert path in PROLOG, f"{name_of(file)} uses {name}, which is not there"
        yield path


def circles(arrows: dict[Path, set[Path]]) -> list[list[str]]:
    """The groups of nodes that reach each other, by name."""
    graph = networkx.DiGraph([(here, there) for here in arrows for there in arrows[here] if here != there])
    groups = networkx.strongly_connected_components(graph)
    return [sorted(name_of(node) for node in group) for group in groups if len(group) > 1]


def is_door(file: Path) -> bool:
    """Faces re-export what lies in their rooms, and ``python -m`` starts there: they stand outside of the rooms."""
    return file.name in ("__init__.py", "__main__.py")


def test_files_stay_short() -> None:
    assert not {name_of(f): n for f in (*FILES, *PROLOG) if (n := len(f.read_text().splitlines())) >= 400}


def test_no_two_folders_lean_on_each_other() -> None:
    arrows: dict[Path, set[Path]] = defaultdict(set)
    for file, found in [*((f, imports_of(f)) for f in FILES), *((f, prolog_imports(f)) for f in PROLOG)]:
        if not is_door(file):
            arrows[file.parent] |= {there.parent for there in found if not is_door(there)}
    assert sum(map(len, arrows.values())) > 50
    assert circles(arrows) == []


def test_no_two_prolog_files_lean_on_each_other() -> None:
    assert circles({file: set(prolog_imports(file)) for file in PROLOG}) == []


@pytest.mark.parametrize("file", PROLOG, ids=name_of)
def test_exported_predicates_are_documented(file: Path) -> None:
    text = file.read_text()
    listed = re.search(r":- module\(\s*\w+\s*,\s*\[(.*?)\]\s*\)\.", text, re.DOTALL)
    if listed is None:
        assert ":- module(" not in text  # the library of the interpreted language is a plain file
        return
    explained = set(re.findall(r"^%!\s+(\w+)", text, re.MULTILINE))
    assert not {name for name, _ in re.findall(r"(\w+)\s*/\s*(\d+)", listed[1])} - explained


def test_rooms_stay_small_and_explain_themselves() -> None:
    rooms: dict[Path, list[Path]] = defaultdict(list)
    for file in (*FILES, *PROLOG):
        rooms[file.parent].append(file)
    for room, files in rooms.items():
        assert len(files) <= 24, f"{name_of(room)} holds {len(files)} files"
        if len(files) > 8:
            page = room / "README.md"
            assert page.exists(), f"{name_of(room)} holds {len(files)} files and no README.md"
            assert len(page.read_text().splitlines()) <= 40, f"{name_of(page)} is longer than 40 lines"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_no_stem_occurs_twice(package: str) -> None:
    files = [file for file in (*FILES, *PROLOG) if file.is_relative_to(ROOT / package) and not is_door(file)]
    stems = Counter(file.stem for file in files)
    assert [stem for stem, times in stems.items() if times > 1] == []


def test_tests_are_named_after_rooms() -> None:
    rooms = {name.replace(".", "_") for name in MODULES if "." in name}
    for file in (ROOT / "tests").glob("test_*.py"):
        assert any(f"{file.stem}_".startswith(f"test_{room}_") for room in {*rooms, *WHOLE}), file.name


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
