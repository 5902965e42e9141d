"""What `learn-gate` does: a gate learned from spikes and a teacher, and proved."""

from logic import Verdict
from logic.learning.pattern_neurons import LearnedGate, learn_gate
from logic.learning.proof import prove_gate, training_report as training_report


def learn(table: str, flip: float, seed: int) -> tuple[LearnedGate, Verdict]:
    """Learns the gate of a truth table by STDP with a teacher, and proves what was learned.

    Args:
        table: ``2 ** k`` zeros and ones, in row ``m`` input ``i`` is bit ``i`` of ``m``.
        flip: Probability that the teacher shows the wrong value.
        seed: Of the teacher's errors.

    Raises:
        LearningError: if it is no such table.
    """
    gate = learn_gate(table, flip=flip, seed=seed) if not flip else learn_gate(table, epochs=200, flip=flip, seed=seed)
    return gate, prove_gate(gate)
