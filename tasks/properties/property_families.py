"""Families of safety problems of any size, true and false: counters, arbiters, queues, token rings, shift registers."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from logic import Circuit, CircuitBuilder, Literal, Role
from logic.library import ripple_add

Word = Sequence[Literal]
Machine = Callable[[CircuitBuilder, Word, Word], tuple[Word, Literal]]


def families() -> dict[str, Circuit]:
    """Problems by name; those that end in ``-bad`` do not hold."""
    return {
        "counter-10": _machine(["en"], [0] * 10, _counter(700, 900)),
        "counter-10-bad": _machine(["en"], [0] * 10, _counter(700, 60)),
        "arbiter-8": _machine([f"q{at}" for at in range(8)], [1] + [0] * 7, _arbiter(skewed=False)),
        "arbiter-8-bad": _machine([f"q{at}" for at in range(8)], [1] + [0] * 7, _arbiter(skewed=True)),
        "queue-5": _machine(["push", "pop"], [0] * 15, _queue(guarded=True)),
        "queue-4-bad": _machine(["push", "pop"], [0] * 12, _queue(guarded=False)),
        "ring-16": _machine(["go"], [1] + [0] * 15, _ring),
        "ring-12-bad": _machine(["go"], [1, 0, 0, 0, 0, 1] + [0] * 6, _ring),
        "copies-24": _machine(["d"], [0] * 48, _copies(equal=True)),
        "copies-20-bad": _machine(["d"], [0] * 40, _copies(equal=False)),
    }


def _machine(inputs: list[str], initial: list[int], logic: Machine) -> Circuit:
    make = CircuitBuilder()
    names = [f"r{at}" for at in range(len(initial))]
    literals = make.inputs(*inputs, *names)
    following, bad = logic(make, literals[: len(inputs)], literals[len(inputs) :])
    low = make.build_from({f"next {at}": one for at, one in enumerate(following)} | {"bad": bad})
    return replace(
        low,
        inputs=tuple(inputs),
        register_names=tuple(names),
        register_initial=np.array(initial),
        register_next=low.outputs[:-1],
        outputs=low.outputs[-1:],
        output_names=("bad",),
        roles=(Role.BAD,),
    )


def _is(make: CircuitBuilder, word: Word, value: int) -> Literal:
    found = ~make.false
    for at, bit in enumerate(word):
        found = found & (bit if value >> at & 1 else ~bit)
    return found


def _plus_one(make: CircuitBuilder, word: Word) -> list[Literal]:
    carry, found = ~make.false, list[Literal]()
    for bit in word:
        found.append(bit ^ carry)
        carry = bit & carry
    return found


def _counter(most: int, bad: int) -> Machine:
    """Counts to ``most`` and begins anew; bad: it stands at ``bad``."""

    def logic(make: CircuitBuilder, inputs: Word, held: Word) -> tuple[Word, Literal]:
        again = _is(make, held, most)
        counted = [~again & bit for bit in _plus_one(make, held)]
        return [make.mux(inputs[0], one, old) for one, old in zip(counted, held, strict=True)], _is(make, held, bad)

    return logic


def _arbiter(skewed: bool) -> Machine:
    """A round-robin arbiter with a one-hot turn; bad: two are granted at once. Skewed, a turn is sometimes doubled."""

    def logic(make: CircuitBuilder, inputs: Word, held: Word) -> tuple[Word, Literal]:
        count = len(held)
        granted = [want & turn for want, turn in zip(inputs, held, strict=True)]
        some = make.false
        for one in granted:
            some = some | one
        following = [make.mux(some, held[at], held[at - 1]) for at in range(count)]
        if skewed:
            following[3] = following[3] | (held[count - 1] & inputs[0] & ~inputs[count - 1])
        twice = make.false
        for at in range(count):
            for other in range(at):
                twice = twice | (granted[at] & granted[other])
        return following, twice

    return logic


def _queue(guarded: bool) -> Machine:
    """A queue's read and write pointers and its fill; bad: the fill is not their difference, or runs over."""

    def logic(make: CircuitBuilder, inputs: Word, held: Word) -> tuple[Word, Literal]:
        width = len(held) // 3
        write, read, fill = held[:width], held[width : 2 * width], held[2 * width :]
        empty, full = _is(make, fill, 0), _is(make, fill, 2**width - 1)
        push, pop = inputs[0] & ~full, inputs[1] & (~empty if guarded else ~make.false)
        minus = [~make.false] * width
        up = [make.mux(push, one, old) for one, old in zip(_plus_one(make, write), write, strict=True)]
        on = [make.mux(pop, one, old) for one, old in zip(_plus_one(make, read), read, strict=True)]
        more, less = _plus_one(make, fill), ripple_add(tuple(fill), tuple(minus))[:width]
        net = [
            make.mux(push & ~pop, a, make.mux(pop & ~push & ~empty, b, old))
            for a, b, old in zip(more, less, fill, strict=True)
        ]
        total = ripple_add(tuple(read), tuple(fill))[:width]
        differ = make.false
        for one, other in zip(total, write, strict=True):
            differ = differ | (one ^ other)
        return [*up, *on, *net], differ

    return logic


def _ring(make: CircuitBuilder, inputs: Word, held: Word) -> tuple[Word, Literal]:
    """A token that moves on; bad: places 0 and half way both hold one."""
    moved = [make.mux(inputs[0], held[at - 1], held[at]) for at in range(len(held))]
    return moved, held[1] & held[len(held) // 2]


def _copies(equal: bool) -> Machine:
    """Two copies of one shift register, the second kept inverted; bad: their last places are not complements."""

    def logic(make: CircuitBuilder, inputs: Word, held: Word) -> tuple[Word, Literal]:
        count = len(held) // 2
        one, other = held[:count], held[count:]
        rest = make.false if equal else one[count // 2] & one[count // 3] & ~one[count // 4]
        first = [inputs[0], *one[:-1]]
        second = [inputs[0] ^ rest, *other[:-1]]
        return [*first, *second], one[-1] ^ other[-1]

    return logic
