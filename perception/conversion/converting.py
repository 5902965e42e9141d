"""Conversion: a trained network and some pictures become a spiking network by one method."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from .building import build_unit
from .converted import ConvertedNetwork, LayerFacts
from .correcting import correct, tune
from .interpreting import along
from .islands import check_islands, with_encoders
from .methods import CONVERSION_METHODS, Method
from .signal_graph import ConversionError, ConversionWarning, Operation, SignalGraph
from .statistics import Statistics, collect
from .thresholds import find_threshold
from .tracing import trace

_SAMPLE = 16  # calibration pictures that are kept, on which errors of layers are measured
_TUNING = 1_000
_CORRECTING = 256  # calibration pictures from which corrections are measured


def convert(
    network: nn.Module,
    calibration: Tensor,
    method: str | Method = "auto",
    *,
    steps: int = 4,
    levels: int = 8,
    islands: bool = False,
    per_channel: bool | None = None,
    start: float | None = None,
    seed: int = 0,
) -> ConvertedNetwork:
    """The spiking network of a trained network.

    The network is traced by ``torch.export`` in evaluation mode and stays as it is: functions and modules alike, shared
    modules call by call. Thresholds come from one pass over the calibration pictures, or from training
    (:func:`perception.prepare`).

    Args:
        network: Any module of one input whose pictures do not depend on each other.
        calibration: Pictures ``[N, ...]`` like those that it will see; some hundred suffice.
        method: A name of ``CONVERSION_METHODS``, or one changed by ``dataclasses.replace``.
        steps: T.
        levels: Values that a graded spike can have, where the method has such.
        islands: Whether functions without a spiking form (GELU, softmax, products of signals) may stay in
            floating point.
        per_channel: Whether each channel has a threshold of its own; as the method says unless given.
        start: Initial potential in units of a spike, 0.5 halves the rounding error; as the method says unless given.
        seed: Of methods that draw.

    Raises:
        ConversionError: for what cannot be converted, with its line and the way out.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> network = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3))
        >>> pictures = torch.rand(32, 4, generator=generator)
        >>> spiking = convert(network, pictures, "group", steps=2, levels=16)
        >>> bool((spiking(pictures) - network(pictures)).abs().max() < 0.05)
        True
        >>> spiking.alphabet, spiking.steps_to_answer
        ('0..16', 2)
    """
    chosen = named_method(method)
    if per_channel is not None:
        chosen = replace(chosen, per_channel=per_channel)
    if start is not None:
        chosen = replace(chosen, start=start)
    if steps < 1 or levels < 1:
        raise ConversionError(f"steps and levels must be at least 1, got {steps} and {levels}")
    check_calibration(network, calibration)
    graph = trace(network, calibration[:2])
    check_islands(graph, allowed=islands)
    if graph.islands:
        graph = with_encoders(graph)

    def built(one: Method) -> ConvertedNetwork:
        return build(graph, calibration, one, steps=steps, levels=levels, seed=seed)

    return choose(built, chosen, calibration[:_CORRECTING]) if chosen.name == "auto" else built(chosen)


def build(
    graph: SignalGraph, calibration: Tensor, method: Method, *, steps: int, levels: int, seed: int
) -> ConvertedNetwork:
    """The spiking network of a traced network; see :func:`convert`."""
    check_training(graph, method)
    statistics = collect(
        graph, graph.constants, calibration,
        per_channel=method.per_channel, histogram=method.rule != "maximum", moments=method.rule == "iteration",
    )  # fmt: skip
    units = {}
    facts: dict[str, LayerFacts] = {}
    dead: list[Operation] = []
    for number, one in enumerate(graph.neurons):
        found = statistics[one.name]
        threshold = threshold_of(one, graph.constants, found, method, levels, steps)
        shaped = (
            along(threshold, one.dimensions, one.channel_axis).to(calibration) if len(threshold) > 1 else threshold[0]
        )
        units[one.name] = build_unit(method, one, shaped.to(calibration).clone(), levels, seed + number)
        facts[one.name] = LayerFacts(found.share_above(threshold * method.burst), found.dead_share)
        if float(found.greatest.max()) <= 0:
            dead.append(one)
    if dead:
        names = ", ".join(graph.layer_names[one.name] for one in dead)
        warnings.warn(
            f"no neuron of {names} fired on {len(calibration)} calibration pictures, so that their threshold is 1; "
            f"calibrate on pictures that the network was trained for",
            ConversionWarning,
            stacklevel=4,
        )
    converted = ConvertedNetwork(graph, units, method, steps, facts, calibration[:_SAMPLE].clone())
    if method.correction:
        correct(converted, calibration[:_CORRECTING])
    if method.correction == "tuned":
        tune(converted, calibration[:_TUNING], seed=seed)
    return converted


def choose(build: Callable[[Method], ConvertedNetwork], method: Method, pictures: Tensor) -> ConvertedNetwork:
    """The candidate whose answers are nearest to the network's on calibration pictures, in mean square.

    Args:
        build: Converts by a method.
        method: ``auto``, as its user has set it.
        pictures: Calibration pictures ``[N, ...]``.
    """
    rules = (
        replace(method, rule="quantile", correction=None),
        replace(method, rule="squared-error", correction="bias"),
        replace(method, rule="squared-error", correction="tuned"),
    )
    found = [build(rule) for rule in rules]
    errors = [output_error(one, pictures) for one in found]
    best = found[errors.index(min(errors))]
    best.method = replace(best.method, name=method.name)
    return best


def output_error(converted: ConvertedNetwork, pictures: Tensor) -> float:
    """Mean square of the difference between the answers of the two networks."""
    spiking, analog = converted(pictures), converted.analog(pictures)
    pairs = zip(spiking, analog, strict=True) if isinstance(spiking, tuple) else [(spiking, torch.as_tensor(analog))]
    return sum(float((one - other).square().mean()) for one, other in pairs)


def threshold_of(
    operation: Operation,
    constants: Mapping[str, Tensor],
    statistics: Statistics,
    method: Method,
    levels: int,
    steps: int,
) -> Tensor:
    """Thresholds of a layer, ``[C]`` or ``[1]``: trained ones as they are, others by the rule, below the ceiling."""
    activation = operation.activation
    ceiling = constants[activation.ceiling] if activation and activation.ceiling else None
    if ceiling is not None and activation and activation.trained and method.rule != "squared-error":
        return ceiling.reshape(-1)
    told_apart = (levels if method.members is None else method.members) * steps
    if method.rule == "iteration" and activation and activation.two_sided:  # it is for rectified values
        method = replace(method, rule="quantile")
    found = find_threshold(statistics, method, told_apart)
    return found if ceiling is None else torch.minimum(found, ceiling.to(found).reshape(-1))


def named_method(method: str | Method) -> Method:
    """The method of a name."""
    if isinstance(method, Method):
        return method
    if method not in CONVERSION_METHODS:
        raise ConversionError(f"there is no method '{method}'; choose {', '.join(CONVERSION_METHODS)}")
    return CONVERSION_METHODS[method]


def check_calibration(network: nn.Module, calibration: Tensor) -> None:
    """Refuses calibration pictures that are none, or of another kind than the network computes with."""
    if not len(calibration):
        raise ConversionError("there are no calibration pictures; give at least one, better some hundred")
    if not calibration.is_floating_point():
        raise ConversionError(
            f"calibration pictures are {calibration.dtype}, the network computes with fractions; give them as it was "
            f"trained, for example pictures.float() / 255"
        )
    if not bool(calibration.isfinite().all()):
        raise ConversionError("calibration pictures hold NaN or infinity; mend or drop them")
    kind = next((one.dtype for one in network.parameters() if one.is_floating_point()), calibration.dtype)
    if kind != calibration.dtype:
        raise ConversionError(
            f"calibration pictures are {calibration.dtype}, the network's weights {kind}; make them equal"
        )


def check_training(graph: SignalGraph, method: Method) -> None:
    """Refuses a method that needs a trained activation where there is none."""
    if method.needs_training is None:
        return
    for one in graph.neurons:
        if one.activation and not one.activation.trained:
            where = f"{one.line}: " if one.line else ""
            raise ConversionError(
                f"{where}method '{method.name}' needs thresholds that were trained, and this activation has none; "
                f"train prepare(network, '{method.needs_training}') first, or take a method without, such as 'group'"
            )
