"""Lemmas on single neurons: in each code they send ``clip(floor(x / u), 0, L)``, for every accumulator, unit and L.

``q`` stands for ``floor(x / u)``: the whole number with ``q u <= x < (q + 1) u``. Nothing else is assumed of ``x``, so
that each lemma holds over any accumulator's whole range. Counting goes by induction; each step of it is decided by Z3.
"""

from functools import lru_cache
from typing import cast

import z3

from ..formula import conjunction, equality, implication, negation
from ..proving.monolith import decide
from ..verdict import Verdict

_X, _U, _Q = z3.Int("x"), z3.Int("u"), z3.Int("q")


@lru_cache
def members_lemma() -> Verdict:
    """That of members with the thresholds ``u, 2u, ..., L u`` as many fire as the level is.

    References:
        Lv et al., "Optimal ANN-SNN Conversion with Group Neurons", ICASSP 2024.

    Example:
        >>> print(members_lemma())
        PROVED: of L members with thresholds k u just clip(floor(x / u), 0, L) fire (all inputs, by Z3)
    """
    k, levels = z3.Ints("k levels")
    fires = equality(_product(k, _U) <= _X, k <= _Q)
    # Of L + 1 members as many fire as of L, and one more if the last does.
    after = _sum(levels, z3.IntVal(1))
    one_more = cast(z3.ArithRef, z3.If(after <= _Q, 1, 0))
    counts = equality(_sum(_clip(levels), one_more), _clip(after))
    goal = conjunction([implication(k >= 1, fires), implication(levels >= 0, counts)])
    return _decided("of L members with thresholds k u just clip(floor(x / u), 0, L) fire", goal, _level_is_zero())


@lru_cache
def window_lemma() -> Verdict:
    """That a neuron with threshold ``u``, reset by it, fires as often in ``L`` steps as the level is.

    After ``j`` steps its membrane is ``x - u clip(q, 0, j)``: at first, and after one step more if after ``j``.

    References:
        Two-phase neurons, as in "PASCAL: Precise and Efficient ANN-SNN Conversion", 2025.

    Example:
        >>> window_lemma().word
        'PROVED'
    """
    j = z3.Int("j")
    sent, after = _clip(j), _sum(j, z3.IntVal(1))
    fires = _product(sent, _U) + _U <= _X
    counts = equality(_sum(sent, cast(z3.ArithRef, z3.If(fires, 1, 0))), _clip(after))
    goal = conjunction([equality(fires, after <= _Q), counts])
    claim = "in L steps a neuron reset by its threshold u fires clip(floor(x / u), 0, L) times"
    return _decided(claim, implication(j >= 0, goal), _level_is_zero())


@lru_cache
def timed_lemma() -> Verdict:
    """That a neuron with threshold ``L u`` on a ramp of ``u`` a step fires once, ``level`` steps before the end.

    At step ``j`` of ``0 .. L - 1`` it has ``x + j u``; a spike leaves nothing, and the ramp alone does not reach the
    threshold again. A relay that holds the spike from the next step to the end fires as often as the level is.

    References:
        Rueckauer and Liu, "Conversion of Analog to Spiking Neural Networks Using Sparse Temporal Coding", ISCAS 2018.

    Example:
        >>> timed_lemma().word
        'PROVED'
    """
    j, i, levels = z3.Ints("j i levels")
    inside = conjunction([levels >= 1, j >= 0, j < levels])
    reached = _product(levels, _U) <= _sum(_X, _product(j, _U))
    again = _product(levels, _U) <= _product(i, _U)
    in_time = equality(reached, levels <= _sum(_clip(levels), j))
    goal = conjunction([implication(inside, in_time), implication(conjunction([i >= 0, i < levels]), negation(again))])
    return _decided("on a ramp of u a step a neuron fires once, clip(floor(x / u), 0, L) steps before the end", goal)


@lru_cache
def signed_lemma() -> Verdict:
    """That a signed neuron at rest has sent the level, and that each of its spikes brings it nearer to that.

    It sends 1 if its membrane ``x - sent u`` is at least ``u`` and it has sent less than ``L``, and -1 if the membrane
    is below 0 and it has sent more than 0.

    References:
        ST-BIF: You et al., "SpikeZIP-TF: Conversion is All You Need for Transformer-based SNN", ICML 2024.

    Example:
        >>> signed_lemma().word
        'PROVED'
    """
    sent, levels = z3.Ints("sent levels")
    membrane = cast(z3.ArithRef, _X - _product(sent, _U))
    up, down = conjunction([membrane >= _U, sent < levels]), conjunction([membrane < 0, sent > 0])
    at_rest = implication(conjunction([negation(up), negation(down)]), equality(sent, _clip(levels)))
    nearer = [implication(up, sent < _clip(levels)), implication(down, sent > _clip(levels))]
    goal = implication(conjunction([sent >= 0, sent <= levels]), conjunction([at_rest, *nearer]))
    return _decided("a signed neuron at rest has sent clip(floor(x / u), 0, L)", goal)


@lru_cache
def sums_lemma() -> Verdict:
    """That what arrives one by one, or from the places of a window, adds up to the weight times the sum: one term more.

    Example:
        >>> sums_lemma().word
        'PROVED'
    """
    weight, before, level = z3.Ints("weight before level")
    apart = _sum(_product(weight, before), _product(weight, level))
    goal = equality(apart, _product(weight, _sum(before, level)))
    return _decided(
        "weighted spikes add up to the weight times their number, over steps, members and pooled places", goal
    )


def _sum(left: z3.ArithRef, right: z3.ArithRef) -> z3.ArithRef:
    return cast(z3.ArithRef, left + right)


def _product(left: z3.ArithRef, right: z3.ArithRef) -> z3.ArithRef:
    return cast(z3.ArithRef, left * right)


def _clip(most: z3.ArithRef) -> z3.ArithRef:
    """``clip(q, 0, most)``."""
    return cast(z3.ArithRef, z3.If(_Q < 0, 0, z3.If(most < _Q, most, _Q)))


def _level_is_zero() -> z3.BoolRef:
    """The beginning of an induction: nothing is sent of level 0."""
    return equality(_clip(z3.IntVal(0)), 0)


def _decided(claim: str, *goals: z3.BoolRef) -> Verdict:
    below = _product(_Q, _U)
    return decide(claim, (), [], [_U >= 1, below <= _X, _sum(below, _U) > _X], conjunction(goals), None)
