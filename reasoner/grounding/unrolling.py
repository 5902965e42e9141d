"""Unrolling: ground rules, circles among them included, as a circuit without loops.

In the literature: loop breaking of ground programs; the nodes that cut all circles are a feedback vertex set.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from logic import Circuit, CircuitBuilder, Gate, Literal

from ..errors import PrologLimit
from .components import components
from .rules import Row

FALSE, TRUE = 0, 1  # literals
EVIDENCE = ":- evidence"  # the output that says whether all evidence holds; no atom is written like this


def build_circuit(
    circles: Iterable[Sequence[Row]],
    positions: Mapping[int, int],
    denied: Mapping[int, int],
    inputs: Sequence[Sequence[str]],
    outputs: Mapping[str, int],
    evidence: Sequence[tuple[int, bool]],
    budget: int,
) -> Circuit:
    """The least model of the rules as a circuit.

    Atoms that support each other are unrolled. Let ``F`` be a set of them that cuts all their circles; a proof without
    repetition passes at most ``|F|`` of them on any path, so ``|F|`` rounds through ``F`` and one more reach the least
    model.

    Args:
        circles: Rule instances in groups, each resting on itself and on groups before it.
        positions: The input of each leaf that is a slot's value.
        denied: The atom that a leaf denies, for the leaves that are negations; any other leaf denies nothing.
        inputs: Names of the inputs, slot by slot.
        outputs: Name and atom.
        evidence: Atoms and their observed truth; if there are any, every output implies them, and one more output
            says whether they hold.
        budget: Gates that may be made.

    Raises:
        PrologLimit: if they are not enough.
    """
    make = CircuitBuilder()
    values = [literal.code for names in inputs for literal in make.inputs(*names, one_hot=True)]
    wires = _Wires({leaf: values[position] for leaf, position in positions.items()}, denied)
    spent = 0
    for circle in circles:
        by_head: dict[int, list[tuple[int, ...]]] = {}
        for row in circle:
            by_head.setdefault(row.head, []).append(row.body)
        read = {head: dict.fromkeys(chain.from_iterable(bodies)) for head, bodies in by_head.items()}
        reads = {head: [item for item in items if item in by_head] for head, items in read.items()}
        cut = feedback(reads)
        inside = set(cut)
        acyclic = components({atom: [other for other in reads[atom] if other not in inside] for atom in reads})
        order = [atom for group in acyclic for atom in group if atom not in inside]
        settled = False
        for number in range(len(cut) + 1):
            for atoms in (order, cut) if number < len(cut) else (order,):
                new: dict[int, int] = {}
                for atom in atoms:
                    spent += 1 + len(by_head[atom])
                    ways = [make.code(Gate.AND, [TRUE, *[wires[item] for item in body]]) for body in by_head[atom]]
                    new[atom] = make.code(Gate.OR, [FALSE, *ways])
                    if atoms is order:
                        wires[atom] = new[atom]
                settled = atoms is cut and all(new[atom] == wires.get(atom, FALSE) for atom in cut)
                wires.update(new)
            if spent > budget:
                raise PrologLimit(
                    f"the circuit needs more than {budget} gates; {len(by_head)} atoms support each other in circles; "
                    f"ask less, or raise Limits.gates"
                )
            if number < len(cut) and settled:
                break
    if not evidence:
        return make.build_from({name: Literal(make, wires[atom]) for name, atom in outputs.items()})
    observed = make.code(Gate.AND, [TRUE, *(wires[atom] ^ (not truth) for atom, truth in evidence)])
    found = {name: make.code(Gate.AND, (wires[atom], observed)) for name, atom in outputs.items()}
    return make.build_from({name: Literal(make, code) for name, code in (found | {EVIDENCE: observed}).items()})


class _Wires(dict[int, int]):
    """The literal of each atom and leaf: of an atom that has none yet it is false, of a negation what it denies."""

    def __init__(self, known: Mapping[int, int], denied: Mapping[int, int]) -> None:
        super().__init__(known)
        self._denied = denied

    def __missing__(self, item: int) -> int:
        return FALSE if item >= 0 else self.get(self._denied.get(item, item), FALSE) ^ 1


def feedback(reads: Mapping[int, Sequence[int]]) -> list[int]:
    """Nodes without which a graph has no circle, few but not always the fewest: greedily those with most neighbours."""
    chosen: list[int] = []
    todo = [group for group in components(reads) if len(group) > 1 or group[0] in reads[group[0]]]
    while todo:
        group = set(todo.pop())
        inner = {node: {other for other in reads[node] if other in group} for node in group}
        arriving = dict.fromkeys(group, 0)
        for node, others in inner.items():
            for other in others:
                arriving[other] += node != other
        best = max(group, key=lambda node: (node in inner[node], arriving[node] * len(inner[node]), -node))
        chosen.append(best)
        rest = {node: [other for other in inner[node] if other != best] for node in sorted(group) if node != best}
        todo += [part for part in components(rest) if len(part) > 1 or part[0] in rest[part[0]]]
    return chosen
