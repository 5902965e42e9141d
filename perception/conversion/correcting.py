"""Corrections on calibration pictures: biases or potentials layer by layer, or thresholds and biases tuned together.

``tune`` needs no labels and leaves weights as they were. Its forward values are those of the spiking network; the
gradient passes each layer as that of a quantised clip does (learned step size): a threshold learns from what it rounds,
and from what it clips.

References:
    Li et al., "A Free Lunch From ANN", ICML 2021 (biases, potentials); Esser et al., "Learned Step Size Quantization",
    ICLR 2020 (the gradient of a threshold).
"""

from collections.abc import Iterable

import torch
from torch import Tensor

from .converted import ConvertedNetwork
from .interpreting import evaluate
from .signal_graph import Operation

ROUNDS = 3
EPOCHS = 10
BATCH = 50
RATE = 0.01
LAYERS = (
    0.3  # weight of the layers' errors beside that of the answers; it keeps few pictures from being learnt by heart
)


def correct(converted: ConvertedNetwork, pictures: Tensor, rounds: int = ROUNDS) -> None:
    """Adds to each layer's bias what its channels send too little on average, in one run, layer by layer.

    Args:
        converted: Is changed.
        pictures: Calibration pictures ``[N, ...]``.
        rounds: Corrections of each layer.
    """
    wanted = converted.analog_layers(pictures)

    def adjust(one: Operation, currents: Tensor) -> Tensor:
        for _ in range(rounds):
            sent = converted.fire(one, currents)
            add_bias(converted, one, wanted[one.name] - converted.code.estimates(sent)[-1])
        return converted.fire(one, currents)

    converted.runner(converted.steps, adjust)(pictures)


def add_bias(converted: ConvertedNetwork, one: Operation, missing: Tensor) -> None:
    """Adds the mean of what is missing in each channel to a layer's bias; potentials are paid once for all steps."""
    axes = [axis for axis in range(missing.dim()) if axis != one.channel_axis]
    unit = converted.unit(one)
    step = missing.mean(axes, keepdim=True)
    if converted.method.correction == "potential":
        step = step * converted.steps
    unit.bias = step if unit.bias is None else unit.bias + step


def tune(converted: ConvertedNetwork, pictures: Tensor, epochs: int = EPOCHS, seed: int = 0) -> None:
    """Lowers the relative squared error of the answers, and of all layers, on calibration pictures.

    Args:
        converted: Is changed; of a method whose trains stand for their mean.
        pictures: Calibration pictures ``[N, ...]``.
        epochs: Passes over them.
        seed: Of their order.
    """
    logarithms, shifts = _parameters(converted)
    optimiser = torch.optim.Adam([*logarithms.values(), *shifts.values()], RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * -(-len(pictures) // BATCH))
    generator = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for part in torch.randperm(len(pictures), generator=generator).split(BATCH):
            shown = pictures[part]
            aims = converted.analog_layers(shown)
            with torch.no_grad():
                wanted = evaluate(converted.graph, converted.constants, shown)
            answers, layers = _answers(converted, shown, logarithms, shifts)
            loss = _error(answers, wanted) + LAYERS * _error(layers.values(), [aims[name] for name in layers])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            _set(converted, logarithms, shifts)


def _error(given: Iterable[Tensor], wanted: Iterable[Tensor]) -> Tensor:
    """Mean of the relative squared errors."""
    pairs = zip(given, wanted, strict=True)
    return torch.stack(
        [(one - two).square().mean() / two.square().mean().clamp(min=1e-12) for one, two in pairs]
    ).mean()


def _parameters(converted: ConvertedNetwork) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Logarithms of the thresholds, and biases in thresholds, by layer."""
    logarithms, shifts = dict[str, Tensor](), dict[str, Tensor]()
    for one in converted.graph.neurons:
        unit = converted.unit(one)
        bias = torch.zeros_like(unit.threshold) if unit.bias is None else unit.bias
        logarithms[one.name] = unit.threshold.log().detach().requires_grad_()
        shifts[one.name] = (bias / unit.threshold).detach().requires_grad_()
    return logarithms, shifts


def _set(converted: ConvertedNetwork, logarithms: dict[str, Tensor], shifts: dict[str, Tensor]) -> None:
    with torch.no_grad():
        for one in converted.graph.neurons:
            unit = converted.unit(one)
            unit.threshold = logarithms[one.name].exp()
            unit.bias = shifts[one.name] * unit.threshold


def _answers(
    converted: ConvertedNetwork, pictures: Tensor, logarithms: dict[str, Tensor], shifts: dict[str, Tensor]
) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
    """What the spiking network answers and its layers stand for, with a gradient for thresholds and biases."""
    rates: dict[str, Tensor] = {}
    layers: dict[str, Tensor] = {}

    def record(one: Operation, currents: Tensor) -> Tensor:
        sent = converted.fire(one, currents)
        rates[one.name] = converted.code.estimates(sent)[-1]
        return sent

    converted.runner(converted.steps, record)(pictures)

    def fire(one: Operation, x: Tensor) -> Tensor:
        threshold = logarithms[one.name].exp()
        share = x / threshold + shifts[one.name]
        clipped = share if one.activation and one.activation.two_sided else share.clamp(0, 1)
        layers[one.name] = threshold * (clipped + (rates[one.name] / threshold - clipped).detach())
        return layers[one.name]

    return evaluate(converted.graph, converted.constants, pictures, fire=fire), layers
