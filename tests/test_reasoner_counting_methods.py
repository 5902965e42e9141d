"""Every method of the portfolio, each alone, against the sum over all worlds of random ground programs."""

from collections.abc import Iterator, Sequence
from itertools import product
from math import exp, inf, log, prod

import numpy as np
import pytest
import torch

from reasoner import Budget, infer
from reasoner.compilation.choice_order import slot_orders
from reasoner.compilation.frontier import Beam, explore
from reasoner.compilation.frontier_circuit import frontier_layers, frontier_sums
from reasoner.compilation.linear_rules import LinearRules
from reasoner.compilation.plan import Plan, Report
from reasoner.compilation.portfolio import METHODS
from reasoner.compilation.single import log_probabilities
from reasoner.counting.bounds import bound_rules
from reasoner.counting.counter import Counter
from reasoner.errors import CountingError, QueryError
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


@pytest.mark.parametrize("circles", [False, True])
def test_bounds_hold_what_enumeration_gives_with_evidence_too(circles: bool) -> None:
    open_at_first = 0
    for grounding in groundings(True, circles, 25):
        log_probs = torch.tensor([stated(grounding)], dtype=torch.float64)
        totals = enumerated(grounding, log_probs[0].tolist())
        expected = torch.tensor(totals, dtype=torch.float64)
        if grounding.evidence:
            expected = expected[:-1] / expected[-1]
        for states in (20, 10**6):
            try:
                found = bound_rules(grounding, log_probs, Budget(states, 1000.0))
            except QueryError:
                assert totals[-1] < 1e-12
                break
            assert (found.lower[0] - 1e-12 <= expected).all()
            assert (expected <= found.upper[0] + 1e-12).all()
            open_at_first += int(not found.exact.all())
        else:
            assert torch.allclose(found.lower[0], expected, atol=1e-12)
            assert torch.allclose(found.upper[0], expected, atol=1e-12)
    assert open_at_first or not circles


def grid(side: int) -> str:
    """Whether opposite corners of a grid are joined by edges that are there or not."""
    nodes = [(row, column) for row in range(side) for column in range(side)]
    lines = ["r(X) :- j(X, Y), r(Y). r(n(0, 0)). j(X, Y) :- e(X, Y). j(X, Y) :- e(Y, X)."]
    lines += [
        f"0.6::e(n({a},{b}), n({c},{d}))." for a, b in nodes for c, d in ((a + 1, b), (a, b + 1)) if max(c, d) < side
    ]
    return "\n".join([*lines, f"query(r(n({side - 1},{side - 1})))."])


def ladder(steps: int) -> str:
    """Whether one end of a ladder is reached from the other, every bar of which may be missing."""
    lines = ["r(X) :- e(X, Y), r(Y). r(X) :- e(Y, X), r(Y). r(0)."]
    for step in range(0, 2 * steps, 2):
        lines.append(f"0.6::e({step},{step + 1}). 0.7::e({step},{step + 2}). 0.5::e({step + 1},{step + 3}).")
    return "\n".join([*lines, f"query(r({2 * steps}))."])


def test_what_is_over_the_limits_is_bounded_and_can_be_differentiated() -> None:
    program = Program.parse(grid(5), ())
    exact = infer(program)
    with pytest.raises(CountingError):
        infer(program, limits=Limits(gates=10))
    found = infer(program, limits=Limits(gates=10), budget=Budget(600, 60.0))
    assert found.bounds is not None
    assert found.bounds.lower <= exact.log_probs.exp() <= found.bounds.upper
    assert found.bounds.upper - found.bounds.lower > 0

    grounding = ground(Program.parse(ladder(4), ()))
    scores = torch.randn(1, 2 * len(grounding.slots), dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def lower(scores: torch.Tensor) -> torch.Tensor:
        log_probs = scores.view(1, -1, 2).log_softmax(2).flatten(1)
        return bound_rules(grounding, log_probs, Budget(60, 60.0)).log_lower

    assert torch.autograd.gradcheck(lower, (scores.requires_grad_(),))


@pytest.mark.parametrize("method", METHODS)
def test_gradients_of_a_method_agree_with_finite_differences(method: str) -> None:
    done = 0
    for grounding in groundings(method == "frontier", method != "elimination", 12):
        plan = METHODS[method](grounding.rules()._replace(never=frozenset()), GENEROUS)
        if plan is None or done == 3:
            continue
        counter, done = Counter(plan), done + 1
        scores = torch.randn(2, plan.inputs, dtype=torch.float64, generator=torch.Generator().manual_seed(done))

        def probabilities(scores: torch.Tensor, counter: Counter = counter, own: Grounding = grounding) -> torch.Tensor:
            parts = [scores[:, group.start : group.stop].log_softmax(1) for group in own.one_hot]
            return counter.log_probabilities(torch.cat(parts, dim=1)).exp()

        assert torch.autograd.gradcheck(probabilities, (scores.requires_grad_(),))
    assert done


def test_large_diagrams_are_counted_as_small_ones_are() -> None:
    """States in bulk, by the compiled kernel, against plain Python: the same nodes and the same number."""
    grounding = ground(Program.parse(ladder(6), ()))
    asked = [grounding.answers[0].atom]
    own = LinearRules(grounding.rules()).behind(asked)
    sizes = grounding.rules().sizes
    order = slot_orders(own, asked)[0]
    plain = explore(own, asked, [], order, sizes, 10**6, inf)
    bulk = explore(own, asked, [], order, sizes, 10**6, inf, Beam(10**6, [[0.5, 0.5]] * len(sizes)))
    assert plain is not None
    assert bulk is not None
    assert plain.states == bulk.states
    one_hot = grounding.rules().one_hot
    by_sums = Plan(frontier_sums([plain], one_hot), one_hot, Report("frontier", 0, 0, 0.0))
    by_layers = Plan(frontier_layers([bulk], one_hot), one_hot, Report("frontier", 0, 0, 0.0))
    log_probs = stated(grounding)
    assert by_sums.log_probabilities(log_probs) == pytest.approx(by_layers.log_probabilities(log_probs))
    assert log_probabilities(by_layers.sums, log_probs) == pytest.approx(by_layers.log_probabilities(log_probs))


@pytest.mark.parametrize("times", [1, 2, 3, 8])
def test_evidence_that_is_said_often_is_said_once(times: int) -> None:
    rules = "0.2::flip. light :- \\+ flip. 0.5::dark :- \\+ light. query(light). query(dark)."
    program = Program.parse(rules + " evidence(\\+ dark)." * times, ())
    assert infer(program).log_probs.exp()[0].tolist() == pytest.approx([0.8 / 0.9, 0.0])
    path = "0.2::a. 0.5::b. q :- a. q :- b. query(a). query(b)."
    assert infer(Program.parse(path + " evidence(\\+ q)." * times, ())).log_probs.exp()[0].tolist() == pytest.approx(
        [0, 0]
    )
    seen = infer(Program.parse(path + " evidence(q)." * times, ())).log_probs.exp()[0].tolist()
    assert seen == pytest.approx([0.2 / 0.6, 0.5 / 0.6])


def test_states_whose_probability_no_float_holds_are_counted_by_logarithms() -> None:
    steps = 40
    lines = ["r(X) :- e(X, Y), r(Y). r(0). query(r(40)).", *(f"1.0e-12::e({n + 1},{n})." for n in range(steps))]
    back = [f"0.5::e({n},{n + 1})." for n in range(steps)]
    grounding = ground(Program.parse("\n".join([*lines, *back]), ()))
    plan = METHODS["frontier"](grounding.rules(), GENEROUS)
    assert plan is not None
    assert plan.log_probabilities(stated(grounding)) == pytest.approx([steps * log(1e-12)])
