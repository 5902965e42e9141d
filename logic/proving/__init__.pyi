"""Proof that a spiking network is its circuit, and that two circuits agree."""

from .equivalence import prove_combinational as prove_combinational, prove_network as prove_network
from .monolith import (
    decide as decide,
    network_formulas as network_formulas,
    prove_monolithic as prove_monolithic,
)
from .verifier import prove_equivalent as prove_equivalent
