"""Whether two clocked circuits answer every stream of inputs alike, by induction over matched registers."""

from dataclasses import replace

import numpy as np

from ..circuit import Circuit
from ..evaluation import from_words, random_vectors, run, to_words
from ..kernels import work_time
from ..showing import shortened
from ..verdict import Verdict
from .bounded import CLOCKS, first_difference
from .equivalence import prove_combinational
from .signals import after, by_one_name
from .streams import Bits, Stream, to_counterexample


def prove_machines(
    impl: Circuit,
    spec: Circuit,
    timeout: float | None = None,
    *,
    waves: int = 24,
    seed: int = 0,
    clocks: int = CLOCKS,
) -> Verdict:
    """Whether two circuits with registers give the same outputs at every clock, from their first values on.

    The invariant is that matched registers are equal; it is proved for one clock from any state in which it holds.
    If it fails, random streams look for outputs that really differ, and then SAT for the first clock at which they
    can. A register whose first value is not defined may start with either value; two of one name start alike.

    Args:
        impl: One circuit. Signals are matched by name, or by order if no name is common (see :func:`by_one_name`).
        spec: The other.
        timeout: Seconds for the inductive step and the search, or None for no bound but the search's own.
        waves: How long the random streams are.
        seed: Of those streams.
        clocks: How far SAT looks for a difference.

    Returns:
        True if proved, False with a stream from the first clock on, or None: the invariant may be too weak.

    Raises:
        CircuitError: if inputs or outputs cannot be matched, or the registers wait for different clocks.
    """
    start = work_time()
    deadline = None if timeout is None else start + timeout
    impl, names, note = by_one_name(impl, spec)
    claim = f"two clocked circuits agree on {len(spec.outputs)} outputs for ever{note}{_assumed(impl, spec)}"
    obstacle = "registers differ in number or in name"
    if sorted(impl.register_names) == sorted(spec.register_names):
        if _first_values(impl) != _first_values(spec):
            obstacle = "registers differ in their first values"
        else:
            following = after(spec.register_names, (*impl.output_names, *spec.output_names))
            step = prove_combinational(_one_clock(impl, following), _one_clock(spec, following), timeout)
            if step.holds:
                seconds = work_time() - start
                return Verdict(True, claim, seconds=seconds, detail=f"base and step for all states, {step.detail}")
            obstacle = f"the step is {'out of budget' if step.holds is None else 'refuted'}"
    found = _random_difference(impl, spec, waves, seed)
    if found is not None:
        values, output = found
        first = dict.fromkeys(_open(impl) | _open(spec), False)
        earliest = "differs"
    else:
        searched = first_difference(impl, spec, clocks=clocks, deadline=deadline)
        if searched.difference is None:
            seconds = work_time() - start
            detail = f"not inductive: {obstacle}; no difference in the first {searched.clocks} clocks"
            return Verdict(None, claim, seconds=seconds, detail=detail)
        values, output, first = searched.difference
        earliest = "first differs"
    wave = len(values) - 1
    example = to_counterexample(Stream(values, wave), names)
    started = "".join(f", from {name} = {int(value)}" for name, value in sorted(first.items()))
    detail = f"output {spec.output_names[output]!r} {earliest} at clock {wave}, counted from 0{started}"
    return Verdict(False, claim, counterexample=example, seconds=work_time() - start, detail=detail)


def _open(circuit: Circuit) -> set[str]:
    """The registers whose first value is not defined."""
    return {name for name, value in zip(circuit.register_names, circuit.register_initial, strict=True) if value < 0}


def _assumed(impl: Circuit, spec: Circuit) -> str:
    """What is taken for granted of clocks and first values."""
    clocks = sorted({str(machine.clock) for machine in (impl, spec) if machine.clock is not None})
    steps = f", one step at {' and '.join(clocks)}" if clocks else ""
    shared = sorted(_open(impl) & _open(spec))
    if not shared:
        return f", from their first values on{steps}"
    return f", from their first values on, undefined ones ({shortened(shared, 5)}) being any but alike in both{steps}"


def _first_values(circuit: Circuit) -> dict[str, int]:
    return dict(zip(circuit.register_names, circuit.register_initial.tolist(), strict=True))


def _one_clock(circuit: Circuit, following: dict[str, str]) -> Circuit:
    """The combinational part: registers are inputs, their next values outputs of the given names."""
    return replace(
        circuit,
        inputs=(*circuit.inputs, *circuit.register_names),
        outputs=np.concatenate([circuit.outputs, circuit.register_next]),
        output_names=(*circuit.output_names, *(following[name] for name in circuit.register_names)),
        register_next=np.zeros(0, np.int64),
        register_initial=np.zeros(0, np.int64),
        register_names=(),
        roles=(),
        justice=(),
    )


def _random_difference(impl: Circuit, spec: Circuit, waves: int, seed: int) -> tuple[Bits, int] | None:
    """A random stream ``[T, I]`` whose last clock is answered differently, and the output; undefined values are 0."""
    values = random_vectors(np.random.default_rng(seed), spec, (waves, 256))
    place = {name: position for position, name in enumerate(spec.inputs)}
    answers = _answers(impl, values[..., [place[name] for name in impl.inputs]])
    where = {name: position for position, name in enumerate(impl.output_names)}
    wrong = np.argwhere(answers[..., [where[name] for name in spec.output_names]] != _answers(spec, values))
    if not len(wrong):
        return None
    wave, member, output = wrong[0].tolist()
    return values[: wave + 1, member], output


def _answers(circuit: Circuit, values: Bits) -> Bits:
    """Outputs ``[T, B, O]`` for inputs ``[T, B, I]``."""
    batch = values.shape[1]
    state = to_words(np.repeat(circuit.register_initial[None, :] == 1, batch, axis=0))
    words = run(circuit, np.stack([to_words(rows) for rows in values]), state)
    return np.stack([from_words(row, batch) for row in words])
