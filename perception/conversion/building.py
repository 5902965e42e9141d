"""A unit for each layer of neurons: a method's neuron with the layer's threshold."""

from collections.abc import Callable, Mapping

from torch import Tensor

from .graded_units import MultiThresholdUnit, PhaseUnit
from .methods import Method, Neuron
from .signal_graph import Operation
from .units import IntegrateAndFire, SpikingUnit, WindowUnit

UNITS: Mapping[str, type[SpikingUnit]] = {
    one.__name__: one for one in (IntegrateAndFire, WindowUnit, MultiThresholdUnit, PhaseUnit)
}
"""Kinds of units by the names that files give them."""


def build_unit(method: Method, operation: Operation, threshold: Tensor, levels: int, seed: int) -> SpikingUnit:
    """A layer of a method's neurons.

    Args:
        method: The method.
        operation: The activation that they replace.
        threshold: Broadcasts against one step.
        levels: What ``members`` and ``total`` stand for.
        seed: Of neurons that draw.
    """
    two_sided = operation.activation is not None and operation.activation.two_sided
    bounded = operation.activation is not None and operation.activation.ceiling is not None
    return _BUILDERS[method.neuron](method, threshold, levels, two_sided, bounded, seed)


def _integrate(
    method: Method, threshold: Tensor, levels: int, two_sided: bool, bounded: bool, seed: int
) -> SpikingUnit:
    members = levels if method.members is None else method.members
    burst = 1 if bounded else method.burst
    return IntegrateAndFire(
        threshold,
        members=members,
        cap=1 if method.total else members * burst,
        start=0.5 if two_sided else method.start,
        negative=method.negative,
        total=members if method.total else None,
        two_sided=two_sided,
    )


def _window(method: Method, threshold: Tensor, levels: int, two_sided: bool, bounded: bool, seed: int) -> SpikingUnit:
    return WindowUnit(threshold, sending=method.sending, seed=seed, two_sided=two_sided)


def _lines(method: Method, threshold: Tensor, levels: int, two_sided: bool, bounded: bool, seed: int) -> SpikingUnit:
    differential = method.code == "differential"
    return MultiThresholdUnit(
        threshold, lines=method.lines, differential=differential, bounded=bounded, two_sided=two_sided
    )


def _phase(method: Method, threshold: Tensor, levels: int, two_sided: bool, bounded: bool, seed: int) -> SpikingUnit:
    return PhaseUnit(threshold, two_sided=two_sided)


_BUILDERS: Mapping[Neuron, Callable[[Method, Tensor, int, bool, bool, int], SpikingUnit]] = {
    "integrate-and-fire": _integrate,
    "window": _window,
    "multi-threshold": _lines,
    "phase": _phase,
}
