"""Training within bounds: what is made larger is never above the probability, and its gradient is one of it."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import neurosym as ns
from reasoner import Limits, PrologLimit
from reasoner.errors import CountingError

ROADS = [(0, 1), (0, 2), (1, 3), (2, 3), (1, 2), (3, 4), (2, 4), (4, 5), (3, 5)]
RULES = """
nn(road, [I], S, [closed, open]) :: road(I, S).
{roads}
edge(X, Y) :- between_(I, X, Y), road(I, open).
path(X, X).
path(X, Y) :- edge(X, Z), path(Z, Y).
arrive :- path(0, 5).
""".replace("{roads}", " ".join(f"between_({number}, {a}, {b})." for number, (a, b) in enumerate(ROADS)))


class _Road(nn.Module):
    """Whether a road is open, as a linear function of what is seen of it."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, seen: Tensor) -> Tensor:
        return self.layer(seen)


def model(branches: int | None) -> ns.Model:
    torch.manual_seed(1)
    network = ns.Neural(_Road(), ns.Domain("road", ["closed", "open"]))
    limits = None if branches is None else Limits(gates=3)
    budget = None if branches is None else ns.Budget(branches, 60.0)
    return ns.Model({"road": network}, ns.Program.parse(RULES), "arrive", limits=limits, budget=budget)


def seen() -> Tensor:
    return torch.rand(4, len(ROADS), 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("branches", [40, 10_000])
def test_the_lower_bound_is_never_above_the_probability(branches: int) -> None:
    exact = model(None).log_probability({"road": seen()}, [True] * 4)
    bounded = model(branches).log_probability({"road": seen()}, [True] * 4)
    assert bool((bounded <= exact + 1e-6).all())
    assert torch.allclose(bounded, exact, atol=1e-6) == (branches == 10_000)


def test_training_within_bounds_makes_the_answer_more_probable() -> None:
    one = model(40)
    before = model(None).log_probability({"road": seen()}, [True] * 4).sum()
    optimizer = torch.optim.SGD(one.parameters(), lr=0.5)
    for _ in range(5):
        optimizer.zero_grad()
        (-one.log_probability({"road": seen()}, [True] * 4).sum()).backward()
        optimizer.step()
    after = model(None)
    after.load_state_dict(one.state_dict())
    assert after.log_probability({"road": seen()}, [True] * 4).sum() > before + 0.5


def test_what_bounds_do_not_bound_is_refused() -> None:
    with pytest.raises(CountingError, match="no sample's answer may be false"):
        model(40).log_probability({"road": seen()}, [True, True, False, True])
    without = ns.Model(
        {"road": ns.Neural(_Road(), ns.Domain("road", ["closed", "open"]))},
        ns.Program.parse(RULES), "arrive", limits=Limits(gates=3),
    )  # fmt: skip
    with pytest.raises(ns.NeurosymError, match=r"gates|nodes|limit"):
        without.log_probability({"road": seen()}, [True] * 4)


def test_what_may_be_spent_is_said_anew_when_a_model_is_loaded(tmp_path: Path) -> None:
    rule = ns.Program.parse("even(X) :- digit(0, X), 0 is X mod 2.")
    ns.save_model(
        ns.Model(ns.SpikingClassifier(ns.DIGITS, 0), rule, "even(X)", budget=ns.Budget()), tmp_path / "m.safetensors"
    )
    assert ns.load_model(tmp_path / "m.safetensors").budget is None
    limits, budget = Limits(gates=70), ns.Budget(40, 2.0)
    again = ns.load_model(tmp_path / "m.safetensors", limits=limits, budget=budget)
    assert (again.limits, again.budget) == (limits, budget)


def test_limits_hold_for_what_is_asked_of_perceptions_too() -> None:
    network = ns.Neural(_Road(), ns.Domain("road", ["closed", "open"]))
    with pytest.raises(PrologLimit):
        ns.Model({"road": network}, ns.Program.parse(RULES), "arrive", limits=Limits(instances=1))
