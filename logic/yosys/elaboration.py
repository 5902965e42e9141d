"""Verilog elaborated by yosys: one flat module of gates and registers, or the first error with its place."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from ..errors import FormatError
from .complaints import PLACE, explain, named, objection
from .native_rules import refuse_unwalled
from .netlist_json import Module
from .program import MEGABYTES, OUTPUT, SECONDS, Yosys
from .sources import Sources

_NAME = re.compile(r"[A-Za-z_][\w$]*")
_USED = re.compile(r"^(?:\$abstract|\$paramod(?:\$[0-9a-f]+)?)?\\|(?<=[^\\])\\.*$")
_DIVIDERS = "t:$div t:$mod t:$divfloor t:$modfloor"
RULES = Path(__file__).with_name("rules.v")
"""What is mapped otherwise than yosys does."""
# No pass may choose a value of an x, merge clocks, or turn an asynchronous control into something else.
_SCRIPT = """\
{reading}
tee -o hierarchy.log hierarchy -check {top}
proc
flatten
opt_clean
opt_muxtree
opt_clean
memory -nomap
memory_map
opt_clean
dffunmap
techmap -map {rules}
tee -o dividers.log select -list {dividers}
techmap
simplemap
opt_clean
dffunmap
simplemap
opt_clean
check
write_json design.json
"""


@dataclass(frozen=True)
class Elaborated:
    """What yosys made of a design.

    Args:
        top: Name of the module that it is.
        module: All of it.
        removed: Other modules that no part of it is made of.
        warnings: What yosys says besides, with the user's names of files.
        divides: Whether it divides.
        sources: What was read.
    """

    top: str
    module: Module
    removed: tuple[str, ...]
    warnings: tuple[str, ...]
    divides: bool
    sources: Sources

    def place(self, source: str) -> tuple[str, int]:
        """The user's file and line of a ``src`` attribute; line 0 if it tells none."""
        found = PLACE.search(source)
        return (self.sources.place(found[1]), int(found[2])) if found else (self.sources.given[self.sources.tops[0]], 0)


def elaborate(
    yosys: Yosys, sources: Sources, top: str | None = None, formal: bool = False, macros: Sequence[str] = ()
) -> Elaborated:
    """Runs yosys on a design.

    Args:
        yosys: What runs.
        sources: The design.
        top: The module that it is; the one that no other contains if none is given.
        formal: Whether ``FORMAL`` is defined rather than ``SYNTHESIS``.
        macros: ``NAME`` or ``NAME=VALUE`` that are defined besides, of letters, digits and a few signs.

    Raises:
        FormatError: if yosys refuses the design, with its words and place.
        YosysError: if yosys takes too long.
    """
    if top is not None and not _NAME.fullmatch(top):
        raise FormatError(f"{top!r} is no name of a module; letters, digits, _ and $ make one")
    if not yosys.walled:
        refuse_unwalled(sources)
    own_output = any(b"\\$" in data for data in sources.copies.values())  # yosys' own cells
    deferred = " -defer" if top else ""  # so that a testbench beside the module that is meant is not run
    options = " -formal" * formal + " -icells" * own_output + "".join(f" -D{macro}" for macro in macros)
    names = [name for name in sources.tops if name.endswith(".v")]
    languages = (" -sv", "") if names else (" -sv",)  # words of SystemVerilog are names in older files
    failure = ""
    for language in languages:
        reading = "\n".join(
            f"read_json {name}"
            if name.endswith(".json")
            else f"read_verilog{deferred}{language if name.endswith('.v') else ' -sv'}{options} {name}"
            for name in sources.tops
        )
        script = _SCRIPT.format(
            reading=reading, top=f"-top {top}" if top else "-auto-top", dividers=_DIVIDERS, rules=RULES.name
        )
        with TemporaryDirectory() as place:
            folder = Path(place)
            for name, data in sources.copies.items():
                (folder / name).write_bytes(data)
            (folder / RULES.name).write_bytes(RULES.read_bytes())
            status, said = yosys.run(folder, script)
            if not status:
                return _result(folder, said, sources)
            failure = failure or _failure(status, said, sources)
        if "syntax error" not in said:
            break
    raise FormatError(failure)


def _result(folder: Path, said: str, sources: Sources) -> Elaborated:
    if (folder / "design.json").stat().st_size >= OUTPUT:
        raise FormatError(
            f"{sources.given[sources.tops[0]]}: its gates take more than {OUTPUT >> 20} MB; make it smaller"
        )
    design = json.loads((folder / "design.json").read_text("utf-8", "replace"))
    modules = cast("dict[str, Module]", design["modules"])
    log = (folder / "hierarchy.log").read_text("utf-8", "replace")
    used = {_USED.sub("", name) for name in re.findall(r"(?:Top|Used) module: *(\S+)", log)}
    removed = [_USED.sub("", name) for name in re.findall(r"Removing unused module `(\S+)'", log)]
    given = sources.given[sources.tops[0]]
    tops = [name for name, module in modules.items() if "top" in module["attributes"]]
    if len(tops) != 1:
        raise FormatError(f"{given}: holds no module with anything in it; give the files that do")
    if told := objection(said, sources):
        raise FormatError(told)
    warnings = (line.partition("Warning: ") for line in said.splitlines() if "Warning: " in line)
    told = dict.fromkeys(f"{named(where, sources)}{what}" for where, _, what in warnings)
    divides = bool((folder / "dividers.log").read_text().strip())
    return Elaborated(
        tops[0], modules[tops[0]], tuple(name for name in removed if name not in used), tuple(told), divides, sources
    )


def _failure(status: int, said: str, sources: Sources) -> str:
    """What is told of a run that failed."""
    if told := explain(said, sources):
        return told
    spent = f"it may take {SECONDS} s of CPU time and {MEGABYTES} MB"
    last = next((line for line in said.splitlines() if "broken off" in line), f"status {status}")
    given = sources.given[sources.tops[0]]
    return f"{given}: yosys was broken off ({last.removeprefix('broken off: ').strip()}); {spent}, make it smaller"
