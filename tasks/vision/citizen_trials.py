"""What networks of spiking neurons are put to in PyTorch: one trial in one process, whose outcome is a line of JSON.

Every trial compares what a tool of PyTorch makes of a network with the network itself, and a gradient of a gradient
with finite differences; what comes out otherwise is ``wrong``, however silently.

Run ``python -m tasks.vision.citizen_trials LIBRARY TRIAL``; :mod:`.citizenship` does so for all.
"""

import copy
import io
import json
import pickle
import sys
import warnings
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, multiprocessing, nn
from torch.func import grad, vmap
from torch.utils.data import DataLoader, TensorDataset

from neurosym.terminal import say

from .citizen_networks import CITIZENS, Citizen

STEPS, BATCH = 6, 4
REFUSALS = ("support", "not implemented", "no gradient", "not differentiable")


class WrongError(AssertionError):
    """A result that is not what it should be."""


def frames(seed: int = 0) -> Tensor:
    """Currents ``[T, B, 5]``."""
    return torch.rand(STEPS, BATCH, 5, generator=torch.Generator().manual_seed(seed)) * 3


def run(network: Citizen, shown: Tensor, call: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """A call from rest."""
    network.start()
    return (network if call is None else call)(shown)


def agree(found: Tensor, expected: Tensor, what: str = "outputs") -> None:
    """Refuses what differs by more than rounding."""
    if found.shape != expected.shape or not torch.allclose(found, expected, rtol=1e-4, atol=1e-5):
        raise WrongError(f"{what} differ")


def slope(network: Citizen, call: Callable[[Tensor], Tensor] | None = None) -> Tensor:
    """The gradient of a loss by the currents."""
    shown = frames().requires_grad_()
    return torch.autograd.grad(run(network, shown, call).square().sum(), shown)[0]


def compiled(network: Citizen) -> None:
    """``torch.compile(fullgraph=True)``: one graph, forwards and backwards."""
    made: Any = torch.compile(network, fullgraph=True, backend="aot_eager")
    agree(run(network, frames(), made), run(network, frames()))
    agree(slope(network, made), slope(network), "gradients")


def exported(network: Citizen) -> None:
    """``torch.export``, saved and loaded, run on other numbers."""
    network.start()
    program, file = torch.export.export(network.eval(), (frames(),)), io.BytesIO()
    torch.export.save(program, file)
    file.seek(0)
    agree(torch.export.load(file).module()(frames(1)), run(network, frames(1)))


def mapped(network: Citizen) -> None:
    """``torch.func.vmap`` over examples."""
    both = torch.stack([frames(), frames(1)])
    agree(run(network, both, vmap(network)), torch.stack([run(network, one) for one in both]))


def by_example(network: Citizen) -> None:
    """``torch.func.vmap`` of ``grad``: a gradient for each example."""

    def loss(shown: Tensor) -> Tensor:
        return network(shown).square().sum()

    both = torch.stack([frames(), frames(1)])
    found = run(network, both, vmap(grad(loss)))
    agree(found[0], slope(network), "gradients")


def double_backward(network: Citizen) -> None:
    """A gradient penalty: the gradient of the gradient's length, beside finite differences.

    In one step and by a loss that is linear in the spikes, where differences see what a surrogate says: all else would
    ask what the derivative of a spike is.
    """
    draws, shown = torch.Generator().manual_seed(2), frames()[:1]
    way, weights = (torch.randn(size, generator=draws) for size in (shown.shape, (1, BATCH, 2)))

    def slopes(at: Tensor) -> tuple[Tensor, Tensor]:
        at = at.detach().requires_grad_()
        return at, torch.autograd.grad((run(network, at) * weights).sum(), at, create_graph=True)[0].square().sum()

    at, square = slopes(shown)
    loss = square + 0 * at.sum()  # as beside a task's loss, where a penalty without a graph is lost without a word
    analytic = (torch.autograd.grad(loss, at)[0] * way).sum()
    step = 3e-3
    numeric = (slopes(shown + step * way)[1] - slopes(shown - step * way)[1]).detach() / (2 * step)
    if not torch.allclose(analytic, numeric, rtol=0.02):
        raise WrongError(f"{float(analytic):.4g} instead of {float(numeric):.4g}")


def pickled(network: Citizen) -> None:
    """``pickle``."""
    agree(run(again := pickle.loads(pickle.dumps(network)), frames()), run(network, frames()))
    agree(slope(again), slope(network), "gradients")


def copied(network: Citizen) -> None:
    """``copy.deepcopy`` after a call, which networks that keep graphs as their state do not bear."""
    expected = run(network, frames())
    agree(run(copy.deepcopy(network), frames()), expected)


def _answer(network: Citizen, answers: Any) -> None:
    answers.put(run(network, frames()).detach().tolist())


def spawned(network: Citizen) -> None:
    """Sent to a process that ``spawn`` starts."""
    context: Any = multiprocessing.get_context("spawn")
    answers = context.Queue()
    process = context.Process(target=_answer, args=(network, answers))
    process.start()
    found = answers.get(timeout=100)
    process.join()
    agree(torch.tensor(found), run(network, frames()))


def state_dict(network: Citizen) -> None:
    """A state saved after a call and loaded into a fresh network, strictly."""
    run(network, frames())
    file, again = io.BytesIO(), type(network)()
    torch.save(network.state_dict(), file)
    file.seek(0)
    again.load_state_dict(torch.load(file, weights_only=True))
    agree(run(again, frames()), run(network, frames()))


class _Fires:
    def __init__(self, network: Citizen) -> None:
        self.network = network

    def __call__(self, samples: list[Tensor]) -> Tensor:
        """A batch of what the network makes of samples ``[T, 5]``."""
        with torch.no_grad():
            return run(self.network, torch.stack(samples, 1))


def data_loader(network: Citizen) -> None:
    """At work in the processes of a ``DataLoader``, after it has been at work here."""
    expected = run(network, frames())
    samples: Any = [*frames().unbind(1)]
    loader = DataLoader(samples, 2, num_workers=2, collate_fn=_Fires(network))
    agree(torch.cat([*loader], 1), expected)


def lightning(network: Citizen) -> None:
    """A Lightning module of ten lines, whose loss falls."""
    made: Any = import_module("lightning")

    class Trained(made.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.network, self.losses = network, []

        def training_step(self, batch: list[Tensor], _: int) -> Tensor:
            self.network.start()
            loss = nn.functional.cross_entropy(self.network(batch[0].expand(STEPS, -1, -1)).mean(0), batch[1])
            self.losses.append(loss.item())
            return loss

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), 0.02)

    vectors = torch.randn(64, 5)
    loader = DataLoader(TensorDataset(vectors, (vectors[:, 0] > 0).long()), 16)
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    module = Trained()
    made.Trainer(max_epochs=15, accelerator="cpu", **quiet).fit(module, loader)
    if not module.losses[-1] < 0.7 * module.losses[0]:
        raise WrongError(f"the loss went from {module.losses[0]:.3g} to {module.losses[-1]:.3g}")


def mixed_precision(network: Citizen) -> None:
    """``torch.autocast`` in bfloat16, forwards and backwards."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = run(network, frames())
        found.float().square().sum().backward()
    gradient = network.first.weight.grad
    if gradient is None or not gradient.isfinite().all() or not gradient.any():
        raise WrongError("no gradient arrives")


def streaming(network: Citizen) -> None:
    """In two calls as in one."""
    agree(network.stream(frames(), 2), run(network, frames()))


TRIALS: dict[str, Callable[[Citizen], None]] = {
    "compile fullgraph": compiled,
    "export": exported,
    "vmap": mapped,
    "vmap of grad": by_example,
    "double backward": double_backward,
    "pickle": pickled,
    "deepcopy": copied,
    "spawn": spawned,
    "state_dict": state_dict,
    "DataLoader": data_loader,
    "Lightning": lightning,
    "autocast": mixed_precision,
    "streaming": streaming,
}


def outcome(library: str, trial: str) -> dict[str, str]:
    """``works``, ``refused``, ``wrong``, ``error`` or ``not installed``, and why."""
    try:
        network = CITIZENS[library]()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.add_(0.05)
        TRIALS[trial](network)
    except WrongError as fault:
        return {"outcome": "wrong", "why": str(fault)}
    except ModuleNotFoundError as fault:
        return {"outcome": "not installed", "why": str(fault)}
    except Exception as fault:  # whatever a stranger's package raises
        why = str(fault).strip().splitlines() or [""]
        refused = isinstance(fault, NotImplementedError) or any(word in str(fault).lower() for word in REFUSALS)
        return {"outcome": "refused" if refused else "error", "why": f"{type(fault).__name__}: {why[0][:160]}"}
    return {"outcome": "works", "why": ""}


def main() -> None:
    """One trial; its outcome is the last line of what is written."""
    library, trial = sys.argv[1:]
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    torch.set_num_threads(1)
    say(json.dumps(outcome(library, trial)))


if __name__ == "__main__":
    main()
