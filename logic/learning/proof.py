"""Proof that a learned gate is the function it was taught, and an account of its training."""

from collections.abc import Sequence

from ..circuit import Circuit, CircuitBuilder, Gate
from ..errors import LearningError
from ..proving.verifier import verify
from ..verdict import Verdict
from .pattern_neurons import LearnedGate


def table_circuit(table: Sequence[int], inputs: Sequence[str], output: str = "y") -> Circuit:
    """The circuit of a truth table: an OR of one AND for each true row.

    Args:
        table: ``[2 ** k]``; in row ``m`` input ``i`` is bit ``i`` of ``m``.
        inputs: ``k`` names.
        output: The name of the output.

    Raises:
        LearningError: if the table has not ``2 ** k`` rows.
    """
    if len(table) != 2 ** len(inputs):
        raise LearningError(f"{len(inputs)} inputs need {2 ** len(inputs)} rows, the table has {len(table)}")
    make = CircuitBuilder()
    literals = make.inputs(*inputs)
    rows = [
        make.gate(Gate.AND, [x if row >> i & 1 else ~x for i, x in enumerate(literals)])
        for row, value in enumerate(table)
        if value
    ]
    return make.build_from({output: make.gate(Gate.OR, rows) if rows else make.false})


def prove_gate(gate: LearnedGate, timeout: float | None = None) -> Verdict:
    """Whether the snapped network computes the taught table, for all inputs and all waves.

    Args:
        gate: What was learned.
        timeout: Seconds, or None for no bound.
    """
    names = tuple("abcd"[: gate.fan_in])
    return verify(gate.snap(names), table_circuit(gate.table, names), timeout=timeout)


def training_report(gate: LearnedGate) -> str:
    """Epochs, weights row by row, and the size of the network, as text of a few lines."""
    names = "abcd"[: gate.fan_in]
    reached = "not reached" if gate.epochs is None else f"reached after {gate.epochs}"
    lines = [
        f"table    {''.join(map(str, gate.table))} (inputs {', '.join(names)}; {names[0]} is the row's lowest bit)",
        f"epochs   {len(gate.history) - 1} trained; final weights {reached}, predicted {gate.rule.predicted_epochs}",
        f"network  {gate.snap().neurons} neurons, latency 2 steps",
        "weights  row  to y=0  to y=1",
    ]
    for row, (no, yes) in enumerate(gate.weights.T.tolist()):
        bits = "".join(str(row >> i & 1) for i in range(gate.fan_in))
        lines.append(f"         {bits:>3}  {no:6g}  {yes:6g}")
    return "\n".join(lines)
