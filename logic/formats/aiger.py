"""AIGER 1.9, ascii (``aag``) and binary (``aig``): and-inverter graphs with registers and a symbol table."""

import re
from collections.abc import Container
from dataclasses import dataclass

import numpy as np

from ..circuit import Circuit, Gate, Integers
from ..errors import CircuitError
from ..lowering import to_and_inverter
from ..roles import Property, Role
from .aiger_binary import decode_pairs, encode_pairs
from .format import Format
from .naming import printable, refuse_dont_cares
from .netlist import order_definitions
from .source import Source

_HEADER = re.compile(rb"(aag|aig)((?: [0-9]{1,18}){5,9})[ \r]*")
_SYMBOL = re.compile(rb"([ilobcjf])([0-9]{1,9}) ([\x20-\x7e]+)\r?")
_PROPERTIES = (Role.BAD, Role.CONSTRAINT, Role.JUSTICE, Role.FAIRNESS)


@dataclass(frozen=True)
class _Header:
    binary: bool
    maximum: int
    inputs: int
    registers: int
    outputs: int
    ands: int
    properties: tuple[int, int, int, int]  # bad, constraint, justice, fairness


class _Lines:
    """Hands out the lines of a source one section after the other, with their numbers."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.rest = source.data
        self.number = 1  # of the next line

    def take(self, count: int, what: str) -> list[bytes]:
        pieces = self.rest.split(b"\n", count)
        if len(pieces) <= count:
            if len(pieces) == count and pieces[-1]:
                pieces.append(b"")  # the last line lacks its end
            else:
                missing = count - len(pieces) + 1
                raise self.source.error(f"the file ends {missing} lines short of its {what}", self.number + len(pieces))
        self.rest = pieces.pop()
        self.number += count
        return pieces

    def integers(self, count: int, width: int, what: str) -> Integers:
        """``[count, width]`` numbers, one row a line."""
        lines = self.take(count, what)
        pattern = re.compile(rb"[0-9]{1,18}" + rb" [0-9]{1,18}" * (width - 1) + rb"[ \r]*")
        if not all(map(pattern.fullmatch, lines)):
            wrong = next(index for index, line in enumerate(lines) if not pattern.fullmatch(line))
            problem = f"expected {width} numbers for the {what}, got {lines[wrong][:60].decode('ascii', 'replace')!r}"
            raise self.source.error(problem, self.number - count + wrong)
        return np.fromstring(b" ".join(lines), dtype=np.int64, sep=" ").reshape(count, width)


def parse_aiger(source: Source) -> Circuit:
    """The circuit of an AIGER file, ascii or binary as its first word says.

    Properties (bad, constraint, justice, fairness) are carried as further outputs with their role, called as in the
    symbol table, or ``bad_0`` without a name there. A justice property holds its outputs together, which are called
    as it is with ``_0``, ``_1`` and so on. The first value of a register that resets to itself is open.

    Raises:
        FormatError: naming the line or byte, if it is not one.

    References:
        Biere, Heljanko and Wieringa, "AIGER 1.9 and beyond", 2011.
    """
    header = _header(source)
    lines = _Lines(source)
    lines.take(1, "header")
    first = 1 + header.inputs + header.registers
    heads = np.arange(2, 2 * first, 2, dtype=np.int64)
    head_lines = np.full(len(heads), 1, dtype=np.int64)
    if not header.binary:
        head_lines[: header.inputs] = np.arange(header.inputs) + lines.number
        heads[: header.inputs] = lines.integers(header.inputs, 1, "inputs")[:, 0]
    register_line = lines.number
    following, resets = _registers(lines, header, heads)
    head_lines[header.inputs :] = np.arange(header.registers) + register_line
    end_line = lines.number
    ends = [lines.integers(header.outputs, 1, "outputs")[:, 0]]
    ends += [lines.integers(header.properties[kind], 1, _PROPERTIES[kind])[:, 0] for kind in (0, 1)]
    sizes = lines.integers(header.properties[2], 1, "justice sizes")[:, 0]
    if sizes.max(initial=0) > len(source.data) or sizes.sum() > len(source.data):
        raise source.error(f"up to {sizes.max()} justice literals declared; the number is wrong", lines.number - 1)
    ends.append(lines.integers(int(sizes.sum()), 1, "justice")[:, 0])
    ends.append(lines.integers(header.properties[3], 1, "fairness")[:, 0])
    if header.binary:
        start = len(source.data) - len(lines.rest)
        pairs, stop = decode_pairs(source, start, header.ands, first)
        lines.rest = lines.rest[stop - start :]
        top = 2 * (first + header.ands)
        for found, base in ((np.concatenate(ends), end_line), (following, register_line)):
            if len(found) and found.max() >= top:
                raise source.error(
                    f"literal {int(found.max())} is above the last, {top - 1}", base + int(found.argmax())
                )
    else:
        and_line = lines.number
        rows = lines.integers(header.ands, 3, "ANDs")
        heads = np.concatenate([heads, rows[:, 0]])
        head_lines = np.concatenate([head_lines, np.arange(header.ands) + and_line])
        image = _Image(source, heads, head_lines, header.maximum)
        pairs = image.apply(rows[:, 1:].ravel(), np.repeat(np.arange(header.ands) + and_line, 2)).reshape(-1, 2)
        base, counted = end_line, []
        for found in ends:
            counted.append(image.apply(found, np.arange(len(found)) + base))
            base += len(found)
        ends = counted
        following = image.apply(following, np.arange(len(following)) + register_line)
        pairs, place = _sorted(source, pairs, first, and_line)
        ends = [place[found >> 1] ^ (found & 1) for found in ends]
        following = place[following >> 1] ^ (following & 1)
    names, sets = _symbols(lines, header, sizes)
    roles = [Role.OUTPUT] * header.outputs
    for role, count in zip(_PROPERTIES, (*header.properties[:2], int(sizes.sum()), header.properties[3]), strict=True):
        roles += [role] * count
    try:
        return Circuit(
            inputs=tuple(names["i"]),
            kinds=np.full(header.ands, int(Gate.AND), dtype=np.int64),
            offsets=np.arange(0, 2 * header.ands + 1, 2, dtype=np.int64),
            literals=pairs.ravel(),
            outputs=np.concatenate(ends),
            output_names=tuple(names["o"]),
            register_next=following,
            register_initial=resets,
            register_names=tuple(names["l"]),
            roles=tuple(roles) if any(header.properties) else (),
            justice=tuple(sets),
        )
    except CircuitError as wrong:
        raise source.error(str(wrong)) from wrong


def _header(source: Source) -> _Header:
    if not source.data.strip():
        raise source.error("empty; expected an AIGER header")
    line = source.data[:300].split(b"\n", 1)[0]
    match = _HEADER.fullmatch(line)
    if match is None:
        raise source.error(
            f"expected 'aag M I L O A' or 'aig M I L O A', got {line[:60].decode('ascii', 'replace')!r}", 1
        )
    counts = [int(word) for word in match[2].split()]
    counts += [0] * (9 - len(counts))
    header = _Header(match[1] == b"aig", *counts[:5], properties=(counts[5], counts[6], counts[7], counts[8]))
    declared = sum(counts[2:]) + (0 if header.binary else header.inputs)
    if 2 * declared > len(source.data):  # each takes two bytes or more
        raise source.error(f"the header declares {declared} entries, more than {len(source.data)} bytes hold", 1)
    source.check_count(header.inputs, "inputs", 1)
    least = header.inputs + header.registers + header.ands
    if header.maximum < least or (header.binary and header.maximum != least):
        relation = "" if header.binary else "at least "
        raise source.error(f"the header's M is {header.maximum}; I + L + A = {least}, M must be {relation}that", 1)
    return header


def _registers(lines: _Lines, header: _Header, heads: Integers) -> tuple[Integers, Integers]:
    """Next-state literals and initial values; ascii heads are filled into ``heads``."""
    start = lines.number
    following, resets = np.empty((2, header.registers), dtype=np.int64)
    for index, line in enumerate(lines.take(header.registers, "registers")):
        words = line.split()
        numbers = [int(word) for word in words if word.isdigit() and len(word) <= 18]
        expected = 1 if header.binary else 2
        if len(numbers) != len(words) or len(words) not in (expected, expected + 1):
            problem = f"expected a register's literals, got {line[:60].decode('ascii', 'replace')!r}"
            raise lines.source.error(problem, start + index)
        if not header.binary:
            heads[header.inputs + index] = numbers[0]
        own = heads[header.inputs + index]
        following[index] = numbers[expected - 1]
        reset = numbers[expected] if len(numbers) > expected else 0
        if reset not in (0, 1, own):
            raise lines.source.error(f"a register resets to 0, 1 or itself ({own}), got {reset}", start + index)
        resets[index] = reset if reset in (0, 1) else -1
    return following, resets


class _Image:
    """The literals of an ascii file over wires numbered in the order of the file."""

    def __init__(self, source: Source, heads: Integers, lines: Integers, maximum: int) -> None:
        self.source, self.maximum = source, maximum
        wrong = (heads & 1 == 1) | (heads == 0) | (heads > 2 * maximum)
        if wrong.any():
            at = int(wrong.argmax())
            problem = f"{heads[at]} cannot be defined; expected an even literal from 2 to {2 * maximum}"
            raise source.error(problem, int(lines[at]))
        self.order = np.argsort(heads, kind="stable")
        self.heads = heads[self.order]
        twice = np.flatnonzero(self.heads[1:] == self.heads[:-1])
        if len(twice):
            at = int(twice[0])
            first = int(lines[self.order[at]])
            problem = f"{self.heads[at]} is defined a second time, first in line {first}"
            raise source.error(problem, int(lines[self.order[at + 1]]))

    def apply(self, literals: Integers, lines: Integers) -> Integers:
        even = literals & ~1
        place = np.searchsorted(self.heads, even)
        found = even == 0
        inside = place < len(self.heads)
        found[inside] |= self.heads[place[inside]] == even[inside]
        if not found.all():
            at = int(found.argmin())
            raise self.source.error(f"literal {literals[at]} is read but {even[at]} is never defined", int(lines[at]))
        wires = np.zeros_like(even)
        some = even > 0
        wires[some] = self.order[place[some]] + 1
        return 2 * wires | (literals & 1)


def _sorted(source: Source, pairs: Integers, first: int, line: int) -> tuple[Integers, Integers]:
    """The ANDs so that each reads earlier ones, and the new literal of each wire."""
    gates = len(pairs)
    definition = np.concatenate([np.full(first, -1, dtype=np.int64), np.arange(gates)])
    starts = np.arange(0, 2 * gates + 1, 2, dtype=np.int64)
    order, cyclic = order_definitions(starts, pairs.ravel() >> 1, definition)
    if cyclic >= 0:
        raise source.error("this AND depends on itself; break the cycle by a register", line + cyclic)
    place = 2 * np.arange(first + gates, dtype=np.int64)
    place[first + order] = 2 * (first + np.arange(gates))
    pairs = pairs[order]
    return place[pairs >> 1] ^ (pairs & 1), place


def _symbols(lines: _Lines, header: _Header, sizes: Integers) -> tuple[dict[str, list[str]], list[Property]]:
    """The names of inputs, registers and outputs by their letter, and the justice properties.

    Properties are the last outputs.
    """
    counts = {"i": header.inputs, "l": header.registers, "o": header.outputs}
    counts |= dict(zip("bcjf", header.properties, strict=True))
    given: dict[str, dict[int, str]] = {letter: {} for letter in counts}
    for number, line in enumerate(lines.rest.split(b"\n"), start=lines.number):
        place = f"line {number}" if not header.binary else f"{line[:40].decode('ascii', 'replace')!r}"
        if line.rstrip(b"\r") == b"c" or not line:
            break
        match = _SYMBOL.fullmatch(line)
        if match is None:
            raise lines.source.error(f"{place}: expected a symbol such as 'i0 name', or 'c' before a comment")
        letter, index, name = match[1].decode(), int(match[2]), match[3].decode()
        if index >= counts[letter] or index in given[letter]:
            reason = "is named twice" if index in given[letter] else f"does not exist; there are {counts[letter]}"
            raise lines.source.error(f"{place}: {letter}{index} {reason}")
        given[letter][index] = name
    taken = {name for letter in "ilo" for name in given[letter].values()}
    names = {
        letter: [given[letter].get(index) or _fresh(f"{letter}{index}", taken) for index in range(counts[letter])]
        for letter in "ilo"
    }
    outputs, sets = names["o"], list[Property]()
    taken = {*outputs, *(name for letter in "bcjf" for name in given[letter].values())}
    used = set(outputs)

    def add(name: str, known: bool) -> str:
        name = _fresh(name, used, () if known else taken)
        used.add(name)
        return name

    for letter, kind in zip("bcjf", _PROPERTIES, strict=True):
        for index in range(counts[letter]):
            name = add(given[letter].get(index, f"{kind}_{index}"), index in given[letter])
            if letter == "j":
                places = range(len(outputs), len(outputs) + int(sizes[index]))
                outputs += [add(f"{name}_{item}", known=False) for item in range(len(places))]
                sets.append(Property(name, Role.JUSTICE, tuple(places)))
            else:
                outputs.append(name)
    return names, sets


def _fresh(name: str, *taken: Container[str]) -> str:
    while any(name in names for names in taken):
        name += "_"
    return name


def aiger_bytes(circuit: Circuit, binary: bool) -> bytes:
    """The circuit as AIGER, binary or ascii, with all names; gates other than two-input ANDs are lowered first."""
    if (circuit.kinds != Gate.AND).any() or (np.diff(circuit.offsets) != 2).any():
        circuit = to_and_inverter(circuit)
    refuse_dont_cares(circuit, "AIGER")
    circuit = printable(circuit, re.compile(r"[ -~]+"), "AIGER")
    inputs, registers, gates = len(circuit.inputs), len(circuit.register_names), len(circuit.kinds)
    heads = 2 * np.arange(inputs + 1, inputs + 1 + registers)
    resets = np.where(circuit.register_initial < 0, heads, circuit.register_initial)
    latches = zip(heads.tolist(), circuit.register_next.tolist(), resets.tolist(), strict=True)
    magic = "aig" if binary else "aag"
    ends = _by_role(circuit)
    counts = [len(named) for named, _ in ends.values()]
    further = " ".join(map(str, counts[1:])) if any(counts[1:]) else ""
    lines = [f"{magic} {circuit.wires - 1} {inputs} {registers} {counts[0]} {gates} {further}".rstrip()]
    if not binary:
        lines += [str(2 * wire) for wire in range(1, inputs + 1)]
    for head, following, reset in latches:
        own = "" if binary else f"{head} "
        lines.append(f"{own}{following}" + (f" {reset}" if reset else ""))
    for role, (_, literals) in ends.items():
        if role is Role.JUSTICE:
            lines += (str(len(one.outputs)) for one in circuit.justice)
        lines += map(str, literals)
    pairs = circuit.literals.reshape(-1, 2)
    if not binary:
        heads = range(2 * circuit.first_gate, 2 * circuit.wires, 2)
        lines += [f"{head} {a} {b}" for head, (a, b) in zip(heads, pairs.tolist(), strict=True)]
    named = {"i": circuit.inputs, "l": circuit.register_names} | {role[0]: own for role, (own, _) in ends.items()}
    symbols = (f"{letter}{index} {name}\n" for letter, names in named.items() for index, name in enumerate(names))
    body = encode_pairs(pairs, circuit.first_gate) if binary else b""
    return ("\n".join(lines) + "\n").encode("ascii") + body + "".join(symbols).encode("ascii")


def _by_role(circuit: Circuit) -> dict[Role, tuple[tuple[str, ...], list[int]]]:
    """Names and literals of what has each role; justice properties bear names, their outputs are the literals."""
    roles = circuit.roles or (Role.OUTPUT,) * len(circuit.output_names)
    found: dict[Role, tuple[tuple[str, ...], list[int]]] = {}
    for role in Role:
        places = [at for at, own in enumerate(roles) if own is role]
        names = tuple(circuit.output_names[at] for at in places)
        if role is Role.JUSTICE:
            places = [at for one in circuit.justice for at in one.outputs]
            names = tuple(one.name for one in circuit.justice)
        found[role] = names, circuit.outputs[places].tolist()
    return found


ASCII_AIGER = Format(
    name="ascii AIGER",
    suffixes=("aag",),
    example=b"aag 5 1 1 1 3 1 1\n2\n4 10 1\n7\n4\n3\n6 5 3\n8 4 2\n10 9 7\nb0 NEVER\nc\nnote\n",
    lacks="The clock is implied: its name and edge are left out.",
    read=parse_aiger,
    write=lambda circuit: aiger_bytes(circuit, binary=False),
    mark=rb"aag ",
)
BINARY_AIGER = Format(
    name="binary AIGER",
    suffixes=("aig",),
    example=b"aig 5 2 0 2 3\n10\n6\n\x02\x02\x03\x02\x01\x02i0 x\ni1 y\no0 s\no1 c\nc\nhalf adder\n",
    lacks=ASCII_AIGER.lacks,
    read=parse_aiger,
    write=lambda circuit: aiger_bytes(circuit, binary=True),
    mark=rb"aig ",
)
