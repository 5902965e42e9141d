"""Every method of the portfolio, each alone, against the sum over all worlds of random ground programs."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import exp, prod

import numpy as np
import pytest
import torch

from reasoner.compilation.portfolio import METHODS, Plan
from reasoner.counting.counter import Counter
from reasoner.errors import QueryError
from reasoner.grounding.grounding import Grounding, ground
from reasoner.prolog.border import Limits
from reasoner.prolog.program import Program

GENEROUS = Limits(seconds=1000.0)


def random_program(random: np.random.Generator, linear: bool, circles: bool) -> str:
    """Facts and disjunctions of up to twelve choices, rules in circles, negation and evidence."""
    count = int(random.integers(3, 10))
    lines = [f"0.{random.integers(1, 10)}::f{n}." for n in range(count)]
    leaves = [f"f{n}" for n in range(count)]
    if random.random() < 0.6:
        lines.append(f"0.{random.integers(1, 4)}::c1; 0.{random.integers(1, 4)}::c2; 0.2::c3.")
        leaves += ["c1", "c2", "c3"]
    if random.random() < 0.4:
        lines += [f"0.5::d1; 0.5::d2 :- {leaves[0]}.", "e :- d1, \\+ f1. e :- d2."]
        leaves += ["d1", "d2", "e"]
    if random.random() < 0.3:
        lines += ["1.0::g1; 0.0::g2 :- f1.", "0.0::g1; 0.4::g2; 0.6::h :- \\+ f1."]
        leaves += ["g1", "g2"]
    atoms = [f"a{n}" for n in range(int(random.integers(2, 6)))]

    def one(items: Sequence[str]) -> str:
        return items[int(random.integers(len(items)))]

    for number, atom in enumerate(atoms):
        denial = "\\+ " if random.random() < 0.3 else ""
        lines.append(f"{atom} :- {one(leaves)}, {denial}{one(leaves)}.")
        others = atoms if circles else atoms[:number]
        for _ in range(int(random.integers(0, 4))):
            if not others:
                continue
            body = [one(others), *([] if linear or random.random() < 0.5 else [one(others)]), one(leaves)]
            chance = "" if random.random() < 0.7 else f"0.{random.integers(1, 10)}::"
            lines.append(f"{chance}{atom} :- {', '.join(dict.fromkeys(body))}.")
    if not linear:
        lines.append(f"top :- {one(atoms)}, \\+ {one(leaves)}. top :- \\+ {one(atoms)}, {one(leaves)}. query(top).")
    lines += [f"query({atom})." for atom in {one(atoms), one(atoms)}]
    for atom in {one(atoms), one(leaves)} if random.random() < 0.5 else ():
        lines.append(f"evidence({atom}, {'true' if random.random() < 0.7 else 'false'}).")
    return "\n".join(lines)


def enumerated(grounding: Grounding, log_probs: Sequence[float]) -> list[float]:
    """The probability of each output, world by world: the least model of each group of rules, in order."""
    rules = grounding.rules()
    totals = [0.0] * (len(rules.outputs) + bool(rules.evidence))
    for world in product(*(range(size) for size in rules.sizes)):
        weight = prod(exp(log_probs[group[value]]) for group, value in zip(rules.one_hot, world, strict=True))
        true = {leaf for leaf, (slot, value) in rules.values.items() if world[slot] == value}
        for rows in rules.circles:
            denials = {item for row in rows for item in row.body if item < 0 and item not in rules.values}
            true |= {item for item in denials if rules.denied.get(item) not in true}
            before = -1
            while len(true) > before:
                before = len(true)
                true |= {row.head for row in rows if true.issuperset(row.body)}
        observed = all((atom in true) == truth for atom, truth in rules.evidence)
        for number, atom in enumerate(rules.outputs):
            totals[number] += weight * (atom in true and observed)
        if rules.evidence:
            totals[-1] += weight * observed
    return totals


def groundings(linear: bool, circles: bool, count: int) -> Iterator[Grounding]:
    for seed in range(count):
        text = random_program(np.random.default_rng(seed), linear, circles)
        try:
            found = ground(Program.parse(text, ()))
        except QueryError:  # evidence that can never be
            continue
        if prod(len(slot.domain) for slot in found.slots) <= 5000:
            yield found


def stated(grounding: Grounding) -> list[float]:
    return [one for constants in grounding.constants for one in constants or ()]


def check(plan: Plan, grounding: Grounding) -> None:
    log_probs = stated(grounding)
    expected = enumerated(grounding, log_probs)
    assert [exp(one) for one in plan.log_probabilities(log_probs)] == pytest.approx(expected, abs=1e-12)
    counted = Counter(plan).log_probabilities(torch.tensor([log_probs], dtype=torch.float64)).exp()[0].tolist()
    assert counted == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("circles", [False, True])
@pytest.mark.parametrize("linear", [False, True])
def test_a_method_counts_as_enumeration_does(method: str, circles: bool, linear: bool) -> None:
    done = 0
    for grounding in groundings(linear, circles, 40):
        plan = METHODS[method](grounding.rules(), GENEROUS)
        if plan is not None:
            check(plan, grounding)
            done += 1
    fits = {"frontier": linear, "elimination": not circles, "diagram": True}[method]
    assert done > 15 or not fits
