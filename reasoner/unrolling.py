"""Unrolling: ground rules, circles among them included, as a circuit without loops."""

from collections.abc import Iterable, Mapping, Sequence

from logic import Circuit, CircuitBuilder, Gate, Literal

from .components import components
from .errors import PrologLimit
from .rules import Instance, SlotValue, Support, atoms_of

EVIDENCE = ":- evidence"  # the output that says whether all evidence holds; no atom is written like this


def build_circuit(
    circles: Iterable[Sequence[Instance]],
    inputs: Sequence[Sequence[str]],
    positions: Mapping[SlotValue, tuple[int, int]],
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
        inputs: Names of the inputs, slot by slot.
        positions: Slot and value number of each slot's value.
        outputs: Name and atom.
        evidence: Atoms and their observed truth; if there are any, every output implies them, and one more output
            says whether they hold.
        budget: Gates that may be made.

    Raises:
        PrologLimit: if they are not enough.
    """
    make = CircuitBuilder()
    literals = [make.inputs(*names, one_hot=True) for names in inputs]
    wires: dict[int, Literal] = {}
    spent = 0

    def literal(support: Support) -> Literal:
        if isinstance(support, int):
            return wires.get(support, make.false)
        if isinstance(support, SlotValue):
            group, index = positions[support]
            return literals[group][index]
        return ~make.gate(Gate.OR, [make.false, *map(literal, support.of)])

    for circle in circles:
        by_head: dict[int, list[Instance]] = {}
        for instance in circle:
            by_head.setdefault(instance.head, []).append(instance)
        reads = {
            head: [atom for i in group for atom in atoms_of(i.body) if atom in by_head]
            for head, group in by_head.items()
        }
        cut = feedback(reads)
        inside = set(cut)
        acyclic = components({atom: [other for other in reads[atom] if other not in inside] for atom in reads})
        order = [atom for group in acyclic for atom in group if atom not in inside]
        settled = False
        for number in range(len(cut) + 1):
            for atoms in (order, cut) if number < len(cut) else (order,):
                new = {}
                for atom in atoms:
                    spent += 1 + len(by_head[atom])
                    ways = [make.gate(Gate.AND, [~make.false, *map(literal, i.body)]) for i in by_head[atom]]
                    new[atom] = make.gate(Gate.OR, [make.false, *ways])
                    if atoms is order:
                        wires[atom] = new[atom]
                settled = atoms is cut and all(new[atom] == wires.get(atom, make.false) for atom in cut)
                wires.update(new)
            if spent > budget:
                raise PrologLimit(
                    f"the circuit needs more than {budget} gates; {len(by_head)} atoms support each other in circles; "
                    f"ask less, or raise Limits.gates"
                )
            if number < len(cut) and settled:
                break
    if not evidence:
        return make.build_from({name: literal(atom) for name, atom in outputs.items()})
    observed = make.gate(
        Gate.AND, [~make.false, *(literal(atom) if truth else ~literal(atom) for atom, truth in evidence)]
    )
    found = {name: make.gate(Gate.AND, (literal(atom), observed)) for name, atom in outputs.items()}
    return make.build_from(found | {EVIDENCE: observed})


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
