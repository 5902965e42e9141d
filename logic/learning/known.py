"""Known functions that a set of examples may come from: arithmetic on the inputs read as words, symmetric, parity."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import CircuitBuilder, Literal
from . import words
from .words import Bit

Bits = NDArray[np.bool_]


class Guess(NamedTuple):
    """A function that might be the one behind the examples.

    Args:
        name: What it is.
        on_data: From the columns of ``[S, I]`` samples to ``[S]`` values.
        on_literals: From ``I`` literals to the one that computes it.
    """

    name: str
    on_data: Callable[[list[Bits]], Bits]
    on_literals: Callable[[list[Literal]], Literal]


def guesses(samples: Bits, labels: Bits) -> Iterator[Guess]:
    """All guesses for functions of ``I`` inputs; the tables of symmetric functions are counted on the examples.

    Args:
        samples: ``[S, I]``.
        labels: ``[S]``.
    """
    count = samples.shape[1]
    counts = samples.sum(axis=1)
    ones = np.bincount(counts, labels, count + 1) * 2 > np.bincount(counts, minlength=count + 1)
    yield _both("symmetric", lambda bits: words.look_up(words.count_ones(bits), ones.tolist()))
    subset = _parity(samples, labels)
    if subset is not None:
        yield _both("parity", lambda bits: _xor_all(bits, subset))
    for order in ("least significant first", "most significant first"):
        flip = order.startswith("most")
        if count % 2 == 0:
            yield _one_word(f"lowest digit of the square root, {order}", flip, lambda a: words.square_root(a)[0])
            for layout in ("halves", "interleaved"):
                for name, function in _two_word_functions(count // 2):
                    yield _two_words(f"{name}, {layout}, {order}", layout == "halves", flip, function)


TwoWords = Callable[[list[Bit], list[Bit]], Bit]


def _two_word_functions(size: int) -> Iterator[tuple[str, "_Pairwise"]]:
    for bit in {size, size - 1, size - 2} - {-1}:
        yield f"bit {bit} of the sum", _Sum(bit)
    yield "a >= b", _AtLeast(False)
    yield "a > b", _AtLeast(True)
    yield "top bit of the remainder", _RemainderTop()
    yield "top bit of the quotient", _QuotientTop()
    for kept in {min(size, 8), min(size, 12), min(size, 16), min(size, 20)}:
        yield f"top bit of the product by its {kept} highest bits", _ProductTop(kept)
    if size <= 32:
        for bit in (size - 1, size):
            yield f"bit {bit} of the product", _Product(bit)
