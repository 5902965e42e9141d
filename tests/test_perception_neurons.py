"""What every neuron promises: shape, no hidden state, causality, streaming, gradients, forms, and clear refusals."""

import copy
import pickle

import pytest
import torch

from perception import NEURONS, Neuron, NeuronError, neuron
from perception.neurons import IntegerForm, options_of

STEPS = 4  # of the samples that know so many only


class TestNeuron:
    """The contract, run by every kind of neuron; what is true of a kind is asked of its class."""

    @pytest.fixture(params=NEURONS)
    def layer(self, request: pytest.FixtureRequest) -> Neuron:
        kind = NEURONS[request.param]
        source = {"generator": 2} if "generator" in options_of(request.param) else {}
        return neuron(request.param, **kind.sample, **source).double()

    def currents(self, layer: Neuron, seed: int = 0) -> torch.Tensor:
        generator = torch.Generator().manual_seed(seed)
        return layer.strong_current * torch.randn(STEPS, 3, 5, generator=generator, dtype=torch.float64).abs()

    def test_spikes_have_the_shape_of_the_currents_and_no_state_stays(self, layer: Neuron) -> None:
        current = self.currents(layer)
        fired = layer.fire(current)
        assert fired.spikes.shape == fired.membrane.shape == current.shape
        assert fired.spikes.count_nonzero()
        assert torch.equal(layer(current), layer(current))
        assert torch.equal(layer(current), fired.spikes)

    def test_spikes_are_bits_unless_it_is_graded(self, layer: Neuron) -> None:
        sent = torch.cat([layer(self.currents(layer, seed)).flatten() for seed in range(4)])
        assert (set(sent.unique().tolist()) <= {0.0, 1.0}) == (not layer.graded)

    def test_the_future_matters_unless_it_is_causal(self, layer: Neuron) -> None:
        current = self.currents(layer)
        other = torch.cat([current[:2], -current[2:]])
        same = torch.equal(layer.fire(current).membrane[:2], layer.fire(other).membrane[:2])
        assert same == layer.causal

    def test_in_two_parts_as_in_one_if_it_streams(self, layer: Neuron) -> None:
        current = self.currents(layer)
        if not layer.streams:
            with pytest.raises(NeuronError):
                layer.fire(current[:2])
            return
        whole, first = layer.fire(current), layer.fire(current[:2])
        second = layer.fire(current[2:], first.state)
        assert torch.equal(torch.cat([first.spikes, second.spikes]), whole.spikes)
        assert torch.equal(torch.cat([first.membrane, second.membrane]), whole.membrane)
        for ours, theirs in zip(second.state, whole.state, strict=True):
            assert torch.equal(ours, theirs)

    def test_it_begins_at_rest(self, layer: Neuron) -> None:
        current = self.currents(layer)
        if layer.streams:
            fired = layer.fire(current, layer.rest(current[0]))
            assert torch.equal(fired.membrane, layer.fire(current).membrane)

    def test_gradients_reach_the_current_and_all_parameters(self, layer: Neuron) -> None:
        current = self.currents(layer).requires_grad_()
        weights = torch.linspace(1, 2, STEPS, dtype=torch.float64).reshape(-1, 1, 1)
        (layer.fire(current).spikes * weights).sum().backward()
        for leaf in (current, *layer.parameters()):
            assert leaf.grad is not None
            assert leaf.grad.isfinite().all()
            assert leaf.grad.count_nonzero()

    def test_thresholds_and_surrogates_are_stated(self, layer: Neuron) -> None:
        assert isinstance(layer.threshold, float)
        assert layer.surrogate.name in repr(layer)

    def test_copied_and_pickled_it_fires_alike(self, layer: Neuron) -> None:
        current = self.currents(layer)
        for again in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
            assert torch.equal(again(current), layer(current))

    def test_it_fires_as_its_nir_form_says(self, layer: Neuron) -> None:
        form, current = layer.nir_form(), self.currents(layer)
        if form is None:
            return
        beta = torch.as_tensor(form.beta, dtype=torch.float64)
        synapse = membrane = torch.zeros_like(current[0])
        for arriving, sent in zip(current, layer(current), strict=True):
            synapse = (form.alpha or 0.0) * synapse + arriving
            membrane = beta * membrane + (1 - beta if form.scaled else 1.0) * synapse
            fired = membrane >= form.threshold
            assert torch.equal(fired, sent.bool())
            membrane = torch.where(fired, 0.0, membrane)

    def test_it_fires_as_its_integer_form_says(self, layer: Neuron) -> None:
        check_integer_form(layer)


def check_integer_form(layer: Neuron) -> None:
    """Whole membranes, floored at each step, are the floors of the real ones; in twice the current at gain 1/2."""
    form = layer.integer_form()
    if form is None:
        return
    scale = round(1 / form.gain)
    current = torch.randint(-4, 6, (STEPS, 500), generator=torch.Generator().manual_seed(0))
    membrane = torch.zeros(500, dtype=torch.int64)
    fired = layer.fire(current.double())
    threshold = round(form.threshold * scale)
    for arriving, sent, told in zip(current, fired.spikes, fired.membrane, strict=True):
        membrane = (membrane >> form.leak if form.retain else 0 * membrane) + arriving
        assert torch.equal((told * scale).floor(), membrane.double())
        assert torch.equal(sent.bool(), membrane >= threshold)
        after = membrane - threshold if form.reset == "soft" else 0 * membrane
        membrane = torch.where(membrane >= threshold, after, membrane)


@pytest.mark.parametrize("beta", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("reset", ["hard", "soft"])
@pytest.mark.parametrize("scale_input", [False, True])
def test_leaks_that_are_halvings_lose_nothing_in_whole_numbers(beta: float, reset: str, scale_input: bool) -> None:
    if scale_input and beta in (0.25, 1.0):
        return  # no gain, or one of 3/4, by which whole thresholds become fractions
    layer = neuron("lif", beta=beta, reset=reset, scale_input=scale_input, threshold=2.0)
    assert layer.integer_form() is not None
    check_integer_form(layer)


def test_forms_depend_on_the_options() -> None:
    assert neuron("if").integer_form() == IntegerForm(1.0)
    assert neuron("lif", beta=1.0).integer_form() == IntegerForm(1.0)
    assert neuron("lif", beta=0.125, scale_input=True).integer_form() == IntegerForm(1.0, 3, 0.875)
    assert neuron("lif", beta=0.0).integer_form() == IntegerForm(1.0, retain=False)
    assert neuron("if", reset="soft").integer_form() == IntegerForm(1.0, reset="soft")
    assert neuron("if", start=0.5).integer_form() is neuron("lif", beta=0.75).integer_form() is None
    for wrong in ({"reset": "soft"}, {"start": 0.5}):
        assert neuron("if", **wrong).nir_form() is None
    assert neuron("cuba_lif", reset="soft").nir_form() is None


def test_clear_refusals() -> None:
    with pytest.raises(NeuronError, match=r"unknown neuron 'lof'; there are if, lif"):
        neuron("lof")
    with pytest.raises(NeuronError, match=r"cannot be built from .*'bta'"):
        neuron("lif", bta=0.5)
    with pytest.raises(NeuronError, match="between 0 and 1"):
        neuron("lif", beta=1.5)
    with pytest.raises(NeuronError, match="masked_psn needs the option 'order'"):
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
