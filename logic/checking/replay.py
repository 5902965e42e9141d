"""A plain simulator that judges a witness: one clock after the other, gate by gate, as the circuit was given.

It shares no code with what finds traces.
"""

from itertools import pairwise

from ..circuit import Circuit, Gate
from ..roles import Property, Role
from .witness import Witness

_WORD = {Role.BAD: "b", Role.JUSTICE: "j"}


def replay(circuit: Circuit, witness: Witness) -> str:
    r"""What is wrong with a witness, or nothing if it refutes the property that it names.

    The registers begin at their first values, all constraints hold at every clock, and a bad output is true at some
    clock. For a justice property the last state is one that was there before, and in between each of its outputs, and
    each of fairness, is true at some clock; registers that none of these depend on need not come again.

    Example:
        >>> from logic import parse_circuit
        >>> from logic.checking.witness import parse_witnesses
        >>> circuit = parse_circuit("aag 1 1 0 0 0 1\n2\n2\n", "aag")
        >>> [replay(circuit, one) for one in parse_witnesses("1\nb0\n\n1\n.\n")]
        ['']
    """
    claim = find_claim(circuit, witness.claim)
    if claim is None:
        return f"it is about {witness.claim!r}; the circuit has no such property"
    if len(witness.state) != len(circuit.register_names):
        return f"its first state has {len(witness.state)} values for {len(circuit.register_names)} registers"
    for value, first, name in zip(
        witness.state, circuit.register_initial.tolist(), circuit.register_names, strict=True
    ):
        if first >= 0 and value != first:
            return f"register {name!r} begins at {first}, not at {value}"
    if not witness.inputs:
        return "it has no clock"
    states, seen = [tuple(map(bool, witness.state))], list[list[bool]]()
    for clock, inputs in enumerate(witness.inputs):
        if len(inputs) != len(circuit.inputs):
            return f"at clock {clock} it has {len(inputs)} values for {len(circuit.inputs)} inputs"
        values = _settle(circuit, [False, *map(bool, inputs), *states[-1]])
        outputs = [values[literal >> 1] ^ bool(literal & 1) for literal in circuit.outputs.tolist()]
        for at, role in enumerate(circuit.roles):
            if role is Role.CONSTRAINT and not outputs[at]:
                return f"the constraint {circuit.output_names[at]!r} does not hold at clock {clock}"
        if any(sum(inputs[at] for at in group) != 1 for group in circuit.one_hot):
            return f"at clock {clock} not exactly one input of a one-hot group is true"
        if claim.role is Role.BAD and outputs[claim.outputs[0]]:
            return ""
        seen.append(outputs)
        states.append(tuple(values[lit >> 1] ^ bool(lit & 1) for lit in circuit.register_next.tolist()))
    if claim.role is Role.BAD:
        return f"{claim.name!r} is never true in its {len(seen)} clocks"
    return _loop(circuit, claim, states, seen)


def find_claim(circuit: Circuit, word: str) -> Property | None:
    """The property that a witness calls by its letter and number."""
    for role, letter in _WORD.items():
        if word[:1] == letter and word[1:].isdigit():
            found = [one for one in circuit.properties if one.role is role]
            return found[int(word[1:])] if int(word[1:]) < len(found) else None
    return None


def name_claim(circuit: Circuit, claim: Property) -> str:
    """How a witness calls a property: its letter and its number."""
    alike = [one for one in circuit.properties if one.role is claim.role]
    return f"{_WORD[claim.role]}{alike.index(claim)}"


def _loop(circuit: Circuit, claim: Property, states: list[tuple[bool, ...]], seen: list[list[bool]]) -> str:
    """What is wrong with a way to a loop."""
    aims = [*claim.outputs, *(at for at, role in enumerate(circuit.roles) if role is Role.FAIRNESS)]
    matter = registers_below(
        circuit, [*aims, *(at for at, role in enumerate(circuit.roles) if role is Role.CONSTRAINT)]
    )
    last = [states[-1][at] for at in matter]
    begins = [clock for clock, state in enumerate(states[:-1]) if [state[at] for at in matter] == last]
    if not begins:
        return "the last state is not one that was there before"
    first = begins[0]
    for at in aims:
        if not any(outputs[at] for outputs in seen[first:]):
            return f"{circuit.output_names[at]!r} is not true in the loop from clock {first} on"
    return ""


def registers_below(circuit: Circuit, outputs: list[int]) -> list[int]:
    """Positions of the registers that outputs depend on, at whatever clock."""
    first, inputs = circuit.first_gate, len(circuit.inputs)
    bounds, literals = circuit.offsets.tolist(), circuit.literals.tolist()
    following = circuit.register_next.tolist()
    waiting, found = [int(circuit.outputs[at]) >> 1 for at in outputs], set[int]()
    while waiting:
        wire = waiting.pop()
        if wire in found:
            continue
        found.add(wire)
        if wire >= first:
            waiting += [lit >> 1 for lit in literals[bounds[wire - first] : bounds[wire - first + 1]]]
        elif wire > inputs:
            waiting.append(following[wire - 1 - inputs] >> 1)
    return sorted(wire - 1 - inputs for wire in found if inputs < wire < first)


def _settle(circuit: Circuit, values: list[bool]) -> list[bool]:
    """The values of all wires, from those of the constant, the inputs and the registers."""
    literals = circuit.literals.tolist()
    for kind, (begin, end) in zip(circuit.kinds.tolist(), pairwise(circuit.offsets.tolist()), strict=True):
        operands = [values[literal >> 1] ^ bool(literal & 1) for literal in literals[begin:end]]
        if kind == Gate.AND:
            values.append(all(operands))
        elif kind == Gate.OR:
            values.append(any(operands))
        elif kind == Gate.XOR:
            values.append(sum(operands) % 2 == 1)
        else:
            values.append(2 * sum(operands) > len(operands))
    return values
