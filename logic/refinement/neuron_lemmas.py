"""Lemmas on single neurons: integers with a floor shift fire exactly when real membranes do, also in few bits.

Let a real neuron compute ``y' = 2^-k y + x`` with whole currents ``x``, and an integer one ``u = floor(v / 2^k) + x``.
If ``v = floor(y)``, then ``u = floor(y')``: nested floors compose. So both stand on one side of a whole threshold, and
after either reset ``v`` is again the floor of ``y``: by induction over steps the spikes are the same for ever. Each
lemma is the step of an induction, for all membranes, currents and thresholds, decided by Z3.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import cast

import z3

from ..formula import conjunction, equality
from ..network import Population, Reset
from ..proving.monolith import decide
from ..verdict import Verdict


@dataclass(frozen=True)
class NeuronKind:
    """What the neurons of a population have in common.

    Args:
        retain: Whether there is a membrane.
        leak: Its halvings in a step.
        reset: What a spike leaves of it.
    """

    retain: bool = True
    leak: int = 0
    reset: Reset = "zero"

    @classmethod
    def of(cls, population: Population) -> "NeuronKind":
        """The kind of a population's neurons."""
        return cls(population.retain, population.leak, population.reset)

    def __str__(self) -> str:
        if not self.retain:
            return "no membrane"
        leak = f"a membrane times 1/{2**self.leak} a step" if self.leak else "a membrane without leak"
        return f"{leak}, reset {'to zero' if self.reset == 'zero' else 'by the threshold'}"

    @property
    def decay(self) -> Fraction:
        """What is left of a real membrane after a step."""
        return Fraction(1, 2**self.leak) if self.retain else Fraction(0)

    @property
    def stays_whole(self) -> bool:
        """Whether a real membrane under whole currents is whole, so that its threshold may be rounded up."""
        return not self.leak and self.reset == "zero"


@lru_cache
def floor_lemma(kind: NeuronKind) -> Verdict:
    """That the integer neuron stays the floor of the real one and fires with it.

    Args:
        kind: Of both. The thresholds are one whole number; if the membrane stays whole, the real one may be any number,
            and the whole one is the least that is not below it.

    Example:
        >>> print(floor_lemma(NeuronKind(leak=1)))
        PROVED: floors of real membranes fire with them: a membrane times 1/2 a step, reset to zero (all inputs, by Z3)
    """
    real, limit = z3.Real("y"), z3.Real("limit")
    whole, half, current, threshold = (z3.Int(name) for name in ("v", "half", "x", "theta"))
    left = cast(z3.ArithRef, real / 2**kind.leak) if kind.retain else z3.RealVal(0)
    if kind.stays_whole:
        assume = [_equal(whole, real), _all(limit <= threshold, threshold < limit + 1)]
    else:
        assume = [_is_floor(whole, real), _equal(threshold, limit)]
    if kind.retain:
        assume.append(_all(half * 2**kind.leak <= whole, whole < half * 2**kind.leak + 2**kind.leak))
    else:
        assume.append(equality(half, 0))
    driven, exact = cast(z3.ArithRef, half + current), cast(z3.ArithRef, left + current)
    fires, spikes = driven >= threshold, exact >= limit
    soft = kind.reset == "subtract"
    kept = _after(fires, driven, threshold if soft else driven)
    rest = _after(spikes, exact, limit if soft else exact)
    again = _equal(kept, rest) if kind.stays_whole else _is_floor(kept, rest)
    goal = conjunction([equality(fires, spikes), again])
    return decide(f"floors of real membranes fire with them: {kind}", (), [], assume, goal, None)


@lru_cache
def machine_lemma(kind: NeuronKind, bits: int) -> Verdict:
    """That two's complement of so many bits, with an arithmetic shift, is the integer neuron while membranes fit in.

    Currents are added up modulo ``2^bits`` in any order; only the membrane before and after a spike has to fit.

    Args:
        kind: Of the neuron.
        bits: Of its membrane and threshold, at least 2.

    Example:
        >>> machine_lemma(NeuronKind(leak=3, reset="subtract"), 12).holds
        True
    """
    wide = bits + 2
    shift = min(kind.leak, bits - 1)
    membrane, threshold = z3.BitVec("v", bits), z3.BitVec("theta", bits)
    current = z3.BitVec("x", wide)

    def widened(narrow: z3.BitVecRef) -> z3.BitVecRef:
        return z3.SignExt(wide - narrow.size(), narrow)

    def fits(value: z3.BitVecRef) -> z3.BoolRef:
        return equality(widened(cast(z3.BitVecRef, z3.Extract(bits - 1, 0, value))), value)

    half = membrane >> shift if kind.retain else z3.BitVecVal(0, bits)
    driven = widened(half) + current
    added = half + cast(z3.BitVecRef, z3.Extract(bits - 1, 0, current))
    fires, exact = added >= threshold, driven >= widened(threshold)
    soft = kind.reset == "subtract"
    nothing = z3.BitVecVal(0, bits)
    kept = cast(z3.BitVecRef, z3.If(fires, added - threshold if soft else nothing, added))
    rest = cast(z3.BitVecRef, z3.If(exact, driven - widened(threshold) if soft else widened(nothing), driven))
    power = 1 << shift
    room = z3.SignExt(shift + 1, membrane) - (
        z3.SignExt(shift + 1, membrane >> shift) * power
    )  # v - 2^k floor(v / 2^k)
    # x = u - floor(v / 2^k) has at most one bit more than either, so that the wide sums are those of integers.
    assume = [fits(driven), fits(rest), equality(z3.SignExt(1, z3.Extract(bits, 0, current)), current)]
    goals = [equality(widened(added), driven), equality(fires, exact), equality(widened(kept), rest)]
    goals.append(_all(room >= 0, room < power))
    return decide(f"{bits} bits hold the neuron: {kind}", (), [], assume, conjunction(goals), None)


def _is_floor(whole: z3.ArithRef, real: z3.ArithRef) -> z3.BoolRef:
    return _all(whole <= real, real < whole + 1)


def _equal(left: z3.ArithRef, right: z3.ArithRef) -> z3.BoolRef:
    return equality(left, right)


def _after(fires: z3.BoolRef, driven: z3.ArithRef, taken: z3.ArithRef) -> z3.ArithRef:
    """The membrane after the step: a spike takes something off it."""
    return cast(z3.ArithRef, z3.If(fires, driven - taken, driven))


def _all(*formulas: z3.BoolRef | bool) -> z3.BoolRef:
    return conjunction(formulas)
