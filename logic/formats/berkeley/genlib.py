"""Genlib: the library of cells that mapped BLIF files name, each with an expression for its output."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from ..expression import add_expression
from ..liberty import read_liberty
from ..source import Source

_WORD = re.compile(r'"[^"]*"|[^\s=;()!*&+|^\']+|[=;()!*&+|^\']')
_OPERATORS = {"*": "&", "&": "&", "+": "|", "|": "|", "^": "^"}
_EDGES = {"RISING_EDGE": "re", "FALLING_EDGE": "fe", "ACTIVE_HIGH": "ah", "ACTIVE_LOW": "al", "ASYNCH": "as"}
_Made = tuple[tuple[tuple[int, tuple[int, ...]], ...], int]  # gates over literals of pins and gates, and the result


@dataclass
class Cell:
    """A cell of a library.

    A literal inside is ``2 * wire + complement``: wire 0 is false, then the pins in order, then the gates.

    Args:
        pins: Its inputs, in the order in which its expressions name them.
        outputs: The gates that make each output.
        latch: For a register: what it waits for, as in BLIF (``re``, ``fe``, ...).
        state: The pin that stands for the register's own value, if its expression reads it.
    """

    pins: list[str] = field(default_factory=list[str])
    outputs: dict[str, _Made] = field(default_factory=dict[str, _Made])
    latch: str = ""
    state: str = ""

    def reads(self, output: str) -> set[str]:
        """The pins on which an output depends."""
        gates, result = self.outputs[output]
        wires = {literal >> 1 for literal in (result, *(one for _, operands in gates for one in operands))}
        return {pin for wire, pin in enumerate(self.pins, start=1) if wire in wires}


class _Recorder:
    """Takes the gates of one expression."""

    def __init__(self, source: Source, first: int) -> None:
        self.source, self.first = source, first
        self.gates: list[tuple[int, tuple[int, ...]]] = []

    def add_gate(self, kind: int, operands: Sequence[int], line: int) -> int:
        """The literal of a new gate."""
        self.gates.append((kind, tuple(operands)))
        return 2 * (self.first + len(self.gates) - 1)


def read_cells(source: Source) -> dict[str, Cell]:
    """The cells of a genlib text; a cell of several outputs is written once for each.

    Raises:
        FormatError: naming the line, if it is not one.

    References:
        Sentovich et al., "SIS: A System for Sequential Circuit Synthesis", UCB/ERL M92/41, 1992 (appendix).
    """
    cells: dict[str, Cell] = {}
    cell = Cell()
    words = _words(source)
    for line, word in words:
        match word:
            case "GATE" | "LATCH":
                name, _ = _next(source, words, line), _next(source, words, line)
                output = _next(source, words, line)
                if (equals := _next(source, words, line)) != "=":
                    raise source.error(f"expected {word} name area output=expression; got {equals!r}", line)
                expression = _expression(source, words, line)
                cell = cells.setdefault(name, Cell(latch="as" if word == "LATCH" else ""))
                if output in cell.outputs or (cell.outputs and cell.latch):
                    raise source.error(f"a second {word} {name!r} with the output {output!r}", line)
                cell.outputs[output] = _made(source, cell, expression, line)
            case "PIN":
                for _ in range(8):
                    _next(source, words, line)
            case "SEQ":
                _, state, kind = (_next(source, words, line) for _ in range(3))
                if kind not in _EDGES:
                    raise source.error(f"expected one of {', '.join(_EDGES)}, got {kind[:40]!r}", line)
                cell.latch, cell.state = _EDGES[kind], "" if state == "ANY" else state
            case "CONTROL":
                for _ in range(7):
                    _next(source, words, line)
            case "CONSTRAINT":
                for _ in range(3):
                    _next(source, words, line)
            case _:
                raise source.error(f"expected GATE, LATCH or PIN, got {word[:40]!r}", line)
    if not cells:
        raise source.error("no GATE; expected a library of cells in the genlib format")
    return cells


def liberty_gates(source: Source, wanted: frozenset[str]) -> dict[str, Cell]:
    """The cells of a Liberty library that are asked for and hold no register.

    Raises:
        FormatError: naming the line, as :func:`logic.formats.liberty.read_liberty`.
    """
    cells: dict[str, Cell] = {}
    for name, found in read_liberty(source, wanted).items():
        if found.flip_flop is None:
            cells[name] = cell = Cell(pins=list(found.inputs))
            for output, tokens in found.outputs.items():
                words = [f"CONST{word}" if word in "01" else word for word in tokens]
                cell.outputs[output] = _made(source, cell, words, found.line)
    return cells


def _words(source: Source) -> Iterator[tuple[int, str]]:
    for line, text in source.lines("#"):
        for word in _WORD.findall(text):
            yield line, word[1:-1] if word[0] == '"' else word


def _next(source: Source, words: Iterator[tuple[int, str]], line: int) -> str:
    for _, word in words:
        return word
    raise source.error("the text ends within a cell", line)


def _expression(source: Source, words: Iterator[tuple[int, str]], line: int) -> list[str]:
    """The tokens up to the semicolon: products that are not written made plain, ``a'`` turned into ``! a``."""
    tokens: list[str] = []
    while (word := _next(source, words, line)) != ";":
        if word == "'":
            if not tokens or tokens[-1] in ("!", "(", *_OPERATORS.values()):
                raise source.error("a complement of nothing", line)
            tokens.insert(_operand_start(tokens), "!")
        elif word in _OPERATORS:
            tokens.append(_OPERATORS[word])
        else:
            if word != ")" and tokens and tokens[-1] not in ("!", "(", *_OPERATORS.values()):
                tokens.append("&")
            tokens.append(word)
    return tokens


def _operand_start(tokens: list[str]) -> int:
    """Where the last operand begins, a group in parentheses being one."""
    at, depth = len(tokens) - 1, 0
    while at > 0:
        depth += (tokens[at] == ")") - (tokens[at] == "(")
        if not depth:
            break
        at -= 1
    return at


def _made(source: Source, cell: Cell, tokens: list[str], line: int) -> _Made:
    names = [word for word in tokens if word not in ("!", "~", "(", ")", "CONST0", "CONST1", *_OPERATORS.values())]
    before, cell.pins = len(cell.pins), list(dict.fromkeys((*cell.pins, *names)))
    if cell.outputs and len(cell.pins) != before:  # the gates of other outputs are numbered after the pins
        cell.outputs = {name: _shifted(made, before, len(cell.pins)) for name, made in cell.outputs.items()}
    place = {"CONST0": 0, "CONST1": 1, **{pin: 2 * at for at, pin in enumerate(cell.pins, start=1)}}

    def operand(token: str) -> int:
        if token not in place:
            raise source.error(f"expected an operand, got {token!r}", line)
        return place[token]

    recorder = _Recorder(source, 1 + len(cell.pins))
    result = add_expression(recorder, tokens, line, operand)
    return tuple(recorder.gates), result


def _shifted(made: _Made, before: int, after: int) -> _Made:
    def move(literal: int) -> int:
        return literal + 2 * (after - before) * (literal >> 1 > before)

    gates, result = made
    return tuple((kind, tuple(map(move, operands))) for kind, operands in gates), move(result)


def place_cell(made: _Made, pins: Sequence[int], add_gate: Callable[[int, Sequence[int]], int]) -> int:
    """The literal of a cell's output.

    Args:
        made: One of ``Cell.outputs``.
        pins: The literals at the cell's pins.
        add_gate: Makes a gate of a kind over literals.
    """
    gates, result = made
    literals = [0, *pins]
    for kind, operands in gates:
        literals.append(add_gate(kind, [literals[operand >> 1] ^ (operand & 1) for operand in operands]))
    return literals[result >> 1] ^ (result & 1)
