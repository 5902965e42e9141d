"""What elaboration hides: races between clocked blocks, blocks without an event, promises that it takes for kept."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_DROPPED = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_TOKEN = re.compile(r"\\\S+|[A-Za-z_][\w$]*|[-+*/%&|^]=|<<<?=|>>>?=|[<>=!]==?|\S")
_PROMISE = re.compile(r"\b(?:full_case|parallel_case|unique0?|priority)\b")
_ENDLESS = re.compile(r"(?<![\w$])always\s+(?![@`])")
_MODULE = re.compile(r"\bmodule\s+(?:(?:automatic|static)\s+)?\\?([^\s(#;]+)")
_CASES = ("case", "casez", "casex")
_TYPES = ("reg", "logic", "bit", "integer", "int", "byte", "automatic")


@dataclass(frozen=True)
class Race:
    """A register that one clocked block assigns at once while another one reads it.

    Args:
        name: Of the register.
        line: Of the reading.
    """

    name: str
    line: int


@dataclass
class _Block:
    """A clocked block: what it assigns by ``=``, and what else stands in it, with lines."""

    assigned: set[str] = field(default_factory=set[str])
    local: set[str] = field(default_factory=set[str])
    words: dict[str, int] = field(default_factory=dict[str, int])


def find_endless(text: str, unused: frozenset[str] = frozenset()) -> int | None:
    r"""The line of the first block that waits for no event, or None; elaboration takes such a block for gates.

    Args:
        text: Verilog that has been elaborated without an error.
        unused: Modules that do not matter.

    Example:
        >>> find_endless("module m;\nalways @* y = a;\nalways #5 c = ~c;\nendmodule")
        3
    """
    plain = _plain(text)
    for found in _ENDLESS.finditer(plain):
        module = _MODULE.findall(plain, 0, found.start())[-1:]
        if unused.isdisjoint(module):
            return plain.count("\n", 0, found.start()) + 1
    return None


def find_promise(text: str) -> str | None:
    """The first word by which a text promises something of its cases, or None.

    Example:
        >>> find_promise("unique case (a) 0: y = 1; endcase")
        'unique'
    """
    found = _PROMISE.search(text)
    return found[0] if found else None


def find_race(text: str, unused: frozenset[str] = frozenset()) -> Race | None:
    """A race between two clocked blocks of one module: which of the two values is read is open.

    Args:
        text: Verilog that has been elaborated without an error.
        unused: Modules that do not matter.

    Example:
        >>> find_race("module m; always @(posedge c) a = d; always @(posedge c) b <= a; endmodule")
        Race(name='a', line=1)
    """
    tokens = _Tokens(_plain(text))
    name, blocks = "", list[_Block]()
    at = 0
    while at < len(tokens.words):
        word = tokens.words[at]
        if word == "module":
            name, blocks = tokens.word(at + 1), []
        elif word == "endmodule":
            if name not in unused and (race := _race(blocks)):
                return race
        elif word in ("always", "always_ff") and tokens.word(at + 1) == "@":
            end = tokens.skip_brackets(at + 2)
            clocked = any(edge in ("posedge", "negedge") for edge in tokens.words[at:end])
            at, start = tokens.skip_statement(end), end
            if clocked:
                blocks.append(_read(tokens, start, at))
            continue
        at += 1
    return None


def _plain(text: str) -> str:
    """A text without comments and strings, line by line."""
    return _DROPPED.sub(lambda match: " " + "\n" * match[0].count("\n"), text)


def _race(blocks: list[_Block]) -> Race | None:
    for block in blocks:
        for other in blocks:
            names = (block.assigned - block.local) & other.words.keys() - other.assigned - other.local
            if other is not block and names:
                name = min(names, key=lambda name: other.words[name])
                return Race(name, other.words[name])
    return None


def _read(tokens: "_Tokens", start: int, end: int) -> _Block:
    """What stands in a block."""
    block = _Block()
    for at in range(start, end):
        word = tokens.words[at]
        if word == "for":
            block.local |= set(tokens.targets(at + 2, tokens.skip_brackets(at + 1)))
        elif word in _TYPES:  # declared within the block
            stop = next((place for place in range(at, end) if tokens.words[place] == ";"), end)
            block.local |= {name for name in tokens.words[at:stop] if name[0].isalpha() or name[0] == "_"}
        elif word[0].isalpha() or word[0] in "_\\":
            block.words.setdefault(word, tokens.line(at))
    block.assigned |= set(tokens.targets(start, end))
    return block


class _Tokens:
    """The words of a text; every step beyond its end stays there."""

    def __init__(self, text: str) -> None:
        self._text = text
        found = list(_TOKEN.finditer(text))
        self.words = [match[0] for match in found]
        self._starts = [match.start() for match in found]

    def word(self, at: int) -> str:
        """A word, or nothing beyond the end."""
        return self.words[at] if at < len(self.words) else ""

    def line(self, at: int) -> int:
        """The line of a word."""
        return self._text.count("\n", 0, self._starts[at]) + 1

    def skip_brackets(self, at: int) -> int:
        """The place after what is in parentheses there; the next one if there are none (``@*``)."""
        depth = 0
        while at < len(self.words):
            depth += (self.words[at] == "(") - (self.words[at] == ")")
            at += 1
            if depth <= 0:
                break
        return at

    def skip_statement(self, at: int) -> int:
        """The place after a statement."""
        while at < len(self.words):
            word = self.words[at]
            if word == "if":
                at = self.skip_statement(self.skip_brackets(at + 1))
                if self.word(at) != "else":
                    return at
                at += 1
            elif word in ("for", "while", "repeat", "@"):
                at = self.skip_brackets(at + 1)
            elif word == "begin":
                return self._skip_nested(at, ("begin",), "end")
            elif word in _CASES:
                return self._skip_nested(at, _CASES, "endcase")
            elif word in ("unique", "unique0", "priority"):
                at += 1
            else:
                return next((place for place in range(at, len(self.words)) if self.words[place] == ";"), at) + 1
        return at

    def _skip_nested(self, at: int, opening: tuple[str, ...], closing: str) -> int:
        depth = 0
        while at < len(self.words):
            depth += (self.words[at] in opening) - (self.words[at] == closing)
            at += 1
            if not depth:
                break
        return at

    def targets(self, start: int, end: int) -> Iterator[str]:
        """What is assigned by ``=``, or by ``+=`` and the like, between two places."""
        for at in range(start, end):
            word = self.words[at]
            if word == "=" or (len(word) > 1 and word[-1] == "=" and word[0] not in "=!<>") or word in ("<<=", ">>="):
                place, square, curly = at - 1, 0, 0
                while place >= start:  # back over selections and concatenations
                    name = self.words[place]
                    square += (name == "]") - (name == "[")
                    curly += (name == "}") - (name == "{")
                    is_name = not square and (name[0].isalpha() or name[0] in "_\\")
                    if is_name:
                        yield name
                    if not square and not curly and name != "[":
                        break
                    place -= 1
