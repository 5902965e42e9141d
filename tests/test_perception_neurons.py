"""What every neuron promises: shape, no hidden state, causality, streaming, gradients, and clear refusals."""

import pytest
import torch

from perception import NEURONS, Neuron, NeuronError, neuron

STEPS = 6
OPTIONS: dict[str, dict[str, object]] = {"psn": {"steps": STEPS}, "masked_psn": {"steps": STEPS, "order": 3}}
DRIVE = {"adex": 600.0, "izhikevich": 60.0}  # what makes them fire within a few steps
START = {"adex": (-42.0, 0.0), "izhikevich": (0.0, -10.0)}
CAUSAL = [name for name in NEURONS if name != "psn"]
STREAMING = [name for name in NEURONS if "psn" not in name or name == "sliding_psn"]


def build(name: str) -> Neuron:
    torch.manual_seed(1)
    return neuron(name, **OPTIONS.get(name, {})).double()


def currents(name: str, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return DRIVE.get(name, 1.5) * torch.randn(STEPS, 3, 5, generator=generator, dtype=torch.float64).abs()


def start(name: str) -> tuple[torch.Tensor, ...] | None:
    return tuple(torch.full((3, 5), v, dtype=torch.float64) for v in START[name]) if name in START else None


@pytest.mark.parametrize("name", NEURONS)
def test_spikes_have_the_shape_of_the_currents_and_no_state_stays(name: str) -> None:
    layer, current = build(name), currents(name)
    fired = layer.fire(current, start(name))
    assert fired.spikes.shape == fired.membrane.shape == current.shape
    assert fired.spikes.count_nonzero()
    assert torch.equal(layer(current), layer(current))


@pytest.mark.parametrize("name", set(CAUSAL) - {"multi_threshold_lif", "integer_lif"})
def test_spikes_are_bits(name: str) -> None:
    assert set(build(name).fire(currents(name), start(name)).spikes.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("name", CAUSAL)
def test_the_future_does_not_matter(name: str) -> None:
    layer, current = build(name), currents(name)
    other = torch.cat([current[:3], currents(name, seed=1)[3:]])
    assert torch.equal(layer.fire(current, start(name)).spikes[:3], layer.fire(other, start(name)).spikes[:3])


@pytest.mark.parametrize("name", STREAMING)
def test_in_two_parts_as_in_one(name: str) -> None:
    layer, current = build(name), currents(name)
    whole = layer.fire(current, start(name))
    first = layer.fire(current[:2], start(name))
    second = layer.fire(current[2:], first.state)
    assert torch.equal(torch.cat([first.spikes, second.spikes]), whole.spikes)
    assert torch.equal(torch.cat([first.membrane, second.membrane]), whole.membrane)
    for ours, theirs in zip(second.state, whole.state, strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("name", NEURONS)
def test_gradients_reach_the_current_and_all_parameters(name: str) -> None:
    layer, current = build(name), currents(name).requires_grad_()
    weights = torch.linspace(1, 2, STEPS, dtype=torch.float64).reshape(-1, 1, 1)
    (layer.fire(current, start(name)).spikes * weights).sum().backward()
    for leaf in (current, *layer.parameters()):
        assert leaf.grad is not None
        assert leaf.grad.isfinite().all()
        assert leaf.grad.count_nonzero()


@pytest.mark.parametrize("name", NEURONS)
def test_thresholds_and_surrogates_are_stated(name: str) -> None:
    layer = build(name)
    assert isinstance(layer.threshold, float)
    assert layer.surrogate.name in repr(layer)


def test_clear_refusals() -> None:
    with pytest.raises(NeuronError, match=r"unknown neuron 'lof'; there are if, lif"):
        neuron("lof")
    with pytest.raises(NeuronError, match=r"cannot be built from .*'bta'"):
        neuron("lif", bta=0.5)
    with pytest.raises(NeuronError, match="between 0 and 1"):
        neuron("lif", beta=1.5)
    with pytest.raises(NeuronError, match="needs the option 'order'"):
        neuron("masked_psn", steps=4)
    with pytest.raises(NeuronError, match="threshold must be positive"):
        neuron("if", threshold=0.0)
    with pytest.raises(NeuronError, match=r"axes \[T, B, \.\.\.\]"):
        neuron("lif")(torch.zeros(3))
    with pytest.raises(NeuronError, match="must be floating point"):
        neuron("lif")(torch.zeros(3, 1, dtype=torch.int64))
    with pytest.raises(NeuronError, match="state of 1 tensors"):
        neuron("lif").fire(torch.zeros(3, 2), (torch.zeros(3),))
    with pytest.raises(NeuronError, match="built for 4 steps, got 3"):
        neuron("psn", steps=4)(torch.zeros(3, 1))
