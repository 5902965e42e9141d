"""Liberty: libraries of cells as vendors give them, read as far as they say what a cell computes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .source import Source

_CELL = re.compile(r'\bcell\s*\(\s*"?([^\s")]+)"?\s*\)\s*\{')
_BRACE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]', re.DOTALL)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STATEMENT = re.compile(
    r'\s*([A-Za-z_]\w*)\s*(?:\(([^()]*)\)\s*(\{)?|:\s*("(?:[^"\\]|\\.)*"|[^;\n}]*))\s*;?', re.DOTALL
)
_TOKEN = re.compile(r"\s*([A-Za-z_][\w.\[\]]*|[01](?!\w)|[()!'^*&+|])\s*")
_PARTS = ("pin", "pg_pin", "ff")
_BEYOND = {
    "latch": "a latch, which no flip-flop is",
    "statetable": "given by a table of states",
    "bus": "one with buses of pins",
    "bundle": "one with bundles of pins",
    "ff_bank": "a bank of flip-flops",
    "latch_bank": "a bank of latches",
    "memory": "a memory",
}
_DEEPEST = 100  # parentheses within one another


@dataclass(frozen=True)
class FlipFlop:
    """The register of a cell; expressions are tokens as :func:`logic.formats.expression.add_expression` takes them.

    Args:
        state: What the cell calls the state, and its complement.
        following: The next state.
        clock: Rises when the state is taken over.
        clear: Makes the state 0 at once; empty if nothing does.
        preset: Makes it 1 at once.
        both: The values of the state and its complement while both act (``L`` or ``H`` each).
    """

    state: tuple[str, str]
    following: tuple[str, ...]
    clock: tuple[str, ...]
    clear: tuple[str, ...]
    preset: tuple[str, ...]
    both: tuple[str, str]


@dataclass
class LibertyCell:
    """A cell of a library.

    Args:
        line: Where it is.
        inputs: Its input pins, those of the power supply among them.
        outputs: What each output pin shows, as tokens.
        flip_flop: Its register, if it has one.
    """

    line: int
    inputs: list[str] = field(default_factory=list[str])
    outputs: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    flip_flop: FlipFlop | None = None


def is_liberty(data: bytes) -> bool:
    r"""Whether a text is a Liberty library.

    Example:
        >>> is_liberty(b"/* cells */\nlibrary (small) {\n}"), is_liberty(b"GATE inv 1 O=!a;")
        (True, False)
    """
    return re.search(rb"^\s*library\s*\(", data[:65_536], re.MULTILINE) is not None


def read_liberty(source: Source, wanted: frozenset[str]) -> dict[str, LibertyCell]:
    r"""The cells of a library that are asked for, as far as it holds them.

    Raises:
        FormatError: naming the line, for a cell that no gates and one flip-flop make.

    References:
        Synopsys, "Liberty User Guides and Reference Manual Suite", 2017.

    Example:
        >>> text = b'library (l) {\n cell (NOR) { pin (A) { direction : input; } pin (B) { direction : input; }\n'
        >>> text += b' pin (Y) { direction : output; function : "(A+B)\'"; } } }'
        >>> " ".join(read_liberty(Source("l.lib", text), frozenset({"NOR"}))["NOR"].outputs["Y"])
        '~ ( A | B )'
    """
    text = source.text()
    cells: dict[str, LibertyCell] = {}
    for found in _CELL.finditer(text):
        if found[1] in wanted and found[1] not in cells:
            line = text.count("\n", 0, found.start()) + 1
            body = _COMMENT.sub(" ", text[found.end() : _closed(source, text, found.end(), line)])
            cells[found[1]] = _cell(source, found[1], body, line)
    return cells


def _closed(source: Source, text: str, start: int, line: int) -> int:
    """Where the group ends whose contents begin at a place."""
    depth = 1
    for found in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if not depth:
            return found.start()
    raise source.error("the text ends within a group", line)


def _statements(source: Source, text: str, line: int) -> Iterator[tuple[str, str, str]]:
    """Attributes and groups: name, what stands in parentheses or behind the colon, and what stands within braces."""
    at = 0
    while match := _STATEMENT.match(text, at):
        word, names, brace, value = match.groups()
        at = match.end()
        if brace:
            end = _closed(source, text, match.end(3), line)
            yield word, names, text[match.end(3) : end]
            at = end + 1
        else:
            yield word, (names if value is None else value).strip(' "\t\n'), ""


def _cell(source: Source, name: str, body: str, line: int) -> LibertyCell:
    cell = LibertyCell(line)
    silent: list[str] = []
    for word, names, within in _statements(source, body, line):
        if word in _BEYOND and within:
            raise source.error(
                f"the cell {name!r} is {_BEYOND[word]}; only gates and flip-flops can be expressed", line
            )
        if word not in _PARTS or not within:
            continue
        called = [one.strip(' "\n\t') for one in names.split(",")]
        given = {key: value for key, value, inner in _statements(source, within, line) if not inner}
        if word == "pg_pin" or (word == "pin" and given.get("direction") == "input"):
            cell.inputs += called
        elif word == "ff":
            cell.flip_flop = _flip_flop(source, name, called, given, line)
        elif given.get("direction") == "output":
            if "three_state" in given:
                raise source.error(f"the cell {name!r} drives no value at times (three_state)", line)
            if "function" not in given:
                silent += called
            for one in called:
                cell.outputs[one] = _tokens(source, given.get("function", "0"), line)
        elif given.get("direction") != "internal":
            raise source.error(f"the pin {called[0]!r} of the cell {name!r} is neither input nor output", line)
    if silent:
        raise source.error(f"the cell {name!r} does not say what its pin {silent[0]!r} computes (function)", line)
    flip_flop = cell.flip_flop
    known = {*cell.inputs, *(flip_flop.state if flip_flop else ())}
    parts = [*cell.outputs.values()]
    if flip_flop:
        parts += [flip_flop.following, flip_flop.clock, flip_flop.clear, flip_flop.preset]
    odd = {token for tokens in parts for token in tokens if token[0].isalpha() or token[0] == "_"} - known
    if odd:
        raise source.error(f"the cell {name!r} reads {min(odd)!r}, which is none of its input pins", line)
    return cell


def _flip_flop(source: Source, name: str, states: list[str], given: dict[str, str], line: int) -> FlipFlop:
    clear, preset = given.get("clear", ""), given.get("preset", "")
    both = given.get("clear_preset_var1", ""), given.get("clear_preset_var2", "")
    if "clocked_on" not in given or "next_state" not in given or "clocked_on_also" in given or len(states) != 2:
        raise source.error(f"the cell {name!r} is no register of one clock (next_state, clocked_on)", line)
    if clear and preset and not set(both) <= {"L", "H"}:
        problem = "does not say 0 or 1 of its state while both clear and preset act (clear_preset_var1, _var2)"
        raise source.error(f"the cell {name!r} {problem}", line)
    following, clock, cleared, made = (
        _tokens(source, text, line) if text else ()
        for text in (given["next_state"], given["clocked_on"], clear, preset)
    )
    return FlipFlop((states[0], states[1]), following, clock, cleared, made, both)


def _tokens(source: Source, text: str, line: int) -> tuple[str, ...]:
    """A Liberty expression, where ^ binds more than *, in parentheses throughout, with the operators of Verilog."""
    words: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise source.error(f"unexpected {text[at : at + 20]!r} in a function", line)
        words.append(match[1])
        at = match.end()
    reader = _Expression(source, words, line)
    found = reader.sum(0)
    if reader.at < len(words):
        raise source.error(f"expected an operator, got {words[reader.at]!r} in a function", line)
    return tuple(found)


class _Expression:
    """Reads an expression from left to right."""

    def __init__(self, source: Source, words: list[str], line: int) -> None:
        self.source, self.words, self.line = source, words, line
        self.at = 0

    def _next(self) -> str:
        return self.words[self.at] if self.at < len(self.words) else ""

    def sum(self, depth: int) -> list[str]:
        """Products joined by + or |."""
        found = [self._product(depth)]
        while self._next() in ("+", "|"):
            self.at += 1
            found.append(self._product(depth))
        return _joined(found, "|")

    def _product(self, depth: int) -> list[str]:
        found = [self._parity(depth)]
        while (word := self._next()) and word not in ("+", "|", ")"):
            self.at += word in ("*", "&")
            found.append(self._parity(depth))
        return _joined(found, "&")

    def _parity(self, depth: int) -> list[str]:
        found = [self._operand(depth)]
        while self._next() == "^":
            self.at += 1
            found.append(self._operand(depth))
        return _joined(found, "^")

    def _operand(self, depth: int) -> list[str]:
        flips = 0
        while self._next() == "!":
            self.at, flips = self.at + 1, flips + 1
        word = self._next()
        self.at += 1
        if word == "(" and depth < _DEEPEST:
            found = self.sum(depth + 1)
            if self._next() != ")":
                raise self.source.error("'(' without ')' in a function", self.line)
            self.at += 1
        elif word and word not in "()!'^*&+|":
            found = [word]
        else:
            raise self.source.error(f"expected an operand, got {word!r} in a function", self.line)
        while self._next() == "'":
            self.at, flips = self.at + 1, flips + 1
        return ["~", *found] if flips % 2 else found


def _joined(parts: list[list[str]], sign: str) -> list[str]:
    if len(parts) == 1:
        return parts[0]
    return ["(", *parts[0], *(token for part in parts[1:] for token in (sign, *part)), ")"]
