"""A user's own network in whole numbers, its costs and its dead neurons: beside its own logits and plain counts."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import neurosym as ns
from logic import simulate
from perception import (
    AdaptiveLIF,
    DeadNeuronDetector,
    DelayedLinear,
    IntegerFormError,
    IntegrateAndFire,
    LeakyIntegrateAndFire,
    LeakyReadout,
    OneToOne,
    Recurrent,
    SequenceClassifier,
    TimeDistributed,
    quantise,
    revive,
    to_network,
)
from perception.exchange.module_layers import module_to_layers
from perception.integers import IntegerLayers
from perception.time_graph import trace_over_time
from perception.time_graph.costs import module_costs, run_graph
from tests.test_perception_exchange_nir import seeded

STEPS, BATCH = 6, 3


class Own(nn.Module):
    """Branches, a pool of spikes, means and plain code."""

    def __init__(self) -> None:
        super().__init__()
        self.first = TimeDistributed(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.fire, self.fire_again = LeakyIntegrateAndFire(0.5), IntegrateAndFire()
        self.second = nn.Conv2d(4, 6, 3, padding="same", groups=2)
        self.side = nn.Conv2d(4, 6, 1, bias=False)
        self.readout = nn.Linear(6, 5)

    def forward(self, shown: Tensor) -> Tensor:
        sent = self.fire(self.first(shown)).flatten(0, 1)
        pooled = functional.max_pool2d(sent, 2)
        joined = self.second(functional.avg_pool2d(sent, 2)) + self.side(pooled)
        fired = (
            self.fire_again(3 * 0 + joined.unflatten(0, shown.shape[:2]))
            if False
            else self.fire_again(joined.unflatten(0, shown.shape[:2]))
        )
        return self.readout(fired.mean((3, 4)))


MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "flat": (
        lambda: nn.Sequential(
            TimeDistributed(nn.Linear(6, 9), nn.BatchNorm1d(9)), LeakyIntegrateAndFire(0.5),
            TimeDistributed(nn.Linear(9, 7, bias=False)), IntegrateAndFire(), TimeDistributed(nn.Linear(7, 4)),
        ),
        (6,),
    ),
    "maps": (Own, (2, 6, 6)),
    "flattened": (
        lambda: nn.Sequential(
            TimeDistributed(nn.Conv2d(1, 3, 3, stride=2)), LeakyIntegrateAndFire(0.5, scale_input=True, threshold=0.25),
            TimeDistributed(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(3, 4)),
        ),
        (1, 5, 5),
    ),
}  # fmt: skip


def bits(shape: tuple[int, ...]) -> Tensor:
    return (torch.rand(STEPS, BATCH, *shape, generator=torch.Generator().manual_seed(0)) < 0.5).float()


@pytest.mark.parametrize("name", MODULES)
def test_unrounded_layers_give_the_modules_logits(name: str) -> None:
    make, shape = MODULES[name]
    network, shown = seeded(make()), bits(shape)
    layers = IntegerLayers(module_to_layers(network, shown))
    picture = (*shape, 1, 1)[: max(3, len(shape))]
    found = layers.run(255 * shown.reshape(STEPS, BATCH, *picture), rounded=[])
    with torch.no_grad():
        torch.testing.assert_close(found.logits, network(shown), rtol=1e-4, atol=1e-4)
    assert all(0.02 < float(train.detach().mean()) < 0.98 for train in found.spikes.values())


def test_a_users_network_becomes_one_integer_network_that_decides() -> None:
    make, shape = MODULES["maps"]
    own = seeded(make())
    rates = torch.linspace(0.1, 0.9, 8)[:, None, None, None, None, None]
    recordings = (torch.rand(8, 1, STEPS, *shape, generator=torch.Generator().manual_seed(2)) < rates).float()
    classifier = SequenceClassifier(own, 5, shape=(STEPS, *shape))
    with torch.no_grad():
        own.get_parameter("readout.bias").sub_(classifier.logits(recordings).mean((0, 1)))  # nobody is ahead
    quantised = quantise(classifier)
    evidence = quantised.look(recordings).evidence
    network = to_network(quantised, (0,))
    sent = quantised.input_spikes(recordings)
    spikes = simulate(network, sent, network.latency + 1, record=["winners"])["winners"][network.latency].flatten(1)
    assert torch.equal(spikes.float().argmax(1), evidence.argmax(1))
    assert int(spikes.sum()) == 8
    assert len(set(evidence.argmax(1).tolist())) > 1
    for wrong in (SequenceClassifier(make(), 5), SequenceClassifier(make(), 5, over="last", shape=(STEPS, *shape))):
        with pytest.raises(IntegerFormError, match=r"shape=\(T, N\)"):
            quantise(wrong)


def test_all_parts_without_integer_form_are_named() -> None:
    network = nn.Sequential(
        TimeDistributed(nn.Linear(6, 6)), Recurrent(LeakyIntegrateAndFire(), nn.Linear(6, 6)), AdaptiveLIF(),
        TimeDistributed(nn.Linear(6, 3), nn.Tanh()), LeakyReadout(),
    )  # fmt: skip
    message = r"integer form: a Recurrent as it is here.*\('1'\); a AdaptiveLIF.*\('2'\); .*'tanh' \('3.layers.1'\)"
    with pytest.raises(IntegerFormError, match=message):
        module_to_layers(network, bits((6,)))
    for wrong, message in (
        (nn.Sequential(LeakyIntegrateAndFire(0.5)), "neurons at the end"),
        (nn.Sequential(TimeDistributed(nn.Linear(6, 6), nn.Linear(6, 2))), "weights of a membrane"),
        (nn.Sequential(LeakyIntegrateAndFire(0.7), TimeDistributed(nn.Linear(6, 2))), r"keep 1/2\^k"),
    ):
        with pytest.raises(IntegerFormError, match=message):
            module_to_layers(wrong, bits((6,)))


def test_a_traced_graph_runs_as_its_module() -> None:
    network, shown = seeded(Own()), bits((2, 6, 6))
    with torch.no_grad():
        assert torch.equal(run_graph(trace_over_time(network, shown), shown), network(shown))


def test_costs_are_counts_of_synapses() -> None:
    """Beside plain sums over the spikes that each layer of weights sees, and over its windows."""
    network: Any = seeded(
        nn.Sequential(
            TimeDistributed(nn.Linear(6, 9)), Recurrent(LeakyIntegrateAndFire(0.5), nn.Linear(9, 9)),
            Recurrent(IntegrateAndFire(), OneToOne(9, 0)), DelayedLinear(9, 5, 2), LeakyReadout(),
        )
    )  # fmt: skip
    shown = bits((6,))
    with torch.no_grad():
        first = network[:2](shown)
        second = network[:3](shown)
    costs, rates = module_costs(network, shown)
    found = {one.name: (one.synapses, one.additions) for one in costs}
    assert found == {
        "0.layers.0": (54, float(shown.sum()) * 9 / BATCH),
        "1.connection": (81, float(first[:-1].sum()) * 9 / BATCH),
        "2.connection": (9, float(second[:-1].sum()) / BATCH),
        "3": (45, float(second.sum()) * 5 / BATCH),
    }
    assert rates == {"1": pytest.approx(float(first.mean())), "2": pytest.approx(float(second.mean()))}
    real, _ = module_costs(network, shown / 3)
    assert (real[0].additions, real[0].multiplications) == (0.0, STEPS * 54)


def test_any_module_is_profiled() -> None:
    network, shown = seeded(Own()).train(), bits((2, 6, 6))
    found = ns.profile(network, shown)
    assert network.training
    assert [layer.name for layer in found.layers] == ["first.layers.0", "second", "side", "readout"]
    assert found.steps == STEPS
    assert found.parameters == sum(one.numel() for one in network.parameters())
    assert found.kept_bytes > 0
    assert set(found.rates) == {"fire", "fire_again"}
    again = ns.profile(SequenceClassifier(network, 5), shown.transpose(0, 1))
    assert again.additions == found.additions
    classifier = ns.SpikingVision(3, 0, options={"size": 14})  # counted by hooks and by the traced graph alike
    frames = bits((1, 14, 14))
    by_hooks = ns.profile(classifier, frames.transpose(0, 1))
    by_graph = ns.profile(classifier.network, frames)
    assert by_graph.additions == pytest.approx(by_hooks.additions, rel=0.05)


def test_dead_neurons_of_any_module_are_found_and_revived() -> None:
    network = nn.Sequential(
        TimeDistributed(nn.Conv1d(2, 4, 3, padding=1)), Recurrent(LeakyIntegrateAndFire(0.5), nn.Conv1d(4, 4, 1)),
        TimeDistributed(nn.Flatten(), nn.Linear(32, 3)),
    )  # fmt: skip
    weights: Any = network.get_submodule("0.layers.0")
    with torch.no_grad():
        weights.weight[1], weights.bias[1] = 0, -5
    shown = bits((2, 8))
    with (
        pytest.warns(match="layer '1': [1-3] of 4 channels are dead"),
        DeadNeuronDetector(network, patience=1) as detector,
    ):
        network(2 * shown)
    assert detector.dead()["1"].tolist()[1]
    revive(network, "1", "fluctuating_weights", lambda: network(shown), 0)
    assert weights.weight[1].count_nonzero()
