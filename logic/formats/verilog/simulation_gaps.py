"""Where a Verilog text means one thing to a simulation and another to hardware, which is what elaboration takes."""

import re
from dataclasses import dataclass, field

from .text_tokens import MODULE, Tokens, plain

_NAME = re.compile(r"[A-Za-z_][\w$]*")
_INNER = r"(?:[^\[\]]|\[[^\[\]]*\])*?"
_SELECTED = re.compile(rf"(?:;|\)|:|\bbegin|\belse|\bassign)\s*(\w[\w$]*\s*\[({_INNER})([-+]):{_INNER}\])\s*<?=(?!=)")
_DIRECTIONS = ("input", "output", "inout")
_NETS = ("wire", "tri", "wand", "wor", "reg", "logic", "bit", "integer", "int", "byte", "time")
_CONSTANTS = ("parameter", "localparam", "genvar")
_BEHAVIOUR = ("function", "task")


@dataclass(frozen=True)
class Gap:
    """A place where the two part ways.

    Args:
        line: Of the text.
        told: What there is, and what is taken.
    """

    line: int
    told: str


@dataclass
class _Module:
    """What a module declares, and its blocks by their places."""

    name: str
    nets: set[str] = field(default_factory=set[str])
    memories: set[str] = field(default_factory=set[str])
    written: dict[str, int] = field(default_factory=dict[str, int])  # memories, by the first clocked block that writes
    waiting: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])  # list, block, end


def find_gaps(text: str, unused: frozenset[str] = frozenset()) -> list[Gap]:
    """The gaps of a text that has been elaborated without an error.

    Args:
        text: Verilog.
        unused: Modules that do not matter.

    Example:
        >>> [gap.told for gap in find_gaps("module m(input a, b, output reg y); always @(a) y = a & b; endmodule")]
        ["this block reads 'b' and does not wait for it; it is taken for gates, a simulation keeps the old value"]
    """
    bare = plain(text)
    tokens, found = Tokens(bare), _below(bare, unused)
    module, at = _Module(""), 0
    while at < len(tokens.words):
        word = tokens.words[at]
        if word == "module":
            module = _Module(tokens.word(at + 1))
        elif word == "endmodule" and module.name not in unused:
            found += _deaf(tokens, module)
        elif word in _BEHAVIOUR:
            at = next((place for place in range(at, len(tokens.words)) if tokens.words[place] == f"end{word}"), at)
        elif word in _CONSTANTS:
            at = _skip_constant(tokens, at)
        elif word in _DIRECTIONS or word in _NETS:
            at = _declare(tokens, module, at)
            continue
        elif word in ("always", "always_ff") and tokens.word(at + 1) == "@":
            block = tokens.skip_brackets(at + 2)
            end = tokens.skip_statement(block)
            if any(edge in ("posedge", "negedge") for edge in tokens.words[at:block]):
                if module.name not in unused:
                    found += _second_writers(tokens, module, block, end)
            elif "*" not in tokens.words[at:block]:
                module.waiting.append((at, block, end))
            at = end
            continue
        at += 1
    return found


def _below(bare: str, unused: frozenset[str]) -> list[Gap]:
    """Selections that are assigned and may begin below the lowest bit: elaboration assigns nothing then."""
    found: list[Gap] = []
    for match in _SELECTED.finditer(bare):
        index, sign = match[2].strip(), match[3]
        if index.isdigit() or (sign == "+" and "-" not in re.sub(r"\[[^\[\]]*\]", "", index)):
            continue
        if not unused.isdisjoint(MODULE.findall(bare, 0, match.start())[-1:]):
            continue
        told = f"where {' '.join(match[1].split())!r} begins below the lowest bit nothing is assigned, in a simulation "
        found.append(Gap(bare.count("\n", 0, match.start(1)) + 1, f"{told}the bits that there are"))
    return found


def _skip_constant(tokens: Tokens, at: int) -> int:
    """The last place of a declaration of constants."""
    depth = 0
    while at + 1 < len(tokens.words) and depth >= 0:
        following = tokens.words[at + 1]
        if following == ";" or (not depth and following in (")", *_DIRECTIONS)):
            break
        depth += (following in "([{") - (following in ")]}")
        at += 1
    return at


def _declare(tokens: Tokens, module: _Module, at: int) -> int:
    """The place after a declaration, whose names are kept; those with a range after them are memories."""
    depth, valued = 0, False
    while at < len(tokens.words):
        word = tokens.words[at]
        if not depth and word in (";", ")"):
            return at
        if word == "[" and not depth and _NAME.fullmatch(tokens.word(at - 1)) and tokens.word(at - 1) in module.nets:
            module.memories.add(tokens.word(at - 1))
        depth += (word in "([{") - (word in ")]}")
        if not depth:
            valued = (valued or word == "=") and word != ","
            if not valued and _NAME.fullmatch(word) and word not in (*_DIRECTIONS, *_NETS, "signed", "unsigned"):
                module.nets.add(word)
        at += 1
    return at


def _second_writers(tokens: Tokens, module: _Module, block: int, end: int) -> list[Gap]:
    """Memories that an earlier block writes too."""
    targets = {*tokens.targets(block, end), *tokens.late_targets(block, end)} & module.memories
    found = [
        Gap(
            tokens.line(block),
            f"the memory {name!r} is written by two blocks; where both write one word, which one stands is open in a "
            "simulation, and one is taken",
        )
        for name in sorted(targets & module.written.keys())
    ]
    for name in targets:
        module.written.setdefault(name, block)
    return found


def _deaf(tokens: Tokens, module: _Module) -> list[Gap]:
    """Blocks that read what they do not wait for."""
    found: list[Gap] = []
    for start, block, end in module.waiting:
        known = {*tokens.words[start:block], *tokens.targets(block, end), *tokens.late_targets(block, end)}
        changing = module.nets - (module.memories - module.written.keys()) - known
        place = next((place for place in range(block, end) if tokens.words[place] in changing), None)
        if place is not None:
            told = f"this block reads {tokens.words[place]!r} and does not wait for it"
            found.append(Gap(tokens.line(place), f"{told}; it is taken for gates, a simulation keeps the old value"))
    return found
