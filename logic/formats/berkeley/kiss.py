"""KISS2: state machines as lists of transitions, ``inputs state next outputs``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...circuit import Circuit, CircuitBuilder, Gate, Literal
from ...errors import CircuitError
from ..cubes import Cube, common, outside
from ..format import Format
from ..naming import fresh_name
from ..source import Source

_ANY = ("*", "-")  # as a state: all of them; as a next state: nothing is said


@dataclass
class _Machine:
    """What a text says.

    Args:
        counts: The numbers after ``.i .o .p .s``.
        names: Of inputs and outputs.
        states: In the order in which they are named.
        rows: Line, marks of the inputs, state, next state, values of the outputs.
        reset: The first state.
    """

    counts: dict[str, int] = field(default_factory=dict[str, int])
    names: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    states: list[str] = field(default_factory=list[str])
    rows: list[tuple[int, str, str, str, str]] = field(default_factory=list[tuple[int, str, str, str, str]])
    reset: str = ""


def parse_kiss(source: Source) -> Circuit:
    """The circuit of a state machine: states in binary, the reset state being 0.

    The reset state is that of ``.r``, or the first that is named, as SIS has it. An output marked ``-`` is free; so are
    all outputs where a state lists no row for the inputs, and for ever after, as nothing is said of the next state
    (``*``). What is free is in the circuit's ``dont_cares``; the circuit answers 0 there and goes to the reset state.

    Raises:
        FormatError: naming the line, if the text is none, or two rows of a state overlap and say different things.

    References:
        Sentovich et al., "SIS: A System for Sequential Circuit Synthesis", UCB/ERL M92/41, 1992 (appendix).
    """
    machine = _read(source)
    rows = _rows_by_state(source, machine)
    try:
        return _build(machine, rows)
    except CircuitError as wrong:
        raise source.error(str(wrong)) from wrong


def _read(source: Source) -> _Machine:
    machine = _Machine()
    states: dict[str, None] = {}
    for line, text in source.lines("#"):
        words = text.split()
        match words:
            case [".i" | ".o" | ".p" | ".s" as word, count] if count.isdecimal() and len(count) < 10:
                if word in machine.counts:
                    raise source.error(f"a second {word}", line)
                machine.counts[word] = int(count)
                source.check_count(int(count), "columns or rows", line)
            case [".r", reset]:
                machine.reset = reset
            case [".ilb" | ".ob" as word, *given]:
                machine.names[word] = given
            case [".start_kiss"]:
                pass
            case [".e" | ".end" | ".end_kiss"]:
                break
            case [word, *_] if word[0] == ".":
                raise source.error(f"unexpected {text[:60]!r}; known: .i .o .p .s .r .ilb .ob .e", line)
            case [inputs, state, following, outputs]:
                widths = machine.counts.get(".i", 0), machine.counts.get(".o", 0)
                if (len(inputs), len(outputs)) != widths or (inputs + outputs).strip("01-"):
                    problem = f"expected {widths[0]} of 0, 1, - and two states and {widths[1]} of 0, 1, -"
                    raise source.error(f"{problem}; got {text[:60]!r}", line)
                machine.rows.append((line, inputs, state, following, outputs))
                states |= dict.fromkeys(name for name in (state, following) if name not in _ANY)
            case _:
                raise source.error(f"expected inputs, state, next state and outputs; got {text[:60]!r}", line)
    if not machine.rows or not states:
        raise source.error("no row with inputs, state, next state and outputs")
    machine.reset = machine.reset or next(iter(states))
    machine.states = list(dict.fromkeys((machine.reset, *states)))
    given = (".s", len(states)), (".p", len(machine.rows))
    for word, found in given:
        if machine.counts.get(word, found) != found:
            raise source.error(f"{word} says {machine.counts[word]}, but there are {found}")
    for word, count, letter in ((".ilb", machine.counts[".i"], "i"), (".ob", machine.counts[".o"], "o")):
        names = machine.names.setdefault(word, [f"{letter}{index}" for index in range(count)])
        if len(names) != count or len(set(names)) != count:
            raise source.error(f"{word} must give {count} different names, got {' '.join(names)[:60]!r}")
    return machine


def _rows_by_state(source: Source, machine: _Machine) -> dict[str, list[tuple[Cube, str]]]:
    """The rows of each state with their next states, those of all states among them."""
    found: dict[str, list[tuple[Cube, str]]] = {state: [] for state in machine.states}
    for line, inputs, state, following, outputs in machine.rows:
        for one in machine.states if state in _ANY else (state,):
            found[one].append(((line, inputs, outputs), "*" if following in _ANY else following))
    for state, rows in found.items():
        by_next: dict[str, list[Cube]] = {}
        for cube, following in rows:
            by_next.setdefault(following, []).append(cube)
        groups = list(by_next.values())
        pairs = ((one, [cube for group in groups[at:] for cube in group]) for at, one in enumerate(groups, start=1))
        for output in range(machine.counts[".o"]):
            ones, zeros = ([cube for cube, _ in rows if cube[2][output] == value] for value in "10")
            if clash := common(ones, zeros):
                _refuse(source, clash, state)
        for one, others in pairs:
            if clash := common(one, others):
                _refuse(source, clash, state)
    return found


def _refuse(source: Source, clash: tuple[Cube, Cube], state: str) -> None:
    first, second = sorted(cube[0] for cube in clash)
    raise source.error(f"in state {state!r} this row and the one in line {first} overlap and say different", second)


def _build(machine: _Machine, rows: dict[str, list[tuple[Cube, str]]]) -> Circuit:
    inputs, outputs = machine.names[".ilb"], machine.names[".ob"]
    width = (len(machine.states) - 1).bit_length()
    stem = fresh_name("state", (*inputs, *outputs))
    gaps = {state for state, own in rows.items() if outside([(0, "", "")], [cube for cube, _ in own])}
    lost = bool(gaps) or any(following == "*" for own in rows.values() for _, following in own)
    registers = [f"{stem}_{bit}" for bit in range(width)] + [f"{stem}_lost"] * lost

    def values(make: CircuitBuilder) -> tuple[list[Literal], list[Literal], list[Literal]]:
        """Next states, outputs and where each output is free."""
        leaves = make.inputs(*inputs, *registers)
        code = leaves[len(inputs) : len(inputs) + width]
        following: list[list[Literal]] = [[] for _ in range(width)]
        ends: list[list[Literal]] = [[] for _ in outputs]
        free: list[list[Literal]] = [[] for _ in outputs]
        astray = [leaves[-1]] if lost else []  # nothing is said now
        ends_here: list[Literal] = []  # nothing is said from the next clock on
        for number, (state, own) in enumerate(rows.items()):
            here = _all(make, (bit if number >> at & 1 else ~bit for at, bit in enumerate(code)))
            listed: list[Literal] = []
            for (_, marks, given), after in own:
                reads = [
                    ~leaf if mark == "0" else leaf for leaf, mark in zip(leaves, marks, strict=False) if mark != "-"
                ]
                row = _all(make, (here, *reads))
                listed.append(_all(make, reads))
                target = 0 if after == "*" else machine.states.index(after)
                ends_here += [row] if after == "*" else []
                for bit in range(width):
                    following[bit] += [row] if target >> bit & 1 else []
                for output, value in enumerate(given):
                    ends[output] += [row] if value == "1" else []
                    free[output] += [row] if value == "-" else []
            if state in gaps:
                astray.append(_all(make, (here, ~_any(make, listed))))
        gone = _any(make, astray)
        states = [_any(make, terms) for terms in following] + [_any(make, (gone, *ends_here))] * lost
        # a row that gives a value wins over one that leaves it free; where nothing is said, all is free
        told = [_any(make, terms) & ~one for terms, one in zip(free, (_any(make, e) for e in ends), strict=True)]
        if lost:
            told = [make.gate(Gate.OR, (one, gone)) for one in told]
        return states, [_any(make, terms) for terms in ends], told

    make = CircuitBuilder()
    following, ends, _ = values(make)
    plain = make.build_from(dict(zip(outputs, ends, strict=True)))
    other = CircuitBuilder()
    told = values(other)[2]
    open_ = {name: end for name, end in zip(outputs, told, strict=True) if end.code}
    return Circuit(
        inputs=tuple(inputs),
        kinds=plain.kinds,
        offsets=plain.offsets,
        literals=plain.literals,
        outputs=plain.outputs,
        output_names=plain.output_names,
        register_next=np.array([one.code for one in following], np.int64),
        register_initial=np.zeros(len(registers), np.int64),
        register_names=tuple(registers),
        dont_cares=other.build_from(open_) if open_ else None,
    )


def _all(make: CircuitBuilder, terms: Iterable[Literal]) -> Literal:
    kept = list(terms)
    return make.gate(Gate.AND, kept) if kept else ~make.false


def _any(make: CircuitBuilder, terms: Sequence[Literal]) -> Literal:
    return make.gate(Gate.OR, terms) if terms else make.false


KISS = Format(
    name="KISS2 state machines",
    suffixes=("kiss2", "kiss"),
    example=b".i 1\n.o 2\n.s 2\n.p 4\n.r off\n0 off off 00\n1 off on 01\n- on off 1-\n1 on off 10\n.e\n",
    lacks="Read only; the clock is implied, and states are in binary.",
    read=parse_kiss,
)
