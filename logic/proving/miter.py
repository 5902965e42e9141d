"""Two circuits as one with a single output, which is true where they differ: a property for the engines of those."""

import numpy as np

from ..circuit import Circuit, Gate, Integers
from ..roles import Role


def miter(impl: Circuit, spec: Circuit) -> Circuit:
    """The circuit whose output ``differs``, a bad state, is true whenever an output of one is not that of the other.

    Args:
        impl: One circuit; its inputs and outputs bear the names of the other's.
        spec: The other; its one-hot groups are kept. Registers of both are told apart by ``1`` and ``2`` before their
            names, in that order; first values stay open where they are.

    Example:
        >>> from logic import parse_circuit
        >>> both = miter(*(parse_circuit(text, "eqn") for text in ("y = a & b", "y = a | b")))
        >>> both.inputs, both.output_names
        (('a', 'b'), ('differs',))
    """
    inputs = {name: 2 * (1 + at) for at, name in enumerate(spec.inputs)}
    registers = [f"{side} {name}" for side, circuit in ((1, impl), (2, spec)) for name in circuit.register_names]
    state, taken = 1 + len(inputs), 1 + len(inputs) + len(registers)
    literals: list[Integers] = []
    following: list[Integers] = []
    ends: list[dict[str, int]] = []
    for circuit in (impl, spec):
        count, gates = len(circuit.register_names), len(circuit.kinds)
        own = [inputs[name] for name in circuit.inputs]
        image = np.array(
            [0, *own, *range(2 * state, 2 * (state + count), 2), *range(2 * taken, 2 * (taken + gates), 2)]
        )
        state, taken = state + count, taken + gates
        literals.append(image[circuit.literals >> 1] ^ (circuit.literals & 1))
        following.append(image[circuit.register_next >> 1] ^ (circuit.register_next & 1))
        outputs = image[circuit.outputs >> 1] ^ (circuit.outputs & 1)
        ends.append(dict(zip(circuit.output_names, outputs.tolist(), strict=True)))
    pairs = np.array([[ends[0][name], ends[1][name]] for name in spec.output_names]).reshape(-1)
    differences = 2 * np.arange(taken, taken + len(spec.outputs))
    widths = [*np.diff(impl.offsets), *np.diff(spec.offsets), *[2] * len(spec.outputs), len(spec.outputs)]
    return Circuit(
        inputs=spec.inputs,
        kinds=np.array([*impl.kinds, *spec.kinds, *[int(Gate.XOR)] * len(spec.outputs), int(Gate.OR)]),
        offsets=np.append(0, np.cumsum(widths)),
        literals=np.concatenate([*literals, pairs, differences]),
        outputs=np.array([2 * (taken + len(spec.outputs))]),
        output_names=("differs",),
        one_hot=spec.one_hot,
        register_next=np.concatenate(following),
        register_initial=np.concatenate([impl.register_initial, spec.register_initial]),
        register_names=tuple(registers),
        roles=(Role.BAD,),
    )
