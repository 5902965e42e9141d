"""The trials of the table 'what works with our neurons': ours work, and what goes wrong is called by its name."""

import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from tasks.vision import citizen_trials, citizenship
from tasks.vision.citizen_networks import CITIZENS, Citizen, Neurosym
from tasks.vision.citizen_trials import TRIALS, outcome

ELSEWHERE = ("compile fullgraph", "spawn", "DataLoader", "Lightning")  # tested below, and with the operator


@pytest.mark.parametrize("trial", [trial for trial in TRIALS if trial not in ELSEWHERE])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch about itself
def test_ours_work(trial: str) -> None:
    torch.compiler.reset()
    assert outcome("neurosym", trial) == {"outcome": "works", "why": ""}


@pytest.mark.skipif(importlib.util.find_spec("lightning") is None, reason="lightning is an extra")
@pytest.mark.filterwarnings("ignore")  # of Lightning about itself
def test_a_lightning_module_of_ten_lines_learns() -> None:
    assert outcome("neurosym", "Lightning") == {"outcome": "works", "why": ""}


class Constant(Neurosym):
    """Whose gradients forget that slopes depend on membranes, as those of a kernel behind numpy do."""

    def forward(self, frames: Tensor) -> Tensor:
        """Sums."""
        current = self.first(frames)
        slopes = self.neurons.surrogate.derivative(current.detach() - 1)
        return self.last((current >= 1).float() + slopes * (current - current.detach()))


class Forgetful(Neurosym):
    """Whose state does not go on."""

    def fire(self, current: Tensor, state: Any) -> tuple[Tensor, Any]:
        """From rest, always."""
        return super().fire(current, None)


class Broken(Neurosym):
    """Which cannot be called."""

    def forward(self, frames: Tensor) -> Tensor:
        """Never."""
        raise ValueError("no")


class Careful(Neurosym):
    """Which says what it cannot do."""

    def forward(self, frames: Tensor) -> Tensor:
        """Never."""
        raise NotImplementedError("not here")


@pytest.mark.parametrize(
    ("kind", "trial", "expected"),
    [
        (Constant, "double backward", "wrong"),
        (Forgetful, "streaming", "wrong"),
        (Broken, "pickle", "error"),
        (Careful, "pickle", "refused"),
    ],
)
def test_what_goes_wrong_is_called_by_its_name(
    kind: type[Citizen], trial: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CITIZENS, "neurosym", kind)
    assert outcome("neurosym", trial)["outcome"] == expected


def test_what_is_not_there_or_does_not_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(network: Citizen) -> None:
        raise ModuleNotFoundError("No module named 'rival'")

    trials: dict[str, Callable[[Citizen], None]] = {"missing": missing}
    monkeypatch.setattr(citizen_trials, "TRIALS", trials)
    assert outcome("neurosym", "missing")["outcome"] == "not installed"
    assert citizenship.attempt("neurosym", "pickle", 0.01)["outcome"] == "no end"


def test_a_trial_has_a_process_of_its_own() -> None:
    assert citizenship.attempt("neurosym", "state_dict", 120)["outcome"] == "works"
