"""Witnesses of AIGER 1.9: the first state and the inputs of each clock by which a property is violated, as text.

References:
    Biere, Heljanko and Wieringa, "AIGER 1.9 and beyond", 2011, section 5.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import FormatError
from ..writing import whole_file

LARGEST = 1 << 30  # bytes of a file
_CLAIM = re.compile(r"[bj][0-9]{1,9}")
_SAID = {"0": "holds", "2": "is not settled"}
_VALUES = 2  # the line, within a witness, from which on there are values; one may be empty


@dataclass(frozen=True)
class Witness:
    """One violation.

    Args:
        claim: ``b0`` for the first bad output, ``j0`` for the first justice property, and so on.
        state: The first values of all registers, in the circuit's order.
        inputs: Of each clock, the values of all inputs.
    """

    claim: str
    state: tuple[int, ...]
    inputs: tuple[tuple[int, ...], ...]


def format_witnesses(witnesses: Iterable[Witness]) -> str:
    r"""The text of witnesses, one after the other.

    Example:
        >>> format_witnesses([Witness("b0", (0, 1), ((1,), (0,)))])
        '1\nb0\n01\n1\n0\n.\n'
    """
    return "".join(
        "\n".join(["1", one.claim, _bits(one.state), *map(_bits, one.inputs), "."]) + "\n" for one in witnesses
    )


def write_witnesses(witnesses: Iterable[Witness], path: Path) -> None:
    """Writes :func:`format_witnesses` to a file, whole or not at all."""
    with whole_file(path) as file:
        file.write_text(format_witnesses(witnesses), encoding="ascii")


def read_witnesses(path: Path) -> tuple[Witness, ...]:
    """The witnesses of a file.

    Raises:
        FormatError: if it cannot be read, naming the line.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise FormatError(f"{path}: is longer than {LARGEST:,} bytes, which no witness is")
        text = path.read_bytes().decode("ascii")
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FormatError(f"{path}: byte {error.start} is no ASCII character; a witness is text") from error
    return parse_witnesses(text, str(path))


def parse_witnesses(text: str, name: str = "<text>") -> tuple[Witness, ...]:
    r"""The witnesses of a text; lines that begin with ``c`` (comments) or ``u`` (bounds) are left out.

    A value ``x`` stands for either and is read as 0.

    Raises:
        FormatError: naming the line; also where the text says that nothing was found (status 0 or 2).

    Example:
        >>> parse_witnesses("1\nb0\n01\n1\n0\n.\n")
        (Witness(claim='b0', state=(0, 1), inputs=((1,), (0,))),)
    """
    found: list[Witness] = []
    held: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        plain = line.strip()
        if plain == ".":
            found += _read(held, number, name)
            held = []
        elif not plain.startswith(("c", "u")) and (plain or len(held) >= _VALUES):
            held.append((number, plain))
    if any(plain for _, plain in held):
        _refuse_status(*held[0], name)
        raise FormatError(f"{name}:{held[-1][0]}: the witness does not end with a line '.'")
    if not found:
        raise FormatError(f"{name}: holds no witness")
    return tuple(found)


def _read(lines: list[tuple[int, str]], end: int, name: str) -> list[Witness]:
    """One witness, for each property that it names."""
    if not lines or lines[0][1] != "1":
        number, given = lines[0] if lines else (end, ".")
        _refuse_status(number, given, name)
        raise FormatError(f"{name}:{number}: expected the status 1 of a violation, got {given[:40]!r}")
    if len(lines) < _VALUES:
        raise FormatError(f"{name}:{end}: expected a property such as b0 or j0 before the end")
    number, given = lines[1]
    claims = given.split()
    if not all(_CLAIM.fullmatch(claim) for claim in claims):
        raise FormatError(f"{name}:{number}: expected a property such as b0 or j0, got {given[:40]!r}")
    rows: list[tuple[int, ...]] = []
    for number, given in lines[_VALUES:]:
        if given.strip("01x"):
            raise FormatError(f"{name}:{number}: expected values 0, 1 or x, got {given[:40]!r}")
        rows.append(tuple(int(letter == "1") for letter in given))
        if len(rows) > 2 and len(rows[-1]) != len(rows[1]):
            raise FormatError(f"{name}:{number}: this clock has another number of inputs than the first")
    if not rows:
        raise FormatError(f"{name}:{end}: the witness has no line of first values")
    return [Witness(claim, rows[0], tuple(rows[1:])) for claim in claims]


def _refuse_status(number: int, status: str, name: str) -> None:
    if status in _SAID:
        raise FormatError(f"{name}:{number}: status {status} says that a property {_SAID[status]}, without a witness")


def _bits(values: Iterable[int]) -> str:
    return "".join(map(str, values))
