"""What a symbol, a spike train and a circuit are; imports nothing of ours."""

from .circuit import Circuit as Circuit, CircuitBuilder as CircuitBuilder, Gate as Gate, Literal as Literal
from .compiler import compile_circuit as compile_circuit, to_rails as to_rails
from .domain import Domain as Domain
from .errors import (
    CircuitError as CircuitError,
    DomainError as DomainError,
    NetworkError as NetworkError,
    NeurosymError as NeurosymError,
)
from .network import (
    INPUT as INPUT,
    Convolution as Convolution,
    FlatNetwork as FlatNetwork,
    Population as Population,
    Projection as Projection,
    SpikingNetwork as SpikingNetwork,
    Synapses as Synapses,
)
from .simulator import simulate as simulate, simulate_reference as simulate_reference
from .symbols import Symbols as Symbols
from .verdict import Verdict as Verdict
from .verifier import verify as verify
