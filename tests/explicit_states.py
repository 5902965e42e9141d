"""An oracle for properties of small machines: all states are enumerated, loops are strongly connected components."""

import networkx as nx
import numpy as np

from logic import Circuit, Property, Role
from logic.evaluation import clock, from_words, to_words


def random_machine(seed: int, registers: int = 4, gates: int = 13) -> Circuit:
    """A few inputs, at most so many registers and gates, with properties and assumptions of all kinds."""
    random = np.random.default_rng(seed)
    inputs = int(random.integers(0, 3))
    registers, gates = int(random.integers(0, registers + 1)), int(random.integers(0, gates + 1))
    first = 1 + inputs + registers
    widths, kinds, literals = list[int](), list[int](), list[int]()
    for gate in range(gates):
        kinds.append(int(random.choice(4, p=[0.5, 0.2, 0.2, 0.1])))
        widths.append(int(random.choice([1, 3])) if kinds[-1] == 3 else int(random.integers(1, 4)))
        literals += random.integers(0, 2 * (first + gate), widths[-1]).tolist()
    wires = first + gates
    roles = [Role.OUTPUT] * int(random.integers(0, 2)) + [Role.BAD] * int(random.integers(0, 3))
    roles += [Role.CONSTRAINT] * int(random.choice(3, p=[0.5, 0.3, 0.2]))
    sets = [int(random.integers(0, 3)) for _ in range(int(random.integers(0, 2)))]
    begin = len(roles)
    roles += [Role.JUSTICE] * sum(sets) + [Role.FAIRNESS] * int(random.integers(0, 2))
    justice = list[Property]()
    for number, size in enumerate(sets):
        justice.append(Property(f"justice {number}", Role.JUSTICE, tuple(range(begin, begin + size))))
        begin += size
    ends = random.integers(2 * max(0, wires - 6), 2 * wires, len(roles))
    return Circuit(
        inputs=tuple(f"i{at}" for at in range(inputs)),
        kinds=np.array(kinds, np.int64),
        offsets=np.cumsum([0, *widths]),
        literals=np.array(literals, np.int64),
        outputs=ends,
        output_names=tuple(f"o{at}" for at in range(len(roles))),
        one_hot=(range(inputs),) if inputs == 2 and random.random() < 0.2 else (),
        register_next=random.integers(0, 2 * wires, registers),
        register_initial=random.choice([0, 1, -1], registers, p=[0.5, 0.3, 0.2]),
        register_names=tuple(f"r{at}" for at in range(registers)),
        roles=tuple(roles),
        justice=tuple(justice),
    )


def holding(circuit: Circuit) -> dict[str, bool]:
    """Which properties hold, by their definition."""
    inputs, registers = len(circuit.inputs), len(circuit.register_names)
    rows = np.arange(1 << (inputs + registers))
    bits = (rows[:, None] >> np.arange(inputs + registers) & 1).astype(np.bool_)
    outputs, following = clock(circuit, to_words(bits[:, :inputs]), to_words(bits[:, inputs:]))
    answers, states = from_words(outputs, len(rows)), from_words(following, len(rows))
    allowed = np.ones(len(rows), np.bool_)
    for at, role in enumerate(circuit.roles):
        allowed &= answers[:, at] | (role is not Role.CONSTRAINT)
    for group in circuit.one_hot:
        allowed &= bits[:, group.start : group.stop].sum(axis=1) == 1
    weights = 1 << np.arange(registers)
    source, target = bits[:, inputs:] @ weights, states @ weights
    known = circuit.register_initial >= 0
    fits = (bits[:, inputs:] == (circuit.register_initial == 1)) | ~known
    reached, waiting = set[int](), set(source[fits.all(axis=1)].tolist())
    while waiting:
        reached |= waiting
        waiting = set(target[allowed & np.isin(source, sorted(waiting))].tolist()) - reached
    live = allowed & np.isin(source, sorted(reached))
    graph = nx.DiGraph()
    graph.add_edges_from(zip(source[live].tolist(), target[live].tolist(), strict=True))
    loops = [np.array(sorted(part)) for part in nx.strongly_connected_components(graph)]
    fair = [at for at, role in enumerate(circuit.roles) if role is Role.FAIRNESS]
    found = dict[str, bool]()
    for one in circuit.properties:
        if one.role is Role.BAD:
            found[one.name] = not answers[live, one.outputs[0]].any()
            continue
        inside = [live & np.isin(source, part) & np.isin(target, part) for part in loops]
        aims = [*one.outputs, *fair]
        found[one.name] = not any(edges.any() and answers[edges][:, aims].any(axis=0).all() for edges in inside)
    return found
