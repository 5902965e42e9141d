"""Modules to NIR and back: the same logits in snnTorch, Norse and our own reading; graphs of others, read plainly."""

import contextlib
import io
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from logic import NetworkError
from logic.targets.snntorch import run_in_snntorch
from perception import (
    AdaptiveLIF,
    CubaLIF,
    Delay,
    DelayedLinear,
    GraphError,
    IntegrateAndFire,
    LeakyIntegrateAndFire,
    LeakyReadout,
    OneToOne,
    Recurrent,
    Stream,
    TimeDistributed,
    build,
    module_to_nir,
    nir_to_module,
    preset,
    read_module_nir,
    recorded_spikes,
    write_module_nir,
)
from tests.architectures import frames, lively, small

STEPS, BATCH = 12, 3


def seeded(network: nn.Module) -> nn.Module:
    """Weights that let spikes reach the end; norms that have seen something."""
    generator = torch.Generator().manual_seed(4)
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d):
            layer.weight.data.normal_(0, 1.4 / layer.weight[0].numel() ** 0.5, generator=generator)
            if layer.bias is not None:
                layer.bias.data.normal_(0.1, 0.1, generator=generator)
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            assert layer.running_mean is not None
            assert layer.running_var is not None
            layer.running_mean.normal_(0, 0.3, generator=generator)
            layer.running_var.uniform_(0.2, 0.5, generator=generator)
            layer.weight.data.uniform_(0.8, 1.4, generator=generator)
            layer.bias.data.normal_(0.2, 0.2, generator=generator)
    return network.eval()


class Branches(nn.Module):
    """What a user writes: branches that meet, a scaled one, a pool of spikes, plain code between layers."""

    def __init__(self) -> None:
        super().__init__()
        self.first = TimeDistributed(nn.Conv2d(2, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.fire, self.fire_again = LeakyIntegrateAndFire(0.5), LeakyIntegrateAndFire(0.5, scale_input=True)
        self.second = nn.Conv2d(4, 4, (3, 1), padding=(1, 0), groups=2)
        self.readout = nn.Linear(4 * 3 * 4, 5)

    def forward(self, shown: Tensor) -> Tensor:
        sent = self.fire(self.first(shown))
        pooled = functional.max_pool2d(sent.flatten(0, 1), 2)
        branch = self.second(functional.avg_pool2d(sent.flatten(0, 1), 2))
        joined = (4 * branch - 0.5 * pooled + 2 * pooled).unflatten(0, shown.shape[:2])
        return self.readout(self.fire_again(joined).flatten(2))


MODULES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "flat": (
        lambda: nn.Sequential(
            TimeDistributed(nn.Linear(6, 9)), LeakyIntegrateAndFire(0.75),
            TimeDistributed(nn.Linear(9, 7, bias=False), nn.BatchNorm1d(7)), CubaLIF(0.5, 0.75),
            TimeDistributed(nn.Linear(7, 4)),
        ),
        (6,),
    ),
    "recurrent": (
        lambda: nn.Sequential(
            TimeDistributed(nn.Linear(6, 9)), Recurrent(LeakyIntegrateAndFire(0.75), nn.Linear(9, 9)),
            Recurrent(CubaLIF(0.25, 0.5), OneToOne(9, 0)), TimeDistributed(nn.Linear(9, 4)),
        ),
        (6,),
    ),
    "maps": (Branches, (2, 6, 8)),
    "recurrent maps": (
        lambda: nn.Sequential(
            TimeDistributed(nn.Conv2d(2, 3, 3, padding="same")),
            Recurrent(LeakyIntegrateAndFire(0.5), nn.Conv2d(3, 3, 3, padding=1, bias=False)),
            TimeDistributed(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4)),
        ),
        (2, 5, 5),
    ),
    "recurrent behind maps": (
        lambda: nn.Sequential(
            TimeDistributed(nn.Conv2d(2, 3, 3, stride=2), nn.Flatten()),
            Recurrent(IntegrateAndFire(), nn.Linear(12, 12)), TimeDistributed(nn.Linear(12, 4)),
        ),
        (2, 5, 5),
    ),
}  # fmt: skip
LINES: tuple[Callable[[], nn.Module], tuple[int, ...]] = (
    lambda: nn.Sequential(
        TimeDistributed(nn.Conv1d(2, 5, 3, padding=1), nn.BatchNorm1d(5)), LeakyIntegrateAndFire(0.75),
        TimeDistributed(nn.AvgPool1d(2), nn.Flatten(), nn.Linear(20, 4)),
    ),
    (2, 8),
)  # fmt: skip


def given(shape: tuple[int, ...], seed: int = 0) -> Tensor:
    return (torch.rand(STEPS, BATCH, *shape, generator=torch.Generator().manual_seed(seed)) < 0.5).float()


def in_norse(graph: nir.NIRGraph, shown: Tensor) -> Tensor:
    norse = pytest.importorskip("norse.torch")
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it loads by what is deprecated
        module = norse.from_nir(graph, dt=1e-4, ignore_warnings=True)
    state, answers = None, list[Tensor]()
    with torch.no_grad():
        for frame in shown:
            answer, state = module(frame, state)
            answers.append(answer.flatten(1))
    return torch.stack(answers)


@pytest.mark.parametrize("name", MODULES)
def test_three_simulators_give_the_same_logits(name: str, tmp_path: Path) -> None:
    make, shape = MODULES[name]
    network, shown = seeded(make()), given(shape)
    with torch.no_grad(), recorded_spikes(network) as spikes:
        wanted = network(shown).flatten(2)
    assert all(0.02 < float(train.mean()) < 0.98 for train in spikes.values())
    write_module_nir(network, tmp_path / "mine.nir", shown)
    graph = nir.read(tmp_path / "mine.nir", type_check=False)
    lifted = shown.reshape(*shown.shape[:2], *graph.nodes["input"].input_type["input"].tolist())
    theirs = run_in_snntorch(tmp_path / "mine.nir", lifted, STEPS)
    torch.testing.assert_close(theirs, wanted, rtol=1e-4, atol=1e-4)
    if name != "maps":  # where branches meet, Norse 1.1.0 runs nodes before what they hear
        torch.testing.assert_close(in_norse(graph, lifted), wanted, rtol=1e-4, atol=1e-4)
    again = read_module_nir(tmp_path / "mine.nir")
    with torch.no_grad():
        torch.testing.assert_close(again(lifted).flatten(2), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("profile", ["cuba", "lif"])
def test_what_is_read_is_written_again_trained_and_streamed(profile: Any) -> None:
    network, shown = seeded(MODULES["recurrent"][0]()), given((6,))
    graph = module_to_nir(network, shown, profile)
    again = nir_to_module(graph)
    lifted = shown[..., None, None]
    third = nir_to_module(module_to_nir(again, lifted, profile))
    with torch.no_grad():
        assert torch.equal(third(lifted), again(lifted))
    again(lifted).square().mean().backward()
    assert all(one.grad is not None and one.grad.count_nonzero() for one in again.parameters())
    stream = Stream(again, lifted[0])
    with torch.no_grad():
        whole = again(lifted)
        torch.testing.assert_close(torch.stack([stream.step(frame).logits for frame in lifted]), whole)


def test_lines_are_written_as_convolutions_of_one_axis() -> None:
    network, shown = seeded(LINES[0]()), given(LINES[1])
    graph = module_to_nir(network, shown)
    assert {type(node).__name__ for node in graph.nodes.values()} == {"Input", "Output", "Conv1d", "CubaLIF"}
    with torch.no_grad():
        torch.testing.assert_close(nir_to_module(graph)(shown).flatten(2), network(shown), rtol=1e-4, atol=1e-5)


def test_delays_and_readouts_have_nodes() -> None:
    delay, late = Delay(6, 4, generator=1), DelayedLinear(6, 5, 3, generator=2)
    network = nn.Sequential(delay, LeakyIntegrateAndFire(0.5), late, LeakyReadout(0.8))
    shown = given((6,))
    with pytest.raises(GraphError, match=r"delays are not whole; call round_delays\(\) first \('0'\); a DelayedLinear"):
        module_to_nir(network, shown)
    delay.round_delays()
    late.round_delays()
    graph = module_to_nir(network, shown)
    assert {type(node).__name__ for node in graph.nodes.values()} >= {"Delay", "LI"}
    with torch.no_grad():
        torch.testing.assert_close(nir_to_module(graph)(shown), network(shown))


@pytest.mark.parametrize("name", ["tiny_strided_resnet", "tiny_average_resnet", "tiny_tdbn_resnet"])
def test_presets_are_modules_too(name: str) -> None:
    chosen = small(preset(name))
    network, shown = lively(chosen).float(), frames(chosen).float()
    if name == "tiny_average_resnet":
        with pytest.raises(GraphError, match="'pad'"):  # which its own writer knows
            module_to_nir(network, shown)
        return
    with torch.no_grad():
        found = nir_to_module(module_to_nir(network, shown))(shown).flatten(2)
        torch.testing.assert_close(found, network(shown), rtol=1e-3, atol=1e-3)


def test_all_parts_without_a_form_are_named() -> None:
    network = nn.Sequential(
        TimeDistributed(nn.Conv2d(2, 4, 3), nn.MaxPool2d(2)),
        AdaptiveLIF(),
        TimeDistributed(nn.Flatten(), nn.Softmax(1)),
    )
    with pytest.raises(
        GraphError, match=r"without NIR form: 'max_pool2d' of currents.*'0.layers.1'\); a AdaptiveLIF.*; 'softmax' \("
    ):
        module_to_nir(network, given((2, 6, 6)))
    with pytest.raises(GraphError, match=r"a AdaptiveLIF as it is here.*'0'\); 'softmax'"):
        module_to_nir(nn.Sequential(AdaptiveLIF(), TimeDistributed(nn.Softmax(1))), given((6,)))

    class Two(nn.Module):
        def forward(self, shown: Tensor) -> Tensor:
            return shown.sigmoid() + shown.softmax(-1)

    with pytest.raises(GraphError, match=r"without NIR form: 'sigmoid' \(.*\); 'softmax' \(test_.*\)$"):
        module_to_nir(Two(), given((6,)))
    with pytest.raises(GraphError, match=r"runs step by step: .*'sum' takes all steps together"):
        module_to_nir(build(preset("tiny_ost")).eval(), torch.zeros(4, 2, 1, 28, 28))


# graphs of others


def euler(graph: nir.NIRGraph, order: list[str], shown: Tensor, dt: float) -> Tensor:
    """A graph without loops, node by node and step by step, by the equations of its nodes' documentation."""
    state: dict[str, Any] = {}
    answers = list[Tensor]()
    for frame in shown.double():
        sent = {"input": frame}
        for name in order:
            node: Any = graph.nodes[name]
            x = torch.stack([sent[a] for a, b in graph.edges if b == name]).sum(0)

            def number(values: Any) -> Tensor:
                return torch.as_tensor(np.asarray(values, dtype=float))

            if isinstance(node, nir.CubaLIF | nir.CubaLI):
                current, v = state.get(name, (0.0, 0.0))
                current = current + dt / number(node.tau_syn) * (number(node.w_in) * x - current)
                v = v + dt / number(node.tau_mem) * (number(node.v_leak) - v + number(node.r) * current)
                x, v = fire(node, v)
                state[name] = (current, v)
            elif isinstance(node, nir.LIF | nir.LI):
                v = state.get(name, 0.0)
                v = v + dt / number(node.tau) * (number(node.v_leak) - v + number(node.r) * x)
                x, state[name] = fire(node, v)
            elif isinstance(node, nir.IF):
                x, state[name] = fire(node, state.get(name, 0.0) + number(node.r) * x)
            elif isinstance(node, nir.Threshold):
                x = (x > number(node.threshold)).double()
            elif isinstance(node, nir.Affine | nir.Linear):
                x = x @ number(node.weight).T + (number(node.bias) if isinstance(node, nir.Affine) else 0)
            elif isinstance(node, nir.Scale):
                x = x * number(node.scale)
            elif isinstance(node, nir.Conv2d):
                x = functional.conv2d(
                    x, number(node.weight), number(node.bias), node.stride, node.padding, node.dilation, node.groups
                )
            elif isinstance(node, nir.SumPool2d):
                x = functional.avg_pool2d(x, tuple(node.kernel_size), tuple(node.stride)) * int(
                    np.prod(node.kernel_size)
                )
            elif isinstance(node, nir.AvgPool2d):
                x = functional.avg_pool2d(x, tuple(node.kernel_size), tuple(node.stride), tuple(node.padding))
            elif isinstance(node, nir.Flatten):
                x = x.flatten(1)
            elif isinstance(node, nir.Delay):
                line = state.setdefault(name, [])
                line.append(x)
                steps = int(np.round(node.delay.flat[0] / dt))
                x = line[-1 - steps] if len(line) > steps else torch.zeros_like(x)
            sent[name] = x
        answers.append(sent["output"])
    return torch.stack(answers)


def fire(node: Any, v: Tensor) -> tuple[Tensor, Tensor]:
    if not hasattr(node, "v_threshold"):
        return v, v
    spikes = v > torch.as_tensor(node.v_threshold)
    return spikes.double(), torch.where(spikes, torch.as_tensor(node.v_reset), v)


def chain(shape: tuple[int, ...], **nodes: nir.NIRNode) -> nir.NIRGraph:
    names = ["input", *nodes, "output"]
    every = {"input": nir.Input({"input": np.array(shape)}), **nodes, "output": nir.Output({"output": np.array([1])})}
    return nir.NIRGraph(every, list(pairwise(names)), type_check=False)


def numbers(*shape: int, low: float = 0.5, high: float = 1.5, seed: int = 0) -> Any:
    return np.random.default_rng(seed).uniform(low, high, shape)


DT = 1e-3
OTHERS: dict[str, tuple[tuple[int, ...], Callable[[], dict[str, nir.NIRNode]]]] = {
    "lif": ((4,), lambda: {"a": nir.Affine(numbers(5, 4, low=-1), numbers(5)), "b": nir.LIF(
        tau=numbers(5) * 0.02, r=numbers(5) * 30, v_leak=numbers(5) / 10, v_threshold=numbers(5),
        v_reset=-numbers(5) / 5)}),
    "cuba": ((4,), lambda: {"a": nir.Linear(numbers(5, 4, low=-1)), "b": nir.CubaLIF(
        tau_syn=numbers(5) * 0.01, tau_mem=numbers(5) * 0.02, r=numbers(5) * 9, v_leak=numbers(5) / 9,
        v_threshold=numbers(5) / 3, w_in=numbers(5))}),
    "if": ((4,), lambda: {"a": nir.Scale(numbers(4)), "b": nir.IF(r=numbers(4), v_threshold=numbers(4, high=3))}),
    "li": ((4,), lambda: {"a": nir.LI(tau=numbers(4) * 0.01, r=numbers(4), v_leak=numbers(4)), "b": nir.CubaLI(
        tau_syn=numbers(4) * 0.01, tau_mem=numbers(4) * 0.02, r=numbers(4), v_leak=numbers(4))}),
    "pools": ((2, 8, 8), lambda: {
        "a": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
        "b": nir.Conv2d((4, 4), numbers(4, 1, 3, 3, low=-1), 1, 1, 1, 2, numbers(4)),
        "c": nir.Threshold(numbers(4, 4, 4)),
        "d": nir.AvgPool2d(np.array([2, 2]), np.array([1, 1]), np.array([1, 1])),
        "e": nir.Flatten({"input": np.array([4, 5, 5])}, 0, -1), "f": nir.Linear(numbers(3, 100, low=-1))}),
    "flatten with samples": ((2, 3, 3), lambda: {
        "e": nir.Flatten({"input": np.array([2, 3, 3])}, 1, -1), "f": nir.Linear(numbers(3, 18, low=-1))}),
    "numbers for all": ((4,), lambda: {"a": nir.Linear(numbers(5, 4)), "b": nir.LIF(
        tau=np.array(0.02), r=np.array(20.0), v_leak=np.array(0.1), v_threshold=np.array(1.0))}),
    "delay": ((4,), lambda: {"a": nir.Delay(np.full(4, 3 * DT)), "b": nir.LI(
        tau=numbers(4) * 0.01, r=numbers(4), v_leak=0 * numbers(4))}),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_graphs_of_others_run_by_their_equations(name: str) -> None:
    shape, make = OTHERS[name]
    graph, shown = chain(shape, **make()), given(shape)
    wanted = euler(graph, [*make(), "output"], shown, DT)
    assert wanted.count_nonzero()
    with torch.no_grad():
        torch.testing.assert_close(nir_to_module(graph, dt=DT)(shown).double(), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["lif", "if"])
def test_firing_is_above_the_threshold_not_at_it(name: str) -> None:
    one: Any = np.ones(1)
    lif = nir.LIF(tau=one, r=one, v_leak=0 * one, v_threshold=one)
    node = lif if name == "lif" else nir.IF(r=one, v_threshold=one)
    module = nir_to_module(chain((1,), a=node), dt=1.0)
    assert module(torch.tensor([1.0, 0.0, 1.5]).reshape(3, 1, 1)).flatten().tolist()[0] == 0.0
    assert module(torch.tensor([1.0001]).reshape(1, 1, 1)).item() == 1.0


def test_a_loop_takes_a_step_and_graphs_lie_in_graphs() -> None:
    """Beside a plain loop over steps; the loop's node lies in a graph of its own, as exporters of snnTorch write it."""
    weight, back = numbers(5, 4, low=-1), numbers(5, 5, low=-1, seed=1)
    lif = nir.LIF(tau=np.full(5, 2e-3), r=np.full(5, 2.0), v_leak=np.zeros(5), v_threshold=np.full(5, 0.7))
    inner = nir.NIRGraph(
        {"input": nir.Input({"input": np.array([5])}), "lif": lif, "w_rec": nir.Linear(back),
         "output": nir.Output({"output": np.array([5])})},
        [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")], type_check=False,
    )  # fmt: skip
    graph = chain((4,), w=nir.Linear(weight), rnn=inner)
    shown, sent, v = given((4,)), torch.zeros(BATCH, 5), torch.zeros(BATCH, 5)
    wanted = list[Tensor]()
    for frame in shown:
        v = 0.5 * v + (frame @ torch.tensor(weight).float().T + sent @ torch.tensor(back).float().T)
        sent = (v > 0.7).float()
        v = v * (1 - sent)
        wanted.append(sent)
    module = nir_to_module(graph, dt=1e-3)
    with torch.no_grad():
        assert torch.equal(module(shown), torch.stack(wanted))
    assert 0.05 < float(torch.stack(wanted).mean()) < 0.95


def _loop(*nodes: str) -> nir.NIRGraph:
    made: dict[str, nir.NIRNode] = {
        "a": nir.LIF(tau=np.ones(2), r=np.ones(2), v_leak=np.zeros(2), v_threshold=np.ones(2)),
        "w": nir.Linear(np.eye(2)),
        "b": nir.IF(r=np.ones(2), v_threshold=np.ones(2)),
        "u": nir.Linear(np.eye(2)),
    }
    graph = chain((2,), **{name: made[name] for name in nodes})
    graph.edges.append((nodes[-1], nodes[0]))
    return graph


def _free(edges: list[tuple[str, str]], **nodes: nir.NIRNode) -> nir.NIRGraph:
    return nir.NIRGraph(nodes, edges, type_check=False)


_IN, _OUT = nir.Input({"input": np.array([1])}), nir.Output({"output": np.array([1])})
_ONE = nir.Scale(np.ones(1))
_WRONG: dict[str, tuple[Callable[[], nir.NIRGraph], str]] = {
    "two populations": (lambda: _loop("a", "w", "b", "u"), r"loop leads through 2 populations \('a', 'b'\)"),
    "none": (lambda: _loop("w", "u"), "loop leads through 0 populations"),
    "unknown node": (lambda: chain((4,), a=nir.I(r=np.ones(4))), "node 'a': a I has no layer here"),
    "shape": (lambda: chain((4,), a=nir.Linear(numbers(2, 3))), r"node 'a': its weights \[2, 3\] do not fit .*\[4\]"),
    "nan": (lambda: chain((2,), a=nir.Linear(np.array([[np.nan, 1.0]]))), "'a': its weight holds what is no number"),
    "short tau": (lambda: chain((1,), a=nir.LI(np.full(1, 1e-9), np.ones(1), np.zeros(1))), "shorter than a step"),
    "half delay": (lambda: chain((1,), a=nir.Delay(np.full(1, 1.5e-4))), "not whole steps"),
    "flatten": (lambda: chain((2, 3, 3), e=nir.Flatten({"input": np.array([2, 3, 3])}, 1, -1)), "readers disagree"),
    "edge": (lambda: _free([("input", "x"), ("x", "output")], input=_IN, output=_OUT), "'x', which is no node"),
    "no output": (lambda: _free([], input=_IN), "0 nodes Output"),
    "alone": (lambda: _free([("a", "output")], input=_IN, a=_ONE, output=_OUT), "'a' hears nothing"),
    "large": (
        lambda: chain((1, 30000, 30000), a=nir.Conv2d(None, np.ones((1, 1, 1, 1)), 1, 0, 1, 1, np.ones(1))),
        "empty or too large",
    ),
    "dt": (lambda: chain((1,), a=_ONE), "lasts some time"),
}


@pytest.mark.parametrize("name", _WRONG)
def test_what_is_damaged_or_read_in_two_ways_is_refused(name: str) -> None:
    make, message = _WRONG[name]
    with pytest.raises(GraphError, match=message):
        nir_to_module(make(), dt=-1.0 if name == "dt" else None)


def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="no such file"):
        read_module_nir(tmp_path / "none.nir")
    (tmp_path / "torn.nir").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 64)
    with pytest.raises(NetworkError, match=r"torn\.nir: cannot be read as NIR"):
        read_module_nir(tmp_path / "torn.nir")
    nir.write(tmp_path / "odd.nir", _loop("a", "w", "b", "u"))
    with pytest.raises(GraphError, match=r"odd\.nir: a loop leads"):
        read_module_nir(tmp_path / "odd.nir")
