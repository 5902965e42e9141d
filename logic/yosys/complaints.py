"""What yosys complains of, as a sentence that says where it is and what to do."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from .sources import Sources

PLACE = re.compile(r"(f\d+\.\w+):(\d+)")
_TOKEN = re.compile(r"\bTOK_([A-Z_]+)\b")
_TOKENS = {"ID": "name", "CONSTVAL": "number", "REALVAL": "number", "STRING": "string"}
_COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_PACKAGE = re.compile(r"Package `\\?(\S+)' not found for import")
_IMPLICIT = re.compile(r"(f\d+\.\w+):(\d+):.*Identifier `\\(\S+)' is implicitly declared")
_MODULE = re.compile(r"\b(?:macro)?module\s+(?:(?:automatic|static)\s+)?\\?([^\s(#;]+)")
_EVENTS = re.compile(r"always\w*\s*@\s*\(([^()]*)\)")
_EDGE = re.compile(r"(pos|neg)edge\s+([\w$.]+)")
_TESTBENCH = "which testbenches do and hardware does not; leave the testbench out, or name the design by --top"
_SV2V = "yosys knows SystemVerilog in part; sv2v turns such a file into Verilog (sv2v FILES > OUT.v)"
_STRANGE = (  # what a line holds that is no syntax to yosys
    (r"\b(assert|assume|cover|restrict)\s+property\b|\bproperty\b|\bsequence\b|\|->|\|=>",
     "a concurrent assertion, which is not read; write an immediate one: always @(posedge clock) assert (...)"),
    (r"\bprimitive\b", "a primitive given by a table (UDP), which is not read; write it as a module with a case"),
    (r"\bimport\s*\"DPI", "a function of C (DPI), which has no gates; leave it out"),
    (r"\b(fork|wait|forever|force|release|event)\b|\binitial\b.*#|->\s*\w+\s*;", f"a wait or a thread, {_TESTBENCH}"),
    (r"\b(class|program|covergroup|randomize|mailbox|constraint)\b", f"an object, {_TESTBENCH}"),
    (r"\b(real|shortreal|realtime)\b", "a real number, which has no gates; use whole numbers"),
    (r"\b(nmos|pmos|tranif[01]|tran|cmos|pullup|pulldown)\b",
     "a transistor, which is read in flip-flops alone; write gates"),
    (r"\b(package|import|typedef|interface|modport|bind|inside|unique|priority|foreach|struct|enum|union|string)\b|::",
     _SV2V),
)  # fmt: skip
_STRANGE_WORDS = tuple((re.compile(words), told) for words, told in _STRANGE)


def explain(said: str, sources: Sources) -> str:
    """The first error of a run that failed, if it says any: where it is, what it is, and what to do."""
    error = next((line for line in said.splitlines() if "ERROR:" in line), "")
    if not error:
        return ""
    where, _, what = error.partition("ERROR:")
    found = PLACE.search(where)
    place = f"{sources.place(found[1])}:{found[2]}" if found else sources.given[sources.tops[0]]
    texts = _Texts(sources)
    for words, mend in _MENDED:
        if match := words.search(what):
            return mend(texts, place, match)
    what = _TOKEN.sub(lambda token: _TOKENS.get(token[1]) or repr(token[1].lower()), named(what, sources).strip())
    if "syntax error" in what and found:
        line = texts.line(found[1], int(found[2]))
        strange = next((told for words, told in _STRANGE_WORDS if words.search(line)), "")
        if strange:
            return f"{place}: {what.replace('syntax error', 'not understood')}: {strange}"
    return f"{place}: {what}"


def objection(said: str, sources: Sources) -> str:
    """What yosys lets pass with a warning, though it is no reading of the text; nothing if all is well."""
    texts, first = _Texts(sources), sources.given[sources.tops[0]]
    for line in said.splitlines():
        if found := _PACKAGE.search(line):
            where = texts.find(rf"\bimport\s+{re.escape(found[1])}\s*::", first)
            return (
                f"{where}: the package {found[1]!r} is in no file before; give its file first, in a list of files (.f)"
            )
        if (found := _IMPLICIT.search(line)) and "." in found[3]:
            outside = f"{found[3]!r} is a name within another module or an interface, which is not read"
            return f"{sources.place(found[1])}:{found[2]}: {outside}; bring it out by a port"
    return ""


def undeclared(warnings: Sequence[str]) -> dict[str, str]:
    """The names that a text uses without a declaration, with their places; warnings with the user's names of files."""
    found = (re.search(r"(\S+:\d+): Identifier `\\(\S+)' is implicitly declared", text) for text in warnings)
    return {match[2]: match[1] for match in found if match}


def named(text: str, sources: Sources) -> str:
    """A text with the user's names of files."""
    return re.sub(r"(?:\./)?\bf\d+\.(?:sv|vh|v|dat|json)\b", lambda match: sources.place(match[0]), text)


@dataclass(frozen=True)
class _Texts:
    """The files of a design, to find places in that yosys does not tell."""

    sources: Sources

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for name, data in self.sources.copies.items():
            if not name.endswith(".dat"):
                yield name, data.decode("utf-8", "replace")

    def line(self, name: str, number: int) -> str:
        """A line of a file."""
        lines = self.sources.copies.get(name, b"").decode("utf-8", "replace").split("\n")
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def find(self, pattern: str, place: str, strings: bool = False) -> str:
        """The first place where a pattern is found outside comments (and strings), or the one that is known."""
        for name, text in self:
            bare = text if strings else _COMMENT.sub(lambda match: " " * 0 + "\n" * match[0].count("\n"), text)
            if found := re.search(pattern, bare):
                return f"{self.sources.place(name)}:{bare.count(chr(10), 0, found.start()) + 1}"
        return place

    def modules(self) -> list[str]:
        """The names of all modules."""
        return [name for _, text in self for name in _MODULE.findall(_COMMENT.sub(" ", text))]


def _plain(name: str) -> str:
    return name.removeprefix("\\").rpartition("\\")[2]


def _missing_module(texts: _Texts, place: str, match: re.Match[str]) -> str:
    module, outer, cell = map(_plain, match.groups())
    where = texts.find(rf"(?<![\w$]){re.escape(module)}(?![\w$])[^;]*?(?<![\w$]){re.escape(cell)}(?![\w$])", place)
    if "\\" in match[1][1:] or module not in texts.modules():
        close = get_close_matches(module, texts.modules(), 1)
        hint = f" (is {close[0]!r} meant?)" if close else ""
        files = "give its file too, in a list of files (.f), or the library of its cells (--liberty FILE)"
        lacks = f"the module {module!r}, of which {cell!r} in {outer!r} is one, is in none of the files"
        return f"{where}: {lacks}{hint}; {files}"
    return f"{where}: the module {module!r} cannot be made as {cell!r} in {outer!r} asks for it"


def _missing_port(texts: _Texts, place: str, match: re.Match[str]) -> str:
    module, outer, cell, port = map(_plain, match.groups())
    where = texts.find(rf"(?<![\w$]){re.escape(module)}(?![\w$])[^;]*?(?<![\w$]){re.escape(cell)}(?![\w$])", place)
    return f"{where}: the module {module!r} has no port {port!r}, which its instance {cell!r} in {outer!r} connects"


def _missing_macro(texts: _Texts, place: str, match: re.Match[str]) -> str:
    name = match[1]
    if name in ("pragma", "protect", "protected", "protect128"):
        return f"{place}: `{name} says that what follows is encrypted; give the plain text, or a netlist made of it"
    remedy = f"define it (--define {name}=VALUE; in a list of files +define+{name}=VALUE), or include what defines it"
    return f"{place}: the macro `{name} is not defined; {remedy}"


def _missing_top(texts: _Texts, place: str, match: re.Match[str]) -> str:
    known = texts.modules()
    close = get_close_matches(match[1], known, 1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{place}: there is no module {match[1]!r}; {hint}known: {', '.join(known[:12])}"


def _missing_file(texts: _Texts, place: str, match: re.Match[str]) -> str:
    found = texts.find(rf'(`include|readmem[bh])[^"\n]*"{re.escape(match[1])}"', place, strings=True)
    looked = "it is looked for in the file's own folder, and a list of files (.f) names others (+incdir+FOLDER)"
    return f"{found}: the file {match[1]!r} is not found; {looked}"


def _both_edges(texts: _Texts, place: str, match: re.Match[str]) -> str:
    for name, text in texts:
        for events in _EVENTS.finditer(text):
            nets = [net for _, net in _EDGE.findall(events[1])]
            if len(set(nets)) < len(nets):
                place = f"{texts.sources.place(name)}:{text.count(chr(10), 0, events.start()) + 1}"
                return f"{place}: a block waits for two edges of {max(nets, key=nets.count)!r}; let it wait for one"
    return f"{place}: a block waits for several edges, and which of them is the clock is open; let it wait for one"


def _drivers(texts: _Texts, place: str, match: re.Match[str]) -> str:
    net = _plain(match[1])
    cell = PLACE.search(match[0])
    place = f"{texts.sources.place(cell[1])}:{cell[2]}" if cell else place
    return f"{place}: {net!r} has two drivers; what they make together (as z does) is no gate, use a multiplexer"


def _simply(told: str) -> Callable[[_Texts, str, re.Match[str]], str]:
    return lambda _texts, place, match: f"{place}: {match.expand(told)}"


_MENDED: tuple[tuple[re.Pattern[str], Callable[[_Texts, str, re.Match[str]], str]], ...] = tuple(
    (re.compile(words), mend)
    for words, mend in (
        (r"Module `(\S+)' referenced in module `(\S+)' in cell `(\S+)' is not part of the design", _missing_module),
        (r"Module `(\S+)' referenced in module `(\S+)' in cell `(\S+)' does not have a port named '(\S+)'",
         _missing_port),
        (r"undefined macro `(\S+?)\.?$", _missing_macro),
        (r"Module `\\?(\S+)' not found", _missing_top),
        (r"[Cc]an(?:'t|not| not) open (?:include )?file `([^`']*)[`']", _missing_file),
        (r"Multiple edge sensitive events", _both_edges),
        (r"port signal (\S+) already driven by .*", _drivers),
        (r"System task `(\S+)' executed", _simply(rf"\1 ends a simulation, {_TESTBENCH}")),
        (r"Can't resolve task name `\\(\S+)'", _simply(
            rf"there is no task '\1'; waits and threads are something {_TESTBENCH}")),
        (r"2nd expression of procedural (\S+) is not constant", _simply(
            r"the end of a \1 is no constant, which gates cannot follow; count to a constant, and test within")),
    )
)  # fmt: skip
