"""Known functions that a set of examples may come from: arithmetic on the inputs read as words, symmetric, parity."""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import words

Bits = NDArray[np.bool_]
Word = Sequence[Any]  # of literals or of columns of samples, see the module of words
Function = Callable[[Word, Word], Any]
WIDEST_PRODUCT = 32  # bits of a factor; a wider product does not fit a small circuit


class Guess(NamedTuple):
    """A function that might be the one behind the examples; it maps the inputs, as columns of samples or literals."""

    name: str
    function: Callable[[Word], Any]


def guesses(samples: Bits, labels: Bits) -> Iterator[Guess]:
    """All guesses for functions of ``I`` inputs; tables of symmetric functions and parities are fitted to the examples.

    Args:
        samples: ``[S, I]``.
        labels: ``[S]``.
    """
    count = samples.shape[1]
    yield _symmetric(samples, labels)
    subset = _parity(samples, labels)
    if subset is not None:
        yield _parity_of(subset)
    for name, read in (("low bit first", _same), ("high bit first", _reversed)):
        if count % 2 == 0:
            yield _one_word(f"low bit of the square root, {name}", read)
            for layout, split in (("halves", _halves), ("interleaved", _interleaved)):
                for what, function in _pairs(count // 2):
                    yield _two_words(f"{what}, {layout}, {name}", split, read, function)


def _same(bits: Word) -> Word:
    return bits


def _reversed(bits: Word) -> Word:
    return bits[::-1]


def _parity_of(subset: Sequence[int]) -> Guess:
    def apply(bits: Word) -> Any:
        return reduce(words.xor, [bits[i] for i in subset], words.false_of(bits[0]))

    return Guess("parity", apply)


def _one_word(name: str, read: Callable[[Word], Word]) -> Guess:
    def apply(bits: Word) -> Any:
        return words.square_root(read(bits))[0]

    return Guess(name, apply)


def _two_words(
    name: str,
    split: Callable[[Word], tuple[Word, Word]],
    read: Callable[[Word], Word],
    function: Function,
) -> Guess:
    def apply(bits: Word) -> Any:
        first, second = split(bits)
        return function(read(first), read(second))

    return Guess(name, apply)


def _halves(bits: Word) -> tuple[Word, Word]:
    return bits[: len(bits) // 2], bits[len(bits) // 2 :]


def _interleaved(bits: Word) -> tuple[Word, Word]:
    return bits[::2], bits[1::2]


def _pairs(size: int) -> Iterator[tuple[str, Function]]:
    """Functions of two words of ``size`` bits, natural numbers unless called signed (two's complement)."""
    for place in range(max(0, size - 2), size + 1):
        yield f"bit {place} of a + b", lambda a, b, place=place: words.add(a, b)[place]
    yield "sign of a + b, signed", lambda a, b: words.add([*a, a[-1]], [*b, b[-1]])[len(a)]
    yield "a >= b", words.at_least
    yield "b >= a", lambda a, b: words.at_least(b, a)
    yield "a >= b, signed", lambda a, b: words.at_least([*a[:-1], ~a[-1]], [*b[:-1], ~b[-1]])
    yield "b >= a, signed", lambda a, b: words.at_least([*b[:-1], ~b[-1]], [*a[:-1], ~a[-1]])
    yield "sign of a b, signed", lambda a, b: words.xor(a[-1], b[-1]) & reduce(_or, a) & reduce(_or, b)
    for kept in sorted({min(size, width) for width in (8, 12, 16, 20)}):
        top = f"by the {kept} highest bits"
        yield f"top bit of a b, {top}", lambda a, b, kept=kept: words.multiply(a[-kept:], b[-kept:])[-1]
        yield f"low bit of a / b, {top}", lambda a, b, kept=kept: _quotient(a, b, kept)
        # a = q b + r, so the low bit of r is that of a, less those of q b.
        yield f"low bit of a mod b, {top}", lambda a, b, kept=kept: words.xor(a[0], b[0] & _quotient(a, b, kept))
    if size <= WIDEST_PRODUCT:
        for place in (size - 1, size):
            yield f"bit {place} of a b", lambda a, b, place=place: words.multiply(a, b, place + 1)[place]


def _or(a: Any, b: Any) -> Any:
    return a | b


def _quotient(a: Word, b: Word, kept: int) -> Any:
    """The low bit of ``a / b``, from the ``kept`` highest bits of each."""
    return words.divide(a[-kept:], b[-kept:])[0][0]


def _symmetric(samples: Bits, labels: Bits) -> Guess:
    """The symmetric function that is right most often: for each count of ones the more frequent label."""
    size = samples.shape[1]
    count = samples.sum(axis=1)
    ones = 2 * np.bincount(count, labels, size + 1) > np.bincount(count, minlength=size + 1)
    table = [bool(one) for one in ones]

    def apply(bits: Word) -> Any:
        return words.look_up(words.count_ones(bits), table)

    return Guess("symmetric", apply)


def _parity(samples: Bits, labels: Bits) -> list[int] | None:
    """The inputs whose parity is the label in every example, by elimination modulo 2; none if there is no such set."""
    rows = np.concatenate([samples, labels[:, None]], axis=1)
    pivots: list[int] = []
    for column in range(samples.shape[1]):
        place = len(pivots)
        found = np.flatnonzero(rows[place:, column])
        if not len(found):
            continue
        rows[[place, place + found[0]]] = rows[[place + found[0], place]]
        others = np.flatnonzero(rows[:, column])
        rows[others[others != place]] ^= rows[place]
        pivots.append(column)
    if rows[len(pivots) :, -1].any():
        return None
    return [column for place, column in enumerate(pivots) if rows[place, -1]]
