"""A spiking residual network with its real weights as a NIR graph, which other simulators run spike by spike.

Norms are folded into convolutions. Whatever enters a node along several edges is summed, so a membrane that residual
blocks pass on (form ``ms``), or sums of spikes (``sew-add``), need no node: all earlier branches lead to the neurons.
The other forms are gates: ``a AND b`` a neuron without memory that hears both and fires above 1.5, ``b AND NOT a`` one
that hears ``b - a`` and fires above 0.5, and a max-pool of spikes one that fires if any of its window does. All
connections act within a step, as in PyTorch. Neurons are LIF or CubaLIF nodes with ``dt = 1e-4 s``, as in
:mod:`logic.targets.nir`; those that do not scale their input have ``r = tau / dt``. Readers fire above the threshold
and not at it, so the next smaller number is written.

NIR's own check of shapes walks every path of a graph, 2^blocks of them; read deep networks with
``nir.read(path, type_check=False)``.

NIR has no max-pool of currents, no product of spikes and no soft reset; networks with these are refused.
"""

from pathlib import Path

import nir
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from logic import whole_file

from ..neurons import Neuron, NirForm
from .layers import ArchitectureError, ConvNorm, MaxPool, Readout
from .presets import Preset
from .resnets import ResNetPlan, SpikingResNet
from .shortcuts import Residual

TIME_STEP = 1e-4  # seconds; what snnTorch's importer takes for granted
_FOREVER = 1e26  # seconds; 1 - dt / tau is exactly 1
Reals = NDArray[np.float32]
Signal = tuple[str, ...]
"""Nodes whose outputs, added up, are what a layer hears."""


def has_nir_graph(chosen: Preset) -> bool:
    """Whether a preset's network can be written: residual, neurons that NIR knows, no max-pool of currents."""
    plan = chosen.plan
    if not isinstance(plan, ResNetPlan) or chosen.neuron.layer().nir_form() is None:
        return False
    return "max" not in (plan.downsampling, plan.projection)


def write_network_nir(network: SpikingResNet, path: Path | str, size: int) -> None:
    """Writes :func:`to_nir_graph` to a file, whole or not at all.

    Args:
        network: As for :func:`to_nir_graph`.
        path: File, ``.nir``.
        size: Height and width of the input in pixels.

    Raises:
        ArchitectureError: as :func:`to_nir_graph`.
        FileError: if the file cannot be written.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from perception import build, preset
        >>> network = build(preset("tiny_ms_resnet"), 0).eval()
        >>> with TemporaryDirectory() as folder:
        ...     write_network_nir(network, f"{folder}/net.nir", size=28)
        ...     nodes = nir.read(f"{folder}/net.nir", type_check=False).nodes
        >>> nodes["input"].input_type["input"].tolist(), nodes["output"].output_type["output"].tolist()
        ([1, 28, 28], [10, 1, 1])
    """
    graph = to_nir_graph(network, size)
    with whole_file(Path(path)) as place:
        nir.write(place, graph)


def to_nir_graph(network: SpikingResNet, size: int) -> nir.NIRGraph:
    """The graph from brightness ``[C, H, W]`` of a step to logits ``[K, 1, 1]`` of that step.

    Args:
        network: Trained; its running statistics are used.
        size: Height and width of the input in pixels.

    Raises:
        ArchitectureError: if a part of the network has no NIR node.
    """
    channels = int(network.first.convolution.in_channels)
    graph = _Graph((channels, size, size))
    signal = graph.convolve(("input",), network.first)
    for layer in network.rest:
        signal = graph.layer(signal, layer)
    for block in network.blocks:
        signal = graph.residual(signal, block)
    signal = graph.layer(signal, network.fire)
    for layer in network.head.children():
        signal = graph.layer(signal, layer)
    return graph.finish(graph.read(signal, network.readout))


def single_layer_graph(layer: nn.Module, shape: tuple[int, ...]) -> nir.NIRGraph:
    """The graph of one layer of neurons, from currents to spikes.

    Args:
        layer: Of leaky neurons with hard reset.
        shape: Of its currents, without time and batch.

    Raises:
        ArchitectureError: if NIR has no node for it.
    """
    graph = _Graph(shape)
    return graph.finish(graph.fire(("input",), layer))


class _Graph:
    """Nodes and edges, and the shape that leaves each node."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.nodes: dict[str, nir.NIRNode] = {"input": nir.Input({"input": np.array(shape)})}
        self.edges: list[tuple[str, str]] = []
        self.shapes: dict[str, tuple[int, ...]] = {"input": shape}

    def add(self, kind: str, node: nir.NIRNode, heard: Signal, shape: tuple[int, ...]) -> Signal:
        """One node more, which hears the sum of others."""
        name = f"{kind}{len(self.nodes)}"
        self.nodes[name], self.shapes[name] = node, shape
        self.edges += [(source, name) for source in heard]
        return (name,)

    def layer(self, signal: Signal, layer: nn.Module) -> Signal:
        """What a layer makes of a signal."""
        if isinstance(layer, nn.Identity):
            return signal
        if isinstance(layer, ConvNorm):
            return self.convolve(signal, layer)
        if isinstance(layer, MaxPool):
            window = np.ones((3, 3), dtype=np.float32)
            return self.gate(self.mask(signal, window, stride=2), 0.5)
        if isinstance(layer, Readout):
            return self.read(signal, layer)
        return self.fire(signal, layer)

    def convolve(self, signal: Signal, layer: ConvNorm) -> Signal:
        """A convolution with its norm folded in, behind a mean over 2 x 2 if it pools so."""
        if layer.pooling == "max":
            raise ArchitectureError("NIR has no max-pool of currents; build with downsampling and projection 'stride'")
        folded = layer.fold()
        if layer.pooling == "average":
            signal = self.mean(signal)
        if folded.groups != 1 or folded.bias is None:
            raise ArchitectureError("readers of NIR know no grouped convolutions; build the network without them")
        return self.weigh(signal, _numbers(folded.weight), _numbers(folded.bias), int(folded.stride[0]))

    def weigh(self, signal: Signal, weight: Reals, bias: Reals, stride: int = 1, padding: int | None = None) -> Signal:
        """A convolution; without another padding, of odd window and padded with zeros by half of it."""
        height, width = self.shapes[signal[0]][1:]
        window = weight.shape[2]
        rim = window // 2 if padding is None else padding
        shape = (len(weight), *((side + 2 * rim - window) // stride + 1 for side in (height, width)))
        node = nir.Conv2d(
            input_shape=(height, width), weight=weight, stride=stride, padding=rim, dilation=1, groups=1, bias=bias
        )
        return self.add("weights", node, signal, shape)

    def mask(self, signal: Signal, window: Reals, stride: int = 1) -> Signal:
        """The same window for each channel on its own; no node where it is a single 1."""
        if window.size == 1 and window.item() == 1:
            return signal
        channels = self.shapes[signal[0]][0]
        weight = np.eye(channels, dtype=np.float32)[:, :, None, None] * window
        return self.weigh(signal, weight, np.zeros(channels, dtype=np.float32), stride)

    def mean(self, signal: Signal) -> Signal:
        """The mean over windows of 2 x 2 side by side."""
        channels, height, width = self.shapes[signal[0]]
        if height % 2 or width % 2:  # windows at the rim are cut off; a frame of zeros lets them start at the corner
            window = np.pad(np.full((2, 2), 0.25, dtype=np.float32), ((height % 2, 0), (width % 2, 0)))
            return self.mask(signal, window, stride=2)
        size = np.array([2, 2])
        node = nir.AvgPool2d(kernel_size=size, stride=size, padding=np.array([0, 0]))
        return self.add("mean", node, signal, (channels, height // 2, width // 2))

    def fire(self, signal: Signal, layer: nn.Module) -> Signal:
        """A layer of neurons."""
        form = layer.nir_form() if isinstance(layer, Neuron) else None
        if form is None:
            raise ArchitectureError(f"NIR has no node for {layer}; use leaky neurons with hard reset that start at 0")
        return self.neurons(signal, form)

    def gate(self, signal: Signal, threshold: float) -> Signal:
        """Neurons without memory that fire where the signal reaches a threshold."""
        return self.neurons(signal, NirForm(threshold, 0.0))

    def neurons(self, signal: Signal, form: NirForm) -> Signal:
        """LIF nodes, or CubaLIF ones if their synapses leak."""
        shape = self.shapes[signal[0]]
        return self.add("neurons", neuron_node(form, shape, "lif"), signal, shape)

    def residual(self, signal: Signal, block: nn.Module) -> Signal:
        """A residual block in any of the five forms."""
        if not isinstance(block, Residual):
            raise ArchitectureError(f"a {type(block).__name__} is no residual block")
        heard = self.fire(signal, block.fire) if block.shortcut == "ms" else signal
        branch = heard
        for layer in block.branch.children():
            branch = self.layer(branch, layer)
        identity = signal if block.projection is None else self.layer(heard, block.projection)
        if block.shortcut == "ms":
            return identity + branch
        if block.shortcut == "spiking":
            return self.fire(branch + identity, block.fire)
        branch = self.fire(branch, block.fire)
        if block.fire_projection is not None:
            identity = self.fire(identity, block.fire_projection)
        if block.shortcut == "sew-add":
            return identity + branch
        if block.shortcut == "sew-and":
            return self.gate(identity + branch, 1.5)
        return self.gate(identity + self.mask(branch, -np.ones((1, 1), dtype=np.float32)), 0.5)

    def read(self, signal: Signal, layer: Readout) -> Signal:
        """Mean over space, norm and linear layer as one convolution whose window is the whole map.

        Readers disagree on what Flatten does to a batch, so that there is none.
        """
        weight, bias = layer.fold()
        height, width = self.shapes[signal[0]][1:]
        spread = weight[:, :, None, None].expand(-1, -1, height, width) / (height * width)
        return self.weigh(signal, _numbers(spread), _numbers(bias), padding=0)

    def finish(self, signal: Signal) -> nir.NIRGraph:
        """The graph whose output is a signal."""
        self.nodes["output"] = nir.Output({"output": np.array(self.shapes[signal[0]])})
        edges = [*self.edges, *((source, "output") for source in signal)]
        return nir.NIRGraph(nodes=self.nodes, edges=edges, metadata={"dt": TIME_STEP}, type_check=False)


def neuron_node(form: NirForm, shape: tuple[int, ...], profile: str) -> nir.NIRNode:
    """Leaky neurons as a node.

    Args:
        form: What they do; numbers, or one for each channel.
        shape: Of their currents, channels first.
        profile: ``lif`` for LIF nodes where synapses have no memory, which sinabs reads, or ``cuba`` for CubaLIF nodes
            always, which Norse and SpikingJelly read.
    """

    def spread(values: object) -> NDArray[np.float64]:
        numbers = torch.as_tensor(values).detach().double().cpu().numpy()
        return np.ones(shape) * (numbers.reshape(-1, *[1] * (len(shape) - 1)) if numbers.ndim else numbers)

    beta, threshold, zero = spread(form.beta), spread(form.threshold), np.zeros(shape)
    with np.errstate(divide="ignore"):
        tau = np.where(beta < 1, TIME_STEP / (1 - beta), _FOREVER)
    limit = np.nextafter(threshold.astype(np.float32), np.float32(-np.inf)).astype(np.float64)
    if form.alpha is None and profile == "lif":
        gain = np.ones(shape) if form.scaled else tau / TIME_STEP
        return nir.LIF(tau=tau, r=gain, v_leak=zero, v_threshold=limit, v_reset=zero)
    alpha = spread(0.0 if form.alpha is None else form.alpha)
    with np.errstate(divide="ignore"):
        synapse = np.where(alpha < 1, TIME_STEP / (1 - alpha), _FOREVER)
    gain = synapse / TIME_STEP * ((1 - beta) if form.scaled else 1)
    return nir.CubaLIF(
        tau_syn=synapse, tau_mem=tau, r=tau / TIME_STEP, v_leak=zero, v_threshold=limit, v_reset=zero, w_in=gain
    )


def _numbers(values: torch.Tensor) -> Reals:
    return values.detach().float().cpu().numpy()
