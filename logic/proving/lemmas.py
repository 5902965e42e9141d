"""Lemmas by Z3 on the neurons' own semantics, each proved once a process: blocks, threshold pairs, fail-silence."""

from functools import lru_cache
from itertools import product
from typing import cast

import z3

from ..formula import conjunction, disjunction, equality, implication, negation
from ..verdict import Verdict
from .monolith import decide


@lru_cache
def minterm_block(inputs: int) -> Verdict:
    """That the block of ``2 ** inputs`` pattern neurons computes every truth table, which is symbolic.

    Pattern neuron ``m`` has weight 1 from rail ``m_i`` of each input and threshold ``inputs``; the output rails have
    weight and threshold 1 from the patterns whose value is theirs.
    """
    wires = [z3.Bool(f"x{place}") for place in range(inputs)]
    table, fires = list[z3.BoolRef](), list[z3.BoolRef]()
    for row, pattern in enumerate(product((False, True), repeat=inputs)):
        table.append(z3.Bool(f"f{row}"))
        rails = [wire if bit else negation(wire) for wire, bit in zip(wires, pattern, strict=True)]
        fires.append(z3.PbGe([(rail, 1) for rail in rails], inputs))
    rails = [
        disjunction(
            conjunction([fire, entry if value else negation(entry)]) for fire, entry in zip(fires, table, strict=True)
        )
        for value in (False, True)
    ]
    wanted = z3.BoolVal(True)
    for row, pattern in enumerate(product((False, True), repeat=inputs)):
        here = conjunction(equality(wire, z3.BoolVal(bit)) for wire, bit in zip(wires, pattern, strict=True))
        right = conjunction([equality(rails[1], table[row]), equality(rails[0], negation(table[row]))])
        wanted = conjunction([wanted, implication(here, right)])
    return decide(f"a minterm block of {inputs} inputs computes any function", (), [], [], wanted, None)


@lru_cache
def threshold_pair(inputs: int) -> Verdict:
    """That exactly one of two rails fires, and the right one, for every non-negative weight and threshold.

    Rail 1 has threshold ``th`` over the true rails, rail 0 has ``sum(w) - th + 1`` over the false ones (Muroga,
    Threshold Logic and its Applications, 1971: the dual of a threshold function).
    """
    wires = [z3.Bool(f"x{place}") for place in range(inputs)]
    weights = [z3.Int(f"w{place}") for place in range(inputs)]
    threshold = z3.Int("threshold")
    true = _drive(wires, weights)
    false = _drive([negation(x) for x in wires], weights)
    above, below = (
        _at_least(true, threshold),
        _at_least(false, _sum([*weights, z3.IntVal(1), cast(z3.ArithRef, -threshold)])),
    )
    goal = equality(below, negation(above))
    return decide(f"a dual-rail pair of {inputs} inputs is complementary for any weights", (), [], [], goal, None)


@lru_cache
def losing_spikes(inputs: int) -> Verdict:
    """That a neuron of any non-negative weights which fires although spikes were lost fires without the loss too."""
    sent = [z3.Bool(f"s{place}") for place in range(inputs)]
    heard = [z3.Bool(f"h{place}") for place in range(inputs)]
    weights = [z3.Int(f"w{place}") for place in range(inputs)]
    need = z3.Int("need")
    assume = [_at_least(w, z3.IntVal(0)) for w in weights]
    assume += [implication(h, s) for h, s in zip(heard, sent, strict=True)]
    lossy = _drive(heard, weights)
    whole = _drive(sent, weights)
    goal = implication(_at_least(lossy, need), _at_least(whole, need))
    return decide(f"a loss among {inputs} sources never makes a neuron fire", (), [], assume, goal, None)


def _at_least(left: z3.ArithRef, right: z3.ArithRef) -> z3.BoolRef:
    return left >= right


def _drive(spikes: list[z3.BoolRef], weights: list[z3.ArithRef]) -> z3.ArithRef:
    return _sum([cast(z3.ArithRef, z3.If(x, w, 0)) for x, w in zip(spikes, weights, strict=True)])


def _sum(terms: list[z3.ArithRef]) -> z3.ArithRef:
    return cast(z3.ArithRef, z3.Sum(terms))
