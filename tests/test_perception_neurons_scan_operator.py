"""Neurons among PyTorch's own tools: compilers, exporters, function transforms, gradients of gradients, processes."""

import io
import shutil
from collections.abc import Callable
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, hessian, jvp, vmap
from torch.utils.data import DataLoader

from perception import (
    NEURONS,
    LeakyIntegrateAndFire,
    Neuron,
    NeuronError,
    ParametricLIF,
    SpikingVision,
    Surrogate,
    neuron,
    spike,
)
from perception.neurons import Reset, options_of
from perception.neurons.scan_operator import backward_operator, scan_operator

pytestmark = [  # of PyTorch about itself
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated"),
    pytest.mark.filterwarnings("ignore:.*should not be instantiated"),
]
RESETS: list[tuple[Reset, bool]] = [("hard", True), ("hard", False), ("soft", True), ("soft", False)]
WEIGHTS = torch.linspace(0.5, 2, 5, dtype=torch.float64)


def made(name: str, **options: Any) -> Neuron:
    source = {"generator": 2} if "generator" in options_of(name) else {}
    return neuron(name, **NEURONS[name].sample, **source, **options).double()


def currents(layer: Neuron, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return layer.strong_current * torch.randn(4, 3, 5, generator=generator, dtype=torch.float64).abs()


def weighed(layer: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda current: (layer(current) * WEIGHTS).square().sum()


def gradient(run: Callable[[Tensor], Tensor], current: Tensor) -> Tensor:
    leaf = current.clone().requires_grad_()
    return torch.autograd.grad(run(leaf), leaf)[0]


def penalty(run: Callable[[Tensor], Tensor], current: Tensor) -> tuple[Tensor, Tensor]:
    """The square of the gradient's length, and its gradient."""
    leaf = current.clone().requires_grad_()
    square = torch.autograd.grad(run(leaf), leaf, create_graph=True)[0].square().sum()
    return square.detach(), torch.autograd.grad(square, leaf)[0]


@pytest.mark.parametrize("name", NEURONS)
def test_compiled_in_one_graph(name: str) -> None:
    torch.compiler.reset()
    layer = made(name)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager" if name in ("lif", "lsg") else "eager")
    current = currents(layer)
    assert torch.equal(compiled(current), layer(current))
    torch.testing.assert_close(gradient(weighed(compiled), current), gradient(weighed(layer), current))


@pytest.mark.skipif(not shutil.which("g++"), reason="inductor needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # of the compiler
def test_compiled_by_inductor_between_other_layers() -> None:
    torch.compiler.reset()
    network = nn.Sequential(nn.Linear(5, 6), LeakyIntegrateAndFire(detach_reset=False), nn.Linear(6, 2)).double()
    compiled, current = torch.compile(network, fullgraph=True), currents(made("lif"))
    torch.testing.assert_close(compiled(current), network(current))
    torch.testing.assert_close(
        gradient(lambda c: compiled(c).sum(), current), gradient(lambda c: network(c).sum(), current)
    )


@pytest.mark.parametrize("name", NEURONS)
def test_exported_saved_and_loaded_it_fires_alike_for_any_batch(name: str) -> None:
    layer = made(name)
    current = currents(layer)
    exported = torch.export.export(layer, (current,), dynamic_shapes=({1: torch.export.Dim("batch")},))
    file = io.BytesIO()
    torch.export.save(exported, file)
    file.seek(0)
    again = torch.export.load(file).module()
    for batch in (current, currents(layer, 1).repeat(1, 2, 1)):
        assert torch.equal(again(batch), layer(batch))


def test_a_scan_is_one_node_of_an_exported_graph_and_still_learns() -> None:
    layer = made("plif")
    exported = torch.export.export(layer, (currents(layer),))
    calls = [node.target for node in exported.graph.nodes if node.op == "call_function"]
    assert calls.count(torch.ops.neurosym.leaky_scan.default) == 1
    again = exported.module()
    for module in (layer, again):
        weighed(module)(currents(layer)).backward()
    torch.testing.assert_close(again.get_parameter("leak").grad, layer.get_parameter("leak").grad)


@pytest.mark.parametrize("name", NEURONS)
def test_function_transforms_are_what_they_are_example_by_example(name: str) -> None:
    layer = made(name)
    examples = torch.stack([currents(layer, seed) for seed in range(3)])
    run = weighed(layer)
    assert torch.equal(vmap(layer)(examples), torch.stack([layer(example) for example in examples]))
    expected = torch.stack([gradient(run, example) for example in examples])
    for found in (vmap(grad(run))(examples), torch.stack([grad(run)(example) for example in examples])):
        torch.testing.assert_close(found, expected)
    direction = torch.randn_like(examples[0])
    forwards = cast(Any, jvp(run, (examples[0],), (direction,)))
    torch.testing.assert_close(forwards[1], (expected[0] * direction).sum())


@pytest.mark.parametrize("tier", ["eager", "native"])
@pytest.mark.parametrize(("reset", "detach"), RESETS)
def test_gradients_of_gradients_are_those_of_recorded_steps(tier: str, reset: Reset, detach: bool) -> None:
    options: dict[str, Any] = {"reset": reset, "detach_reset": detach}
    ours, recorded = (made("plif", tier=which, **options) for which in (tier, "recorded"))
    current = currents(ours)
    expected = penalty(weighed(recorded), current)
    assert expected[1].abs().sum() > 1
    for mine, other in zip(penalty(weighed(ours), current), expected, strict=True):
        torch.testing.assert_close(mine, other)
    for layer in (ours, recorded):  # and by the leak
        leaf = current.clone().requires_grad_()
        torch.autograd.grad(weighed(layer)(leaf), leaf, create_graph=True)[0].square().sum().backward()
    torch.testing.assert_close(ours.get_parameter("leak").grad, recorded.get_parameter("leak").grad)
    torch.testing.assert_close(hessian(weighed(ours))(current), hessian(weighed(recorded))(current))


def test_the_gradient_of_a_gradient_is_that_of_a_plain_loop() -> None:
    layer = made("lif", reset="soft", detach_reset=False)

    def loop(current: Tensor) -> Tensor:
        membrane, spikes = torch.zeros_like(current[0]), list[Tensor]()
        for driving in current.unbind(0):
            membrane = 0.5 * membrane + driving
            spikes.append(spike(membrane - 1, layer.surrogate))
            membrane = membrane - spikes[-1]
        return torch.stack(spikes)

    for mine, other in zip(
        penalty(weighed(layer), currents(layer)), penalty(weighed(loop), currents(layer)), strict=True
    ):
        torch.testing.assert_close(mine, other)


def test_a_surrogate_that_is_a_function_has_gradients_but_none_of_higher_order_unless_recorded() -> None:
    def window(x: Tensor) -> Tensor:
        return (1 - x.square()).clamp(min=0)

    fast, recorded = (made("lif", surrogate=window, tier=tier) for tier in ("auto", "recorded"))
    current = currents(fast)
    torch.testing.assert_close(gradient(weighed(fast), current), gradient(weighed(recorded), current))
    penalty(weighed(recorded), current)
    with pytest.raises(NeuronError, match="give the neurons a named surrogate, or tier='recorded'"):
        penalty(weighed(fast), current)
    mine = made("lif", surrogate=Surrogate("arctan", window, 1, 4 / 3))  # a name of ours does not make it ours
    assert torch.equal(gradient(weighed(mine), current), gradient(weighed(fast), current))


def test_leaks_of_many_models_at_once() -> None:
    layer = made("plif")
    current = currents(layer)
    leaks = torch.tensor([-0.5, 0.2, 1.5], dtype=torch.float64)

    def run(leak: Tensor) -> Tensor:
        return functional_call(layer, {"leak": leak}, (current,))

    def loss(leak: Tensor) -> Tensor:
        return (run(leak) * WEIGHTS).sum()

    assert torch.equal(vmap(run)(leaks), torch.stack([run(leak) for leak in leaks]))
    torch.testing.assert_close(vmap(grad(loss))(leaks), torch.stack([gradient(loss, leak) for leak in leaks]))


def test_a_whole_preset_is_compiled_exported_and_transformed() -> None:
    torch.compiler.reset()
    options = {"size": 8, "steps": 2, "widths": (4, 4, 4), "channels": 1}
    network = SpikingVision(2, 0, model="tiny_strided_resnet", options=options).eval().network
    frames = torch.rand(3, 2, 1, 1, 8, 8)
    assert torch.equal(torch.compile(network, fullgraph=True, backend="eager")(frames[0]), network(frames[0]))
    exported = torch.export.export(network, (frames[0],)).module()
    torch.testing.assert_close(exported(frames[1]), network(frames[1]))

    def loss(shown: Tensor) -> Tensor:
        return network(shown).square().sum()

    torch.testing.assert_close(vmap(grad(loss))(frames)[2], gradient(loss, frames[2]))


@pytest.mark.parametrize("record", [False, True])
def test_the_operators_keep_pytorchs_rules(record: bool) -> None:
    current = torch.rand(4, 2, 3, 5, 5).mul(2).transpose(2, 4).requires_grad_()
    numbers = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (0.5, 1.2, 0.9)]
    settings = ("arctan", [2.0], "soft", False, "auto")
    initial = torch.rand(2, 5, 5, 3, requires_grad=True)
    torch.library.opcheck(scan_operator, (current, *numbers, initial, None, *settings, record))
    arriving = (torch.rand(4, 2, 5, 5, 3), None, None)
    kept = current.detach()
    torch.library.opcheck(
        backward_operator, (*arriving, kept, *numbers, initial.detach(), None, *settings, True, record)
    )


def test_mixed_precision_rounds_currents_and_not_what_neurons_do() -> None:
    network = nn.Sequential(nn.Linear(5, 6), LeakyIntegrateAndFire())
    frames = torch.rand(4, 3, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        spikes = network(frames)
        spikes.float().sum().backward()
    assert spikes.dtype == torch.bfloat16
    assert torch.equal(spikes, network[1](network[0].bfloat16()(frames.bfloat16())))
    assert network[0].weight.grad is not None


@pytest.mark.parametrize("way", ["fork", "spawn"])
def test_neurons_fire_in_the_processes_of_a_data_loader(way: str) -> None:
    layer, pictures = ParametricLIF(), torch.rand(4, 6, 5) * 2
    expected = layer(pictures)  # this process's kernels are at work before others are made
    samples = cast(Any, list(pictures.unbind(1)))
    loader = DataLoader(samples, 3, num_workers=1, multiprocessing_context=way, collate_fn=Fires(layer))
    assert torch.equal(torch.cat(list(loader), 1), expected)


class Fires:
    """What becomes of pictures on their way to a batch."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def __call__(self, pictures: list[Tensor]) -> Tensor:
        """Spikes of a batch."""
        with torch.no_grad():
            return self.layer(torch.stack(pictures, 1))
