"""One safety property as a transition system: ANDs over states and inputs, what is bad and what is assumed.

Of the circuit only the cone of influence is kept, which is what the bad output and the constraints depend on, at
whatever clock.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..circuit import Circuit, Gate, Integers
from ..kernels import kernel
from ..lowering import to_and_inverter
from ..roles import Role


@dataclass(frozen=True, eq=False)
class TransitionSystem:
    """An and-inverter graph of one clock; a literal is ``2 * node + complement``.

    Node 0 is constant false, then ``I`` inputs, ``R`` registers and ``A`` ANDs, each after its operands.

    Args:
        inputs: ``[I]`` positions among the circuit's inputs.
        registers: ``[R]`` positions among the circuit's registers.
        pairs: ``[A, 2]`` the literals that each AND reads.
        following: ``[R]`` literals of the next values.
        initial: ``[R]`` 0, 1 or -1 for either.
        bad: The literal that shall never be true.
        constraints: ``[C]`` literals that are true at every clock that matters.
    """

    inputs: Integers
    registers: Integers
    pairs: Integers
    following: Integers
    initial: Integers
    bad: int
    constraints: Integers

    @property
    def first_register(self) -> int:
        """The node of the first register."""
        return 1 + len(self.inputs)

    @property
    def first_and(self) -> int:
        """The node of the first AND."""
        return 1 + len(self.inputs) + len(self.registers)

    @property
    def nodes(self) -> int:
        """How many there are."""
        return self.first_and + len(self.pairs)

    def one_clock(self) -> Circuit:
        """The ANDs as a circuit without registers, states being inputs."""
        sources = self.first_and - 1
        return Circuit(
            inputs=tuple(map(str, range(sources))),
            kinds=np.zeros(len(self.pairs), np.int64),
            offsets=2 * np.arange(len(self.pairs) + 1),
            literals=self.pairs.reshape(-1),
            outputs=np.zeros(0, np.int64),
            output_names=(),
        )


def transition_system(circuit: Circuit, bad: int) -> TransitionSystem:
    """The system of one bad output, under all constraints of the circuit.

    Args:
        circuit: With roles; one-hot groups of inputs become constraints.
        bad: The position of the output.
    """
    low = to_and_inverter(_with_one_hot(circuit))
    constraints = low.outputs[[at for at, role in enumerate(low.roles) if role is Role.CONSTRAINT]]
    roots = np.append(constraints, low.outputs[bad])
    inputs, count = len(low.inputs), len(low.register_names)
    pairs = low.literals.reshape(-1, 2)
    kept = _cone(pairs, low.register_next, 1 + inputs, roots)
    kept[0] = True
    image = np.cumsum(kept) - 1

    def moved(literals: Integers) -> Integers:
        return 2 * image[literals >> 1] ^ (literals & 1)

    registers = np.flatnonzero(kept[1 + inputs : low.first_gate])
    return TransitionSystem(
        inputs=np.flatnonzero(kept[1 : 1 + inputs]),
        registers=registers,
        pairs=moved(pairs[kept[1 + inputs + count :]]).reshape(-1, 2),
        following=moved(low.register_next[registers]),
        initial=low.register_initial[registers],
        bad=int(moved(roots[-1:])[0]),
        constraints=moved(constraints),
    )


@kernel()
def _cone(pairs: Integers, following: Integers, first_register: int, roots: Integers) -> "np.ndarray":
    """Which nodes the roots depend on, through registers too."""
    first_and = first_register + len(following)
    kept = np.zeros(first_and + len(pairs), np.bool_)
    waiting = np.empty(len(kept) + len(roots), np.int64)
    count = 0
    for root in roots:
        if not kept[root >> 1]:
            kept[root >> 1] = True
            waiting[count] = root >> 1
            count += 1
    while count:
        count -= 1
        node = waiting[count]
        if node >= first_and:
            for side in range(2):
                below = pairs[node - first_and, side] >> 1
                if not kept[below]:
                    kept[below] = True
                    waiting[count] = below
                    count += 1
        elif node >= first_register:
            below = following[node - first_register] >> 1
            if not kept[below]:
                kept[below] = True
                waiting[count] = below
                count += 1
    return kept


def _with_one_hot(circuit: Circuit) -> Circuit:
    """The circuit with a constraint for each one-hot group: some input of it is true, and none with one before it."""
    if not circuit.one_hot:
        return circuit
    rows: list[tuple[Gate, list[int]]] = []
    ends: list[int] = []
    for group in circuit.one_hot:
        literals = [2 * (1 + position) for position in group]
        before = literals[0]
        for literal in literals[1:]:
            rows.append((Gate.AND, [before, literal]))
            ends.append(2 * (circuit.wires + len(rows) - 1) ^ 1)
            rows.append((Gate.OR, [before, literal]))
            before = 2 * (circuit.wires + len(rows) - 1)
        ends.append(before)
    widths = [len(row) for _, row in rows]
    roles = circuit.roles or (Role.OUTPUT,) * len(circuit.outputs)
    names = list(circuit.output_names)
    while len(names) < len(circuit.output_names) + len(ends):
        names.append(_new_name(f"one-hot {len(names)}", names))
    return replace(
        circuit,
        kinds=np.append(circuit.kinds, [int(kind) for kind, _ in rows]).astype(np.int64),
        offsets=np.append(circuit.offsets, circuit.offsets[-1] + np.cumsum(widths)).astype(np.int64),
        literals=np.append(circuit.literals, [literal for _, row in rows for literal in row]).astype(np.int64),
        outputs=np.append(circuit.outputs, ends),
        output_names=tuple(names),
        roles=(*roles, *(Role.CONSTRAINT for _ in ends)),
    )


def _new_name(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "'"
    return name
