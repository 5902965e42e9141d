"""Which circuits can be counted as they stand: decomposable and deterministic ones (d-DNNF)."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from logic import Circuit, Gate

from .decision import check_inputs

Allowed = dict[int, int]
"""Slot to a bit mask: the values it can have where a wire is true. A slot that is missing can have any."""


def is_countable(circuit: Circuit) -> bool:
    """Whether sums and products over the gates give exact probabilities.

    Every AND must be over different slots (decomposable), every OR over cases that exclude each other by the value
    of some slot (deterministic; sufficient, not necessary), and only inputs may be complemented.

    Raises:
        CountingError: if an input stands in no one-hot group.

    References:
        Darwiche and Marquis, "A knowledge compilation map", JAIR 17 (2002).
    """
    check_inputs(circuit)
    allowed: list[Allowed] = [{}]
    scope: list[int] = [0]
    full: list[int] = []
    for slot, group in enumerate(circuit.one_hot):
        full.append((1 << len(group)) - 1)
        allowed += [{slot: 1 << value} for value in range(len(group))]
        scope += [1 << slot] * len(group)
    literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()
    for gate, kind in enumerate(circuit.kinds.tolist()):
        masks: list[Allowed] = []
        scopes: list[int] = []
        for literal in literals[offsets[gate] : offsets[gate + 1]]:
            wire, complemented = literal >> 1, literal & 1
            if complemented and wire >= circuit.first_gate:
                return False
            mask = {s: full[s] & ~m for s, m in allowed[wire].items()} if complemented else allowed[wire]
            masks.append(mask)
            scopes.append(scope[wire])
        union = 0
        for one in scopes:
            if kind == Gate.AND and union & one:
                return False
            union |= one
        if kind == Gate.AND:
            allowed.append({slot: mask for one in masks for slot, mask in one.items()})
        elif kind == Gate.OR and _exclusive(masks):
            common = set(masks[0]).intersection(*masks[1:])
            merged = {slot: reduce(or_, (mask[slot] for mask in masks)) for slot in common}
            allowed.append({slot: mask for slot, mask in merged.items() if mask != full[slot]})
        else:
            return False
        scope.append(union)
    return all(not literal & 1 or literal >> 1 < circuit.first_gate for literal in circuit.outputs.tolist())


def _exclusive(cases: Sequence[Allowed], tried: frozenset[int] = frozenset()) -> bool:
    """Whether each two cases differ in a slot; slot by slot, cases that overlap are told apart by another slot."""
    if len(cases) < 2:
        return True
    slots = set(cases[0]).intersection(*cases[1:]) - tried
    for slot in sorted(slots):
        groups: list[tuple[int, list[Allowed]]] = []
        for case in cases:
            mask, members = case[slot], [case]
            apart: list[tuple[int, list[Allowed]]] = []
            for other, group in groups:
                if other & mask:
                    mask, members = mask | other, group + members
                else:
                    apart.append((other, group))
            groups = [*apart, (mask, members)]
        if len(groups) > 1:
            return all(_exclusive(group, tried | {slot}) for _, group in groups)
    return False
