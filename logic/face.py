"""The public names of a package, written once in its stub and each loaded when it is first asked for (SPEC 1)."""

from collections.abc import Callable
from functools import cache

# The stub itself is read when a name is first asked for: a command that knows its modules need not wait for that.


def attach(package: str, file: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """What a package's ``__init__.py`` needs to show the names of the ``__init__.pyi`` beside it.

    As :func:`lazy_loader.attach_stub`, which knows names of the package itself only; here a stub may also show what
    other packages define, and whole modules (``import logic as circuits``). A wrong name is answered by the right one.

    Args:
        package: The package's ``__name__``.
        file: Its ``__file__``.

    Returns:
        Its ``__getattr__``, which answers ``__all__`` too, and its ``__dir__``.
    """

    @cache
    def read() -> tuple[Callable[[str], object], list[str]]:
        return _read(package, file)

    def load(name: str) -> object:
        return list(read()[1]) if name == "__all__" else read()[0](name)

    return load, lambda: list(read()[1])


def _read(package: str, file: str) -> tuple[Callable[[str], object], list[str]]:
    """What loads a name, and all names."""
    import ast
    from importlib import import_module
    from pathlib import Path

    import lazy_loader

    own: dict[str, list[str]] = {}
    rooms: set[str] = set()
    strangers: dict[str, tuple[str, str]] = {}
    for node in ast.parse(Path(file).with_suffix(".pyi").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            strangers |= {alias.asname or alias.name: (alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = [alias.name for alias in node.names]
            if not node.level:
                strangers |= {name: (node.module or "", name) for name in names}
            elif node.module:
                own.setdefault(node.module, []).extend(names)
            else:
                rooms.update(names)
    load_own, _, found = lazy_loader.attach(package, rooms, own)
    shown = sorted({*found, *strangers})

    def load(name: str) -> object:
        if name in strangers:
            module, attribute = strangers[name]
            home = import_module(module)
            return getattr(home, attribute) if attribute else home
        if name in found:
            return load_own(name)
        from difflib import get_close_matches

        near = get_close_matches(name, shown, 1)
        hint = f"; did you mean {near[0]}?" if near and not name.startswith("_") else ""
        raise AttributeError(f"module {package!r} has no attribute {name!r}{hint}", name=name)

    return load, shown
