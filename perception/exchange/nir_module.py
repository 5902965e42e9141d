"""A NIR graph, whoever wrote it, as a module over time that can be trained, streamed and written again.

A step of the module is a step of ``dt`` seconds, in Euler steps, as the readers of the field take it. Connections act
within a step; a loop through one population takes a step. What readers disagree on is refused with its node's name:
loops through several populations, or weights in a loop that also hear or are heard from outside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import networkx
import nir
import numpy as np
from torch import Tensor, nn

from ..architectures.nir_graph import TIME_STEP
from ..neurons import Neuron
from ..neurons.surrogates import SurrogateChoice
from ..temporal import Recurrent, TimeDistributed
from ..time_graph import GraphError
from .nir_layers import Shape, layer_of, shape_behind

_STATEFUL = (nir.LIF, nir.CubaLIF, nir.IF, nir.LI, nir.CubaLI)
_ENDS = (nir.Input, nir.Output)
_MOST_NEURONS = 2**26


def nir_to_module(graph: nir.NIRGraph, dt: float | None = None, surrogate: SurrogateChoice = "arctan") -> "NirModule":
    """The module of a NIR graph, whose weights, biases and scales are learned; constants of neurons stay.

    LIF, CubaLIF, IF, LI, CubaLI, Threshold, Affine, Linear, Scale, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten and
    Delay nodes, graphs in graphs, and loops through one population.

    Args:
        graph: With one input and one output.
        dt: Seconds of a step; what the graph says, or 1e-4, if left out.
        surrogate: Stand-in derivative of a spike, its name, or a function.

    Raises:
        GraphError: if a node is unknown, does not fit those before it, or means different things to different readers;
            the text names it.
    """
    said: object = cast("Mapping[str, Any]", graph.metadata or {}).get("dt", TIME_STEP)
    try:
        step = float(np.ravel(cast(Any, said))[0]) if dt is None else float(dt)
    except (TypeError, ValueError, IndexError):
        raise GraphError(f"its time step {said!r} is no number; give dt in seconds") from None
    if not 0 < step < float("inf"):
        raise GraphError(f"a step lasts some time, got dt = {step:g} seconds")
    nodes, edges = _flat(graph, "")
    plan = _Plan(nodes, edges, step, surrogate)
    return NirModule(plan.steps, plan.layers, plan.input, plan.output, step)


@dataclass(frozen=True)
class PlannedStep:
    """A node of the module: what it hears is added up.

    Args:
        name: Of the node.
        layer: Name of its layer, or none where it only adds.
        sources: Whose results it hears.
    """

    name: str
    layer: str | None
    sources: tuple[str, ...]


class NirModule(nn.Module):
    """A NIR graph that runs: from ``[T, B, ...]`` to ``[T, B, ...]``.

    Args:
        plan: Its nodes in the order in which they run.
        layers: By name.
        entry: Name of the input.
        output: Name of the output.
        dt: Seconds of a step.
    """

    def __init__(
        self, plan: Iterable[PlannedStep], layers: Mapping[str, nn.Module], entry: str, output: str, dt: float
    ) -> None:
        super().__init__()
        self.plan, self.entry, self.output, self.dt = tuple(plan), entry, output, dt
        self.layers = nn.ModuleDict(dict(layers))

    def forward(self, signal: Tensor) -> Tensor:
        """What leaves the output at each step, ``[T, B, ...]``, of what comes in, ``[T, B, ...]``."""
        sent = {self.entry: signal}
        for step in self.plan:
            heard = sent[step.sources[0]]
            for source in step.sources[1:]:
                heard = heard + sent[source]
            sent[step.name] = heard if step.layer is None else self.layers[step.layer](heard)
        return sent[self.output]


def _flat(graph: nir.NIRGraph, prefix: str) -> tuple[dict[str, nir.NIRNode], list[tuple[str, str]]]:
    """Nodes and edges with those of graphs in graphs; their inputs and outputs are nodes that only pass on."""
    nodes, edges, inner = dict[str, nir.NIRNode](), list[tuple[str, str]](), dict[str, tuple[str, str]]()
    for name, node in graph.nodes.items():
        if isinstance(node, nir.NIRGraph):
            below, between = _flat(node, f"{prefix}{name}.")
            depth = f"{prefix}{name}.".count(".")
            outer = [key for key in below if key.count(".") == depth]
            ends = [[key for key in outer if isinstance(below[key], kind)] for kind in _ENDS]
            if len(ends[0]) != 1 or len(ends[1]) != 1:
                raise GraphError(
                    f"the graph '{prefix}{name}' has {len(ends[0])} inputs and {len(ends[1])} outputs, expected one"
                )
            inner[name] = ends[0][0], ends[1][0]
            nodes |= below
            edges += between
        else:
            nodes[f"{prefix}{name}"] = node
    for source, target in dict.fromkeys((str(a), str(b)) for a, b in graph.edges):
        here = inner[source][1] if source in inner else f"{prefix}{source}"
        there = inner[target][0] if target in inner else f"{prefix}{target}"
        if missing := [end for end in (here, there) if end not in nodes]:
            raise GraphError(f"an edge leads to or from '{missing[0]}', which is no node")
        edges.append((here, there))
    return nodes, edges


class _Plan:
    """Layers for nodes, in the order in which they run."""

    def __init__(
        self, nodes: Mapping[str, nir.NIRNode], edges: list[tuple[str, str]], dt: float, surrogate: SurrogateChoice
    ) -> None:
        self.nodes, self.dt, self.surrogate = nodes, dt, surrogate
        self.layers, self.steps, self.shapes = dict[str, nn.Module](), list[PlannedStep](), dict[str, Shape]()
        self.wires: Any = networkx.DiGraph()
        self.wires.add_nodes_from(nodes)
        self.wires.add_edges_from(edges)
        self.input, self.output = (self._end(kind) for kind in _ENDS)
        node = cast(Any, nodes[self.input])
        self.shapes[self.input] = tuple(int(size) for size in np.ravel(next(iter(node.input_type.values()))))
        whole: Any = networkx.condensation(self.wires)

        def first(group: int) -> str:
            return min(whole.nodes[group]["members"])

        for group in networkx.lexicographical_topological_sort(whole, key=first):
            members = sorted(whole.nodes[group]["members"])
            looped = len(members) > 1 or self.wires.has_edge(members[0], members[0])
            self._loop(members) if looped else self._node(members[0])
        if self.output not in self.shapes:
            raise GraphError(f"nothing leads to the output '{self.output}'")

    def _end(self, kind: type[nir.NIRNode]) -> str:
        outer = [name for name, node in self.nodes.items() if isinstance(node, kind) and "." not in name]
        if len(outer) != 1:
            raise GraphError(f"the graph has {len(outer)} nodes {kind.__name__}, expected one")
        return outer[0]

    def _sources(self, name: str) -> tuple[str, ...]:
        return tuple(sorted(self.wires.predecessors(name)))

    def _heard(self, name: str, sources: tuple[str, ...]) -> Shape:
        """The shape of what a node hears."""
        shapes = {source: self.shapes.get(source) for source in sources}
        if not sources or None in shapes.values():
            raise GraphError(f"node '{name}' hears nothing; connect it, or take it out")
        if len(set(shapes.values())) > 1:
            raise GraphError(f"node '{name}' hears signals of different shapes: {shapes}")
        return cast(Shape, next(iter(shapes.values())))

    def _node(self, name: str) -> None:
        node = self.nodes[name]
        if name == self.input:
            return
        sources = self._sources(name)
        shape = self._heard(name, sources)
        if isinstance(node, _ENDS):
            self.shapes[name] = shape
            self.steps.append(PlannedStep(name, None, sources))
            return
        needed = {self._needed(after) for after in self.wires.successors(name)} - {None}
        layer, behind = self._made(name, shape, cast("set[Shape]", needed))
        self._keep(name, layer, behind, sources)

    def _made(self, name: str, shape: Shape, needed: set[Shape]) -> tuple[nn.Module, Shape]:
        try:
            layer, behind = layer_of(self.nodes[name], shape, self.dt, self.surrogate, needed)
        except GraphError as fault:
            raise GraphError(f"node '{name}': {fault}") from None
        except (AttributeError, TypeError, ValueError, IndexError, RuntimeError, OverflowError) as fault:
            reason = " ".join(str(fault).split())[:200]
            raise GraphError(f"node '{name}' ({type(self.nodes[name]).__name__}) is damaged: {reason}") from None
        if min(behind, default=1) < 1 or np.prod(behind, dtype=float) > _MOST_NEURONS:
            raise GraphError(f"node '{name}' gives a signal of shape {list(behind)}, which is empty or too large")
        return layer, behind

    def _keep(self, name: str, layer: nn.Module, behind: Shape, sources: tuple[str, ...]) -> None:
        key = name.replace(".", "_")
        while key in self.layers or hasattr(nn.ModuleDict, key):
            key += "_"
        self.layers[key] = layer
        self.shapes[name] = behind
        self.steps.append(PlannedStep(name, key, sources))

    def _needed(self, name: str) -> Shape | None:
        """The shape that a node takes in, if that is known from it alone."""
        return shape_behind(self.nodes[name])

    def _loop(self, members: list[str]) -> None:
        """A population with weights that lead back to it, a step later."""
        hearts = [name for name in members if isinstance(self.nodes[name], _STATEFUL)]
        if len(hearts) != 1:
            names = ", ".join(f"'{name}'" for name in (hearts or members))
            raise GraphError(
                f"a loop leads through {len(hearts)} populations ({names}), where readers disagree on which connection "
                f"takes a step; one population in a loop can be read"
            )
        heart = hearts[0]
        others = [name for name in members if name != heart]
        outside = tuple(name for name in self._sources(heart) if name not in members)
        shape = self._heard(heart, outside)
        for name in others:
            joined = (*self.wires.predecessors(name), *self.wires.successors(name))
            if strangers := [one for one in joined if one not in members]:
                raise GraphError(
                    f"the weights '{name}' of a loop are joined to '{strangers[0]}' outside of it, where readers "
                    f"disagree on when"
                )
        neuron, behind = self._made(heart, shape, set())
        if not isinstance(neuron, Neuron):
            raise GraphError(f"node '{heart}' never fires, so that a loop through it is not known here")
        connection = self._connection(heart, others, behind)
        self._keep(heart, Recurrent(neuron, connection), behind, outside)

    def _connection(self, heart: str, others: list[str], shape: Shape) -> nn.Module:
        inner: Any = self.wires.subgraph(others)
        if not networkx.is_directed_acyclic_graph(inner):
            raise GraphError(f"a loop around '{heart}' holds a loop without neurons")
        found, shapes = dict[str, nn.Module](), {heart: shape}
        plan = list[PlannedStep]()
        for name in networkx.lexicographical_topological_sort(inner):
            sources = self._sources(name)
            if isinstance(self.nodes[name], nir.Delay | nir.Threshold):
                raise GraphError(f"node '{name}' delays or fires within a loop, where readers disagree on the steps")
            layer, shapes[name] = self._made(name, shapes[sources[0]], set())
            found[name.replace(".", "_")] = layer.layers[0] if isinstance(layer, TimeDistributed) else layer
            plan.append(PlannedStep(name, name.replace(".", "_"), sources))
        ends = tuple(name for name in self._sources(heart) if name in others or name == heart)
        if any(shapes[name] != shape for name in ends):
            raise GraphError(f"the loop around '{heart}' does not come back with the shape {list(shape)}")
        if len(plan) == 1 and ends == (plan[0].name,) and plan[0].sources == (heart,):
            return next(iter(found.values()))
        if not plan:
            return nn.Identity()
        return NirModule([*plan, PlannedStep("back", None, ends)], found, heart, "back", self.dt)
