"""Whether two clocked circuits answer every stream of inputs alike: a checked proof, or a stream that is replayed."""

import numpy as np

from ..checking.portfolio import settle
from ..circuit import Circuit
from ..errors import CircuitError
from ..evaluation import from_words, run, to_words
from ..kernels import work_time
from ..sequential.checked_graph import OutOfTimeError
from ..sequential.checker import refusal
from ..sequential.deciding import Decision, decide
from ..sequential.differences import CLOCKS
from ..showing import shortened
from ..verdict import Verdict
from ..watch import Watch
from .miter import miter
from .signals import by_one_name
from .streams import Bits, Stream, to_counterexample

_SECONDS = 30.0  # of the engines for properties, where no time was given


def prove_machines(
    impl: Circuit, spec: Circuit, timeout: float | Watch | None = None, *, clocks: int = CLOCKS
) -> Verdict:
    """Whether two circuits with registers give the same outputs at every clock, from their first values on.

    Random streams, induction over corresponding signals, retiming and unrolling are tried by turns
    (:mod:`logic.sequential`), and at last what proves properties (:mod:`logic.checking`), as property directed
    reachability. PROVED is said only of a proof that an independent checker accepts, REFUTED only of a stream that both
    circuits, simulated, answer differently. A register whose first value is not defined may start with either value;
    two of one name start alike.

    Args:
        impl: One circuit. Signals are matched by name, or by order if no name is common (see :func:`by_one_name`).
        spec: The other.
        timeout: Seconds, the watch of a longer proof, or None for no bound but the search's own.
            Ctrl-C ends it too, with what is known.
        clocks: How far the circuits are unrolled at most.

    Returns:
        True if proved, False with a stream from the first clock on, or None.

    Raises:
        CircuitError: if inputs or outputs cannot be matched, or the registers wait for different clocks.
    """
    start, watch = work_time(), Watch.of(timeout)
    impl, names, note = by_one_name(impl, spec)
    claim = f"two clocked circuits agree on {len(spec.outputs)} outputs for ever{note}{assumed(impl, spec)}"
    decision = decide(impl, spec, watch, clocks)
    found = decision.stream() if decision.difference is not None else None
    holds, detail = (None, decision.how) if found else _checked(impl, spec, decision, watch)
    if found is None and decision.certificate is None and not watch.late():
        holds, detail, found = _as_property(impl, spec, decision, watch)
    if found is not None:
        values, first = found
        wave, output = _replayed(impl, spec, values, first)
        example = to_counterexample(Stream(values[: wave + 1], wave), names)
        started = "".join(f", from {name} = {int(value)}" for name, value in sorted(first.items()))
        differs = "first differs" if wave == decision.clocks else "differs"
        detail = f"output {spec.output_names[output]!r} {differs} at clock {wave}, counted from 0{started}"
        return Verdict(False, claim, counterexample=example, seconds=work_time() - start, detail=detail)
    return Verdict(holds, claim, seconds=work_time() - start, detail=detail)


def _checked(impl: Circuit, spec: Circuit, decision: Decision, watch: Watch) -> tuple[bool | None, str]:
    """Whether a proof was found and holds, and what to say of it."""
    if decision.certificate is None:
        return None, decision.how
    try:
        reason = refusal(impl, spec, decision.certificate, watch.deadline)
    except (OutOfTimeError, KeyboardInterrupt):
        return None, f"{decision.how}, but there was no time to check it"
    if reason:
        raise CircuitError(f"the checker refuses the proof that was found ({reason}); please report these circuits")
    return True, f"{decision.how}; checked"


def _as_property(
    impl: Circuit, spec: Circuit, decision: Decision, watch: Watch
) -> tuple[bool | None, str, tuple[Bits, dict[str, bool]] | None]:
    """What the engines for properties find of the output that says that the circuits differ."""
    if set(impl.open_registers) & set(spec.open_registers):  # which start alike; a property cannot say so
        return None, decision.how, None
    both = miter(impl, spec)
    found = settle(both, 0, watch.until(_SECONDS) if watch.deadline is None else watch)
    if found.state is None or found.inputs is None:
        return found.holds, found.how if found.holds else f"{decision.how}; {found.how}", None
    first = {name[2:]: bool(found.state[at]) for at, name in enumerate(both.register_names)}
    opened = {*impl.open_registers, *spec.open_registers}
    return None, "", (found.inputs, {name: value for name, value in first.items() if name in opened})


def _replayed(impl: Circuit, spec: Circuit, values: Bits, first: dict[str, bool]) -> tuple[int, int]:
    """The first clock at which a stream is answered differently, and the output, as plain simulation says.

    Raises:
        CircuitError: if it says otherwise.
    """
    place = {name: position for position, name in enumerate(spec.inputs)}
    where = {name: position for position, name in enumerate(impl.output_names)}
    ours = _answers(impl, values[:, [place[name] for name in impl.inputs]], first)
    wrong = ours[:, [where[name] for name in spec.output_names]] != _answers(spec, values, first)
    if not wrong.any():
        raise CircuitError("simulation does not confirm the difference that was found; please report these circuits")
    wave, output = np.argwhere(wrong)[0].tolist()
    return wave, output


def _answers(circuit: Circuit, values: Bits, first: dict[str, bool]) -> Bits:
    """Outputs ``[T, O]`` for inputs ``[T, I]``."""
    started = [
        first[name] if value < 0 else value == 1
        for name, value in zip(circuit.register_names, circuit.register_initial.tolist(), strict=True)
    ]
    state = to_words(np.array([started], np.bool_))
    words = run(circuit, np.stack([to_words(row[None]) for row in values]), state)
    return np.stack([from_words(row, 1)[0] for row in words])


def assumed(impl: Circuit, spec: Circuit) -> str:
    """What is taken for granted of clocks and first values."""
    clocks = sorted({str(machine.clock) for machine in (impl, spec) if machine.clock is not None})
    steps = f", one step at {' and '.join(clocks)}" if clocks else ""
    shared = sorted(set(impl.open_registers) & set(spec.open_registers))
    if not shared:
        return f", from their first values on{steps}"
    return f", from their first values on, undefined ones ({shortened(shared, 5)}) being any but alike in both{steps}"
