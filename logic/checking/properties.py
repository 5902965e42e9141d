"""Properties of a circuit by name: proved with a checked invariant, refuted with a replayed witness, or open.

In the literature: hardware model checking (the tracks of HWMCC).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..circuit import Circuit, Integers
from ..errors import CircuitError
from ..evaluation import Bits
from ..kernels import work_time
from ..roles import Property, Role
from ..showing import shortened
from ..verdict import Verdict
from ..watch import Watch
from .liveness import to_safety
from .portfolio import settle
from .replay import name_claim, replay
from .trace import Invariant
from .witness import Witness


@dataclass(frozen=True)
class Judged:
    """What became of a property.

    Args:
        claim: The property.
        verdict: Its counterexample names the inputs of each clock as ``name@-3``, counted back from the last.
        witness: Of a refuted one.
        invariant: Of a proved one, if that is what proved it; of a justice property for what :func:`to_safety` makes.
    """

    claim: Property
    verdict: Verdict
    witness: Witness | None = None
    invariant: Invariant | None = None


def prove_properties(
    circuit: Circuit, names: Iterable[str] | None = None, timeout: float | Watch | None = None
) -> tuple[Judged, ...]:
    r"""Each property of a circuit, or each of those named.

    Args:
        circuit: With roles, as AIGER 1.9 states them.
        names: Of properties; all if left out.
        timeout: Seconds for each, a watch over all, or None for no bound. Ctrl-C leaves open what is not proved yet.

    Raises:
        CircuitError: if a name is not that of a property.

    Example:
        >>> from logic import parse_circuit
        >>> circuit = parse_circuit("aag 2 1 1 0 0 2\n2\n4 4 0\n4\n2\ni0 d\nb0 never\n", "aag")
        >>> [(one.claim.name, one.verdict.word) for one in prove_properties(circuit)]
        [('never', 'PROVED'), ('bad_1', 'REFUTED')]
    """
    known = {one.name: one for one in circuit.properties}
    chosen = list(known) if names is None else list(dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            there = f"there are {shortened(list(known), 10)}" if known else "the circuit has none"
            raise CircuitError(f"no property is called {name!r}; {there}")
    watch = Watch.of(timeout if isinstance(timeout, Watch) else None)
    each = timeout if isinstance(timeout, float | int) else None
    return tuple(prove_property(circuit, known[name], watch if each is None else watch.until(each)) for name in chosen)


def with_claims(circuit: Circuit) -> Circuit:
    r"""The circuit, whose outputs become bad states if it states nothing of them, as before AIGER 1.9.

    Example:
        >>> from logic import parse_circuit
        >>> [one.name for one in with_claims(parse_circuit("aag 1 1 0 1 0\n2\n2\n", "aag")).properties]
        ['o0']
    """
    return circuit if circuit.roles else replace(circuit, roles=(Role.BAD,) * len(circuit.outputs))


def prove_property(circuit: Circuit, claim: Property, timeout: float | Watch | None = None) -> Judged:
    """Whether a property holds from the first values on, as long as all constraints have held.

    A bad output at clock ``t`` counts if the constraints hold at clocks 0 to ``t``. A first value that is not defined
    may be either. A justice property holds if no infinite path on which the constraints always hold, and each fairness
    output is true again and again, has each of its outputs true again and again. Bounded search, k-induction, property
    directed reachability and corresponding signals take turns; each proof has been checked, each trace replayed.

    Args:
        circuit: With the property.
        claim: One of ``circuit.properties``.
        timeout: Seconds, a watch, or None for no bound.
    """
    start = work_time()
    judged = circuit if claim.role is Role.BAD else to_safety(circuit, claim)
    bad = claim.outputs[0] if claim.role is Role.BAD else len(judged.outputs) - 1
    found = settle(judged, bad, Watch.of(timeout))
    said, seconds = _claim(circuit, claim), work_time() - start
    if found.state is None or found.inputs is None:
        return Judged(claim, Verdict(found.holds, said, seconds=seconds, detail=found.how), None, found.invariant)
    witness = _witness(circuit, claim, found.state, found.inputs)
    if wrong := replay(circuit, witness):
        raise CircuitError(f"the replay does not confirm that {claim.name!r} is refuted: {wrong}; please report it")
    return Judged(claim, _refuted(circuit, claim, said, witness, seconds), witness)


def all_hold(judged: Iterable[Judged]) -> Verdict:
    """One verdict on several properties: the first that is refuted, else the first that is open, else all."""
    verdicts = [one.verdict for one in judged]
    if not verdicts:
        return Verdict(None, "properties hold", detail="there is no property to judge")
    seconds = sum(one.seconds for one in verdicts)
    for holds in (False, None):
        for one in verdicts:
            if one.holds is holds:
                return replace(one, seconds=seconds)
    claim = verdicts[0].claim if len(verdicts) == 1 else f"{len(verdicts)} properties hold: {verdicts[0].claim}, ..."
    return Verdict(True, claim, seconds=seconds, detail=verdicts[0].detail if len(verdicts) == 1 else "each checked")


def _claim(circuit: Circuit, claim: Property) -> str:
    """What is said, with what is assumed."""
    if claim.role is Role.BAD:
        text = f"{claim.name!r} is never true"
    else:
        text = f"the {len(claim.outputs)} outputs of {claim.name!r} are not all true again and again"
    counts = {role: circuit.roles.count(role) for role in Role}
    if counts[Role.CONSTRAINT]:
        text += f" while {counts[Role.CONSTRAINT]} constraints hold"
    if counts[Role.FAIRNESS] and claim.role is Role.JUSTICE:
        text += f", if {counts[Role.FAIRNESS]} fairness outputs are"
    if circuit.open_registers:
        text += f", from any first values of {shortened(list(circuit.open_registers), 5)}"
    return text + (f", one step at {circuit.clock}" if circuit.clock is not None else "")


def _witness(circuit: Circuit, claim: Property, state: Bits, inputs: Bits) -> Witness:
    """What was found in terms of the circuit: the choice of a loop's begin is left out."""
    rows = _one_hot(circuit, inputs.astype(np.int64))
    if claim.role is Role.JUSTICE:
        rows = rows[:-1, :-1]  # the last clock only finds the state that comes again
    first = tuple(state[: len(circuit.register_names)].astype(np.int64).tolist())
    return Witness(name_claim(circuit, claim), first, tuple(map(tuple, rows.tolist())))


def _one_hot(circuit: Circuit, inputs: Integers) -> Integers:
    """The same inputs, with the first of each group true where no input of it matters."""
    for group in circuit.one_hot:
        members = inputs[:, group.start : group.stop]
        members[members.sum(axis=1) == 0, 0] = 1
    return inputs


def _refuted(circuit: Circuit, claim: Property, said: str, witness: Witness, seconds: float) -> Verdict:
    last = len(witness.inputs) - 1
    example = {
        (f"{name}@{clock - last:+d}" if clock != last else name): value
        for clock, row in enumerate(witness.inputs)
        for name, value in zip(circuit.inputs, row, strict=True)
    }
    opened = np.flatnonzero(circuit.register_initial < 0).tolist()
    first = "".join(f", from {circuit.register_names[at]} = {witness.state[at]}" for at in opened)
    safety = claim.role is Role.BAD
    what = f"true at clock {last}, counted from 0" if safety else f"all true in a loop, {last + 1} clocks"
    return Verdict(False, said, example, seconds, what + first)
