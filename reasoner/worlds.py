"""Worlds: the most probable reading of the symbols in which an answer holds."""

from collections.abc import Sequence

from logic import Circuit, Gate

from .counting import IMPOSSIBLE


def most_probable_world(circuit: Circuit, output: int, log_probs: Sequence[float]) -> tuple[list[int], float]:
    """The value of each slot in the most probable world in which an output is true, by max-product.

    Relative to its slot's best value, a slot that a branch does not read costs nothing: so branches over different
    slots compare exactly.

    Args:
        circuit: Decomposable; complements on inputs only (a counter's circuit is both).
        output: Number of the output.
        log_probs: ``I`` log-probabilities of the inputs.

    Returns:
        The chosen value number of each one-hot group, and the world's log-probability.
    """
    best = [max(group, key=lambda position: log_probs[position]) for group in circuit.one_hot]
    group_of = {position: number for number, group in enumerate(circuit.one_hot) for position in group}
    cost = {0: 2 * IMPOSSIBLE, 1: 0.0}
    chosen: dict[int, list[int]] = {0: [], 1: []}
    for position, number in group_of.items():
        code = 2 * (1 + position)
        others = [other for other in circuit.one_hot[number] if other != position]
        rival = max(others, key=lambda other: log_probs[other])
        for literal, pick in ((code, position), (code + 1, rival)):
            cost[literal] = max(log_probs[pick], IMPOSSIBLE) - max(log_probs[best[number]], IMPOSSIBLE)
            chosen[literal] = [-1 - pick]  # a leaf: the input it picks
    for gate, kind in enumerate(circuit.kinds.tolist()):
        code = 2 * (circuit.first_gate + gate)
        operands: list[int] = circuit.operands(gate).tolist()
        if kind == Gate.OR:
            operands = [max(operands, key=lambda operand: cost[operand])]
        chosen[code] = operands
        cost[code] = sum(cost[operand] for operand in operands)
    world = [position - group.start for position, group in zip(best, circuit.one_hot, strict=True)]
    todo = [int(circuit.outputs[output])]
    while todo:
        item = todo.pop()
        if item < 0:
            number = group_of[-1 - item]
            world[number] = -1 - item - circuit.one_hot[number].start
        else:
            todo += chosen[item]
    return world, sum(log_probs[group[value]] for group, value in zip(circuit.one_hot, world, strict=True))
