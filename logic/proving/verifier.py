"""The one question of the prover: does this spiking network compute this circuit?"""

import time

from ..circuit import Circuit
from ..errors import IrregularError
from ..mapping import Certificate
from ..network import SpikingNetwork
from ..verdict import Verdict
from . import prove_monolithic, prove_network

SMALL = 400  # neurons of a network that Z3 may judge as one formula


def verify(
    network: SpikingNetwork,
    circuit: Circuit,
    *,
    certificate: Certificate | None = None,
    timeout: float | None = None,
) -> Verdict:
    """Whether the network's outputs are the circuit's, for all inputs and all waves.

    A line of the network is matched to the circuit's signal of that name; a rail fires for its value. What
    the rows of the certificate leave open goes to lifting and SAT sweeping, and what these cannot judge of a small
    network to Z3.

    Args:
        network: The implementation, memoryless and feed-forward.
        circuit: The specification, combinational.
        certificate: What the compiler says of each neuron. A hint, proved again: a wrong one costs time only.
        timeout: Seconds, or None for no bound.

    Raises:
        NetworkError: if lines cannot be matched, or the network does not lift.
        CircuitError: if the circuit has registers.
    """
    start = time.perf_counter()
    try:
        verdict = prove_network(network, circuit, certificate=certificate, timeout=timeout)
    except IrregularError:
        if network.neurons > SMALL:
            raise
    else:
        if verdict.holds is not None or network.neurons > SMALL:
            return verdict
    left = None if timeout is None else max(0.0, timeout - (time.perf_counter() - start))
    return prove_monolithic(network, circuit, timeout=left)
