"""Float islands: functions without a spiking form, and the neurons that turn what they give into spikes again.

What enters an island stands for a number at each step; the function of it is sent as the train that stands for the
result (expectation compensation: the sum of what was sent at T steps is T times the function of the mean). Behind an
island, two-sided neurons stand before the next weights, and before each factor of a product of signals.

References:
    Huang et al., "Towards High-performance Spiking Transformers from ANN to SNN Conversion", ACM MM 2024.
"""

from dataclasses import replace

from .operators import SCALING, WEIGHTED, family
from .signal_graph import Activation, Constant, ConversionError, Operation, Reference, Role, SignalGraph, mapped


def check_islands(graph: SignalGraph, *, allowed: bool) -> None:
    """Refuses functions without a spiking form unless they are allowed.

    Raises:
        ConversionError: with the line of the first of them.
    """
    if graph.islands and not allowed:
        first = graph.by_name[graph.islands[0]]
        where = f"{first.line}: " if first.line else ""
        name = family(first.target)
        what = f"the product of signals '{name}'" if is_product(first) else f"'{name}'"
        raise ConversionError(
            f"{where}{what} has no spiking form ({len(graph.islands)} such in all); replace it by ReLU and train "
            f"again, or let it stay in floating point by islands=True"
        )


def is_product(operation: Operation) -> bool:
    """Whether it multiplies signals."""
    return operation.role is Role.FUNCTION and family(operation.target) in WEIGHTED | SCALING


def with_encoders(graph: SignalGraph) -> SignalGraph:
    """The graph with two-sided neurons where numbers of islands meet weights, and where signals are multiplied."""
    operations: list[Operation] = []
    dense: set[str] = set()  # real numbers that come from an island
    real: set[str] = set()  # those, and currents: whatever is no spike
    encoders: dict[str, str] = {}
    for one in graph.operations:
        signals = [name for name in one.sources if graph.by_name[name].role is not Role.PLAIN]
        wanted = [name for name in signals if (name in real if is_product(one) else name in dense)]
        if one.role is Role.WEIGHTED or is_product(one):
            for name in wanted:
                if name not in encoders:
                    encoders[name] = f"{name}_sent"
                    operations.append(_encoder(graph.by_name[name]))
            one = _reading(one, {name: encoders[name] for name in wanted})
        operations.append(one)
        passing = one.role in (Role.LINEAR, Role.POOL)
        if one.role is Role.FUNCTION or (passing and any(name in dense for name in signals)):
            dense.add(one.name)
        if one.name in dense or one.role is Role.WEIGHTED or (passing and any(name in real for name in signals)):
            real.add(one.name)
    return SignalGraph(tuple(operations), graph.constants, graph.outputs, graph.several)


def _encoder(source: Operation) -> Operation:
    """A two-sided neuron for each element of a result."""
    return replace(
        source,
        name=f"{source.name}_sent",
        target="alias.default",
        arguments=(Reference(source.name),),
        keywords={},
        role=Role.NEURON,
        activation=Activation(two_sided=True),
    )


def _reading(one: Operation, names: dict[str, str]) -> Operation:
    """The operation with other sources."""

    def follow(leaf: Reference | Constant | object) -> object:
        return Reference(names.get(leaf.name, leaf.name)) if isinstance(leaf, Reference) else leaf

    keywords = {key: mapped(value, follow) for key, value in one.keywords.items()}
    return replace(one, arguments=mapped(one.arguments, follow), keywords=keywords)
