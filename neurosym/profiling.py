"""What a network costs: parameters, time, memory, spikes, operations counted from the signals, and energy.

A spike costs one addition at each synapse that it reaches; a graded spike of value n costs n. The first layer under a
still picture, and every layer whose input is no whole number, costs a multiplication at each synapse. Attention costs
an addition for each pair of spikes that meet in its products. The analog twin multiplies at each synapse, and in each
product of attention, once for each picture. Norms, neurons and memory traffic are left out.
Energy at 45 nm: 0.9 pJ an addition, 4.6 pJ a multiplication with addition.

References:
    Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from logic import Domain, NeurosymError
from perception import (
    DatasetError,
    Neuron,
    Percept,
    PictureError,
    SequenceClassifier,
    SpikingVision,
    catalogue,
    load_dataset,
    preset,
    presets,
    settle_norms,
    zero_skipping,
)
from perception.architectures import Readout, SpikingAttention
from perception.exchange.sequence import as_signal
from perception.networks.activity import JOULES_PER_ADDITION, JOULES_PER_MULTIPLICATION
from perception.networks.perception import Perception, check_perception
from perception.temporal.carrying import layers_over_time
from perception.time_graph.costs import module_costs

from .checkpoint import load_perception
from .inputs import Given, as_seen
from .model import Model

_ROUNDS = 5
_FRAMES = 8  # of a recording


class ModelError(NeurosymError, ValueError):
    """A name that is neither a preset nor a file, or a file that does not hold what is asked for."""


@dataclass(frozen=True)
class LayerProfile:
    """What one weighted layer does for one picture over all steps, on average.

    Args:
        name: Its place in the network; ``.products`` behind it stands for the products of an attention.
        synapses: Multiplications of one analog pass.
        additions: What spikes cause.
        multiplications: What inputs cause that are no whole numbers.
    """

    name: str
    synapses: int
    additions: float
    multiplications: float


@dataclass(frozen=True)
class Profile:
    """What a network costs for one picture.

    Args:
        parameters: Learned numbers.
        steps: ``T``.
        layers: The weighted layers.
        rates: Spikes per neuron and step, by layer of neurons.
        inference_seconds: Processor time of a forward pass per picture that multiplies zeros, median of several.
        skipping_seconds: The same with zeros skipped where that pays (:func:`perception.zero_skipping`).
        training_seconds: Processor time of a forward and a backward pass per picture, median of several.
        kept_bytes: What waits for the backward pass, per picture.
    """

    parameters: int
    steps: int
    layers: tuple[LayerProfile, ...]
    rates: dict[str, float]
    inference_seconds: float
    skipping_seconds: float
    training_seconds: float
    kept_bytes: float

    def __repr__(self) -> str:
        return (
            f"Profile({self.parameters:,} parameters, T = {self.steps}, {len(self.layers)} layers, "
            f"{self.additions:,.0f} additions and {self.multiplications:,.0f} multiplications a picture, "
            f"{1e6 * self.spiking_joules:.3g} microjoules)"
        )

    @property
    def additions(self) -> float:
        """Synaptic operations of spikes per picture."""
        return sum(layer.additions for layer in self.layers)

    @property
    def multiplications(self) -> float:
        """Synaptic operations of other inputs per picture."""
        return sum(layer.multiplications for layer in self.layers)

    @property
    def spiking_joules(self) -> float:
        """Energy of the arithmetic per picture."""
        return JOULES_PER_ADDITION * self.additions + JOULES_PER_MULTIPLICATION * self.multiplications

    @property
    def analog_joules(self) -> float:
        """Energy of the same network with graded units and one pass."""
        return JOULES_PER_MULTIPLICATION * sum(layer.synapses for layer in self.layers)


def profile(network: Perception | Model | nn.Module, pictures: Given | Mapping[str, Given]) -> Profile:
    """Runs a network on pictures and counts what it costs.

    Args:
        network: Any perception of layers that are torch's, a model, whose perceptions are meant, or any module over
            time, which is traced. Its weights and statistics stay as they are.
        pictures: ``[B, C, H, W]`` or frames ``[B, T, C, H, W]``; 16 are enough. Of a module over time what it takes in,
            ``[T, B, ...]``. Of a model with several perceptions
            what each sees, by its name; then the costs of one look of each are added up, and the names of layers begin
            with the perception's.

    Raises:
        PerceptionError: if it is no perception.
        GraphError: if it is a module over time that cannot be traced.
        ModelTypeError: if there are several perceptions, and pictures of one.
        PictureError: if they do not fit the network.

    Example:
        >>> from neurosym import DIGITS, SpikingClassifier
        >>> found = profile(SpikingClassifier(DIGITS, 0), torch.ones(2, 1, 28, 28))
        >>> found.parameters, found.steps, [layer.name for layer in found.layers][-1]
        (80016, 4, 'layers.readout')
    """
    if isinstance(network, Model) and isinstance(pictures, Mapping):
        return _together({name: profile(network.perceptions[name], one) for name, one in pictures.items()})
    if isinstance(pictures, Mapping):
        raise PictureError("pictures by name are those of a model's perceptions; give one perception its tensor")
    if isinstance(network, SequenceClassifier):
        return profile(network.module, as_signal(torch.as_tensor(pictures).transpose(0, 1)))
    own = network if isinstance(network, nn.Module) and not isinstance(network, Model) else None
    if own is not None and not hasattr(own, "domain") and layers_over_time(own):
        with _evaluating(own):
            costs, rates = module_costs(own, signal := torch.as_tensor(pictures))
        rows = tuple(LayerProfile(one.name, one.synapses, one.additions, one.multiplications) for one in costs)
        return _timed(own, signal, signal.shape[1], rows, rates, len(signal))
    vision = cast(nn.Module, check_perception(network.perception if isinstance(network, Model) else network))
    given = as_seen(pictures, vision)[:, None]
    with _evaluating(vision):
        layers, rates, steps = _count(vision, given)
    return _timed(vision, given, len(pictures), layers, rates, steps)


def _timed(
    vision: nn.Module, given: Tensor, count: int, layers: tuple[LayerProfile, ...], rates: dict[str, float], steps: int
) -> Profile:
    """The profile of a network, once its costs are counted."""
    with _evaluating(vision):
        with torch.no_grad():
            with zero_skipping(vision, most=0):
                inference = _seconds(lambda: _see(vision, given))
            with zero_skipping(vision):
                skipping = _seconds(lambda: _see(vision, given))
        backward = _seconds(lambda: torch.autograd.backward(_see(vision, given).sum()))
        kept = _kept_bytes(vision, given)
        vision.zero_grad()
    parameters = sum(parameter.numel() for parameter in vision.parameters())
    return Profile(
        parameters, steps, layers, rates, inference / count, skipping / count, backward / count, kept / count
    )


@contextmanager
def _evaluating(network: nn.Module) -> Generator[None]:
    """Within it, a network is in evaluation; then in the mode in which it was."""
    training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(training)


def _together(profiles: Mapping[str, Profile]) -> Profile:
    """The costs of one look of each perception."""
    found = profiles.values()
    return Profile(
        sum(one.parameters for one in found),
        max(one.steps for one in found),
        tuple(replace(layer, name=f"{name}.{layer.name}") for name, one in profiles.items() for layer in one.layers),
        {f"{name}.{layer}": rate for name, one in profiles.items() for layer, rate in one.rates.items()},
        sum(one.inference_seconds for one in found),
        sum(one.skipping_seconds for one in found),
        sum(one.training_seconds for one in found),
        sum(one.kept_bytes for one in found),
    )


def _see(vision: nn.Module, pictures: Tensor) -> Tensor:
    """Logits ``[T, B, K]``, or the beliefs ``[B, 1, K]`` of a network that tells none: a forward pass."""
    if callable(logits := getattr(vision, "logits", None)):
        return cast(Tensor, logits(pictures))
    found: object = vision(pictures)
    return found if isinstance(found, Tensor) else cast(Percept, found).symbols.log_probs


def _count(vision: nn.Module, pictures: Tensor) -> tuple[tuple[LayerProfile, ...], dict[str, float], int]:
    layers: dict[str, LayerProfile] = {}
    rates: dict[str, float] = {}

    inner = cast(nn.Module, getattr(vision, "network", vision))
    still = getattr(inner, "first", None) if pictures.ndim == 5 else None
    seeing = list[nn.Module]() if still is None else list(still.modules())

    def weigh(name: str, layer: nn.Module, inputs: tuple[Tensor, ...], _: Any) -> None:
        signal, count = inputs[0].detach(), len(pictures)
        if isinstance(layer, SpikingAttention):
            name = f"{name}.products"
            tokens = signal.flatten(3).shape[3]
            layers[name] = LayerProfile(name, layer.products(tokens), layer.additions(signal) / count, 0.0)
        else:
            layers[name] = _layer(name, layer, signal, count, real=layer in seeing)

    def rate(name: str, layer: nn.Module, _: Any, spikes: Tensor) -> None:
        rates[name] = float(spikes.mean())

    inside = {id(part) for layer in vision.modules() if isinstance(layer, Readout) for part in layer.children()}
    hooks = [
        layer.register_forward_hook(partial(rate if isinstance(layer, Neuron) else weigh, name))
        for name, layer in inner.named_modules()
        if isinstance(layer, Neuron | Readout | SpikingAttention | nn.Conv2d | nn.Linear) and id(layer) not in inside
    ]
    try:
        with torch.no_grad():
            if callable(getattr(vision, "logits", None)):
                steps = len(_see(vision, pictures))
            else:  # the percept tells the spikes of neurons that are no modules
                told = cast(Percept, vision(pictures)).spikes
                rates |= {name: float(train.mean()) for name, train in told.items() if name != "input"}
                steps = max((len(train) for train in told.values()), default=1)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(layers.values()), rates, steps


def _layer(name: str, layer: nn.Module, signal: Tensor, count: int, *, real: bool) -> LayerProfile:
    """The costs of a layer whose inputs for ``count`` pictures, at all steps, are merged along the first axis.

    ``real`` inputs are multiplied also where they happen to be whole numbers, as in a picture of black and white.
    """
    if isinstance(layer, Readout):  # its mean over space divides weights, so that it still takes spikes
        signal, layer = (
            signal.flatten(0, 1).flatten(2).sum(2) if signal.ndim > 3 else signal.flatten(0, 1),
            layer.linear,
        )
    synapses = round(reached(layer, torch.ones_like(signal[:1])))
    if not real and bool((signal == signal.round()).all()):
        return LayerProfile(name, synapses, reached(layer, signal.abs()) / count, 0.0)
    return LayerProfile(name, synapses, 0.0, reached(layer, torch.ones_like(signal)) / count)


def reached(layer: nn.Module, signal: Tensor) -> float:
    """The sum over all inputs of their value times the number of synapses that leave them."""
    weight = layer.get_parameter("weight")
    if isinstance(layer, nn.Conv2d):
        return float(
            functional.conv2d(
                signal.double(),
                torch.ones_like(weight, dtype=torch.float64),
                stride=layer.stride,
                padding=layer.padding if isinstance(layer.padding, str) else tuple(layer.padding),
                dilation=layer.dilation,
                groups=layer.groups,
            ).sum()
        )
    return float(signal.double().sum()) * weight.shape[0]


def _seconds(work: Callable[[], object]) -> float:
    """Processor time of a piece of work, the median of several rounds after one that warms up."""
    work()
    found: list[float] = []
    for _ in range(_ROUNDS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return median(found)


def _kept_bytes(vision: nn.Module, pictures: Tensor) -> int:
    """Bytes that autograd keeps between the passes, parameters left out and each piece of memory counted once."""
    own = {parameter.untyped_storage().data_ptr() for parameter in vision.parameters()}
    kept: dict[int, int] = {}
    held: list[Tensor] = []  # so that no piece of memory is used twice while they are counted

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
            held.append(tensor)
        return tensor

    def give(tensor: Tensor) -> Tensor:
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, give):
        _see(vision, pictures).sum()
    return sum(kept.values())


def table(profiles: Sequence[tuple[str, Profile]]) -> list[dict[str, object]]:
    """One row of figures for each network."""
    return [
        {
            "model": name,
            "parameters": found.parameters,
            "steps": found.steps,
            "mean_rate": sum(found.rates.values()) / max(len(found.rates), 1),
            "additions": found.additions,
            "multiplications": found.multiplications,
            "spiking_microjoules": 1e6 * found.spiking_joules,
            "analog_microjoules": 1e6 * found.analog_joules,
            "inference_milliseconds": 1e3 * found.inference_seconds,
            "skipping_milliseconds": 1e3 * found.skipping_seconds,
            "training_milliseconds": 1e3 * found.training_seconds,
            "kept_kibibytes": found.kept_bytes / 1024,
        }
        for name, found in profiles
    ]


def model_names() -> list[str]:
    """The presets' names."""
    return list(presets())


def model_rows() -> list[dict[str, object]]:
    """What is known of everything that has a name, presets first: size, steps, spikes, NIR."""
    return [asdict(entry) for entry in catalogue()]


def profile_model(model: str, *, steps: int | None = None, samples: int = 16, seed: int = 0) -> Profile:
    """What a preset, or a network in a file, costs for one picture.

    A file's network looks at test pictures of the data set that it was trained on if they are at hand without a
    download; else pictures are random. A preset has fresh weights, and its norms are set by the random pictures.

    Args:
        model: Name of a preset, or a file written by ``neurosym train``.
        steps: ``T`` of a preset; its own if none.
        samples: Pictures to measure on.
        seed: Of the weights of a preset and of random pictures.

    Raises:
        ModelError: if there is no such preset or file.
        CheckpointError: if the file holds no network.
    """
    generator = torch.Generator().manual_seed(seed)
    if model in presets():
        chosen = preset(model, **({} if steps is None else {"steps": steps}))
        options = {} if steps is None else {"steps": steps}
        vision = SpikingVision(Domain("value", range(chosen.classes)), generator, model=model, options=options)
        pictures = _random(vision, samples, generator)
        settle_norms(vision, lambda: vision.logits(pictures[:, None]))
        return profile(vision, pictures)
    if not Path(model).is_file():
        raise ModelError(f"{model!r} is neither a preset nor a file; see neurosym models")
    vision, notes = load_perception(Path(model))
    try:
        dataset = load_dataset(notes.get("dataset", ""), split="test", steps=getattr(vision, "steps", _FRAMES))
    except DatasetError:
        return profile(vision, _random(vision, samples, generator))
    return profile(vision, dataset.pictures[:samples])


def _random(vision: object, samples: int, generator: torch.Generator) -> Tensor:
    """Pictures of the size that a network says it takes: its preset's, or its own."""
    chosen = getattr(vision, "preset", vision)
    channels, size = (getattr(chosen, name, default) for name, default in (("channels", 1), ("size", 28)))
    return torch.rand(samples, channels if isinstance(channels, int) else 1, size, size, generator=generator)
