"""What a symbol, a spike train and a circuit are; imports nothing of ours."""

from . import neurons as neurons, targets as targets
from .assembly.adjoining import beside as beside
from .assembly.chaining import chain as chain
from .assembly.composition import join as join
from .checking import prove_properties as prove_properties
from .chips import CHIPS as CHIPS, fit_chip as fit_chip, fit_circuit as fit_circuit
from .circuit import (
    Circuit as Circuit,
    CircuitBuilder as CircuitBuilder,
    Clock as Clock,
    Gate as Gate,
    Literal as Literal,
)
from .domain import Domain as Domain
from .drawings.circuit_drawing import draw_circuit as draw_circuit
from .drawings.network_drawing import draw_network as draw_network
from .errors import (
    CircuitError as CircuitError,
    DomainError as DomainError,
    FormatError as FormatError,
    FormatWarning as FormatWarning,
    IrregularError as IrregularError,
    LearningError as LearningError,
    NetworkError as NetworkError,
    NeurosymError as NeurosymError,
)
from .formats import (
    format_circuit as format_circuit,
    from_sympy as from_sympy,
    from_truth_tables as from_truth_tables,
    parse_circuit as parse_circuit,
    read_circuit as read_circuit,
    read_modules as read_modules,
    to_sympy as to_sympy,
    write_circuit as write_circuit,
)
from .formula import (
    conjunction as conjunction,
    disjunction as disjunction,
    equality as equality,
    implication as implication,
    negation as negation,
)
from .hardware import (
    prove_rtl as prove_rtl,
    run_testbench as run_testbench,
    write_rtl as write_rtl,
)
from .learning import (
    LearnedCircuit as LearnedCircuit,
    LearnedGate as LearnedGate,
    learn_circuit as learn_circuit,
    learn_gate as learn_gate,
)
from .mapping.compiler import compile_certified as compile_certified, compile_circuit as compile_circuit
from .network import (
    INPUT as INPUT,
    Convolution as Convolution,
    FlatNetwork as FlatNetwork,
    Population as Population,
    Projection as Projection,
    SpikingNetwork as SpikingNetwork,
    Synapses as Synapses,
)
from .proving import (
    decide as decide,
    network_formulas as network_formulas,
    prove_equivalent as prove_equivalent,
)
from .proving.drat import certify as certify, check_certificate as check_certificate
from .proving.membranes import MembraneBounds as MembraneBounds, membrane_bounds as membrane_bounds
from .proving.networks import lifted_circuit as lifted_circuit
from .proving.obligations import (
    prove_fail_silent_directly as prove_fail_silent_directly,
    prove_obligations as prove_obligations,
)
from .proving.verifier import read_design as read_design, verify as verify
from .rails import Line as Line, rail_lines as rail_lines, single_lines as single_lines
from .refinement.layers import Arithmetic as Arithmetic, prove_layer as prove_layer, prove_layers as prove_layers
from .refinement.real_layers import RealLayer as RealLayer, RealLink as RealLink
from .roles import Property as Property, Role as Role
from .simulation.reference import simulate_reference as simulate_reference
from .simulation.simulator import simulate as simulate
from .symbols import Symbols as Symbols
from .targets import (
    TARGETS as TARGETS,
    Conformance as Conformance,
    Limits as Limits,
    Target as Target,
    compare_with_snntorch as compare_with_snntorch,
    find_target as find_target,
    names_file as names_file,
    read_nir as read_nir,
    replay_golden as replay_golden,
    run_in_snntorch as run_in_snntorch,
    to_nir as to_nir,
    write_nir as write_nir,
)
from .verdict import Verdict as Verdict
from .writing import FileError as FileError, whole_file as whole_file, whole_files as whole_files
