"""From the compiler's certificate to proved signals of the joint graph."""

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..mapping import Certificate
from ..network import FlatNetwork
from ..rails import Line, match_lines
from ..sweeping.graph import AndGraph
from ..sweeping.sweeping import sweep
from ..watch import Watch
from .lifting import lift
from .rows import check_rows, unconditional
from .slots import Slots

Integers = NDArray[np.int64]
_SUSPECTS = 64  # neurons whose rows fail that SAT is asked about; more are a bad certificate


def certified(
    graph: AndGraph,
    flat: FlatNetwork,
    slots: Slots,
    input_lines: tuple[Line, ...],
    certificate: Certificate,
    circuit: Circuit,
    inputs: Integers,
    watch: Watch,
) -> Integers:
    """``[N]`` proved literals of the neurons, -1 where the certificate proves nothing.

    The certificate's specification is written into the joint graph beside the circuit, so it is not trusted either:
    structural hashing, or else sweeping, still has to show that its outputs are the circuit's. A neuron whose row
    fails is asked of SAT, with its claim against its sum over the claims about its sources; by induction along the
    data flow every claim holds whose row, and all rows upstream, are settled either way.

    Args:
        graph: Receives the specification.
        flat: The network.
        slots: Its timing, without clash.
        input_lines: Of it.
        certificate: The hint.
        circuit: What the network is compared with; a specification with other inputs claims nothing.
        inputs: ``[I]`` literals of the circuit's inputs in the graph.
        watch: Ends it, and is told what goes on.
    """
    specification, nothing = certificate.specification, np.full(len(flat.threshold), -1)
    if specification.register_names or set(specification.inputs) != set(circuit.inputs):
        return nothing
    place = {name: position for position, name in enumerate(circuit.inputs)}
    wires = graph.add(specification, inputs[[place[name] for name in specification.inputs]])
    own = match_lines(input_lines, specification.inputs)
    lines = 2 * (1 + own.place) + own.negated
    claims, right = check_rows(certificate, flat, slots, lines, watch)
    claimed = np.where(claims < 0, -1, wires[claims >> 1] ^ (claims & 1))
    suspects = (claims >= 0) & ~right
    if 0 < suspects.sum() <= _SUSPECTS:
        lifted = lift(
            graph, flat, wires[lines >> 1] ^ (lines & 1), slots=slots, known=claimed, roots=suspects, watch=watch
        )
        pairs = np.stack([lifted.function[suspects], claimed[suspects]], axis=1)
        if (pairs >= 0).all():  # else it was ended early
            right[suspects] = sweep(graph, pairs, watch=watch).settled == 1
    return np.where(unconditional(claims, right, flat, slots), claimed, -1)
