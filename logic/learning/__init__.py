"""Gates, modules and circuits that are learned: spike-timing-dependent plasticity and learning from examples."""

from .examples import LearnedCircuit as LearnedCircuit, count_ands as count_ands, learn_circuit as learn_circuit
from .modules import (
    bcd_rounding as bcd_rounding,
    full_adder as full_adder,
    half_adder as half_adder,
    ripple_adder as ripple_adder,
)
from .pattern_neurons import LearnedGate as LearnedGate, learn_gate as learn_gate, learn_gates as learn_gates
from .proof import (
    prove_gate as prove_gate,
    table_circuit as table_circuit,
    training_report as training_report,
)
from .rule import PairRule as PairRule
