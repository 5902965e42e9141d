"""What elaboration hides: races between clocked blocks, blocks without an event, promises that it takes for kept."""

import re
from dataclasses import dataclass, field

from .text_tokens import MODULE, Tokens, plain

_PROMISE = re.compile(r"\b(?:full_case|parallel_case|unique0?|priority)\b")
_ENDLESS = re.compile(r"(?<![\w$])always\s+(?![@`])")
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
    bare = plain(text)
    for found in _ENDLESS.finditer(bare):
        module = MODULE.findall(bare, 0, found.start())[-1:]
        if unused.isdisjoint(module):
            return bare.count("\n", 0, found.start()) + 1
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
    tokens = Tokens(plain(text))
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


def find_twice(text: str) -> tuple[str, int] | None:
    """The first parameter that ``defparam`` sets twice, with its line, or None; elaboration takes the first value.

    Example:
        >>> find_twice("module m; defparam u.W = 3; defparam u.W = 4, v.W = 5; endmodule")
        ('u.W', 1)
    """
    tokens, seen = Tokens(plain(text)), set[str]()
    for at, word in enumerate(tokens.words):
        if word == "module":
            seen.clear()
        if word != "defparam":
            continue
        start, depth = at + 1, 0
        for place in range(at + 1, len(tokens.words)):
            word = tokens.words[place]
            depth += (word in "([{") - (word in ")]}")
            if word == "=" and not depth:
                name = "".join(tokens.words[start:place])
                if name in seen:
                    return name, tokens.line(place)
                seen.add(name)
            elif word == "," and not depth:
                start = place + 1
            elif word == ";":
                break
    return None


def _race(blocks: list[_Block]) -> Race | None:
    for block in blocks:
        for other in blocks:
            names = (block.assigned - block.local) & other.words.keys() - other.assigned - other.local
            if other is not block and names:
                name = min(names, key=lambda name: other.words[name])
                return Race(name, other.words[name])
    return None


def _read(tokens: Tokens, start: int, end: int) -> _Block:
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
