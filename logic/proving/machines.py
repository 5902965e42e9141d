"""Whether two clocked circuits answer every stream of inputs alike, by induction over matched registers."""

import time
from dataclasses import replace

import numpy as np

from ..circuit import Circuit
from ..evaluation import from_words, run, to_words
from ..verdict import Verdict
from .equivalence import prove_equivalent
from .signals import after, by_one_name
from .streams import Bits, Stream, random_vectors, to_counterexample


def prove_machines(
    impl: Circuit, spec: Circuit, timeout: float | None = None, *, waves: int = 24, seed: int = 0
) -> Verdict:
    """Whether two circuits with registers give the same outputs at every clock, from their first values on.

    The invariant is that matched registers are equal; it is proved for one clock from any state in which it holds.
    If it fails, random streams look for outputs that really differ.

    Args:
        impl: One circuit. Signals are matched by name, or by order if no name is common (see :func:`by_one_name`).
        spec: The other; a first value that is not defined counts as 0.
        timeout: Seconds for the inductive step, or None for no bound.
        waves: How long the random streams are.
        seed: Of those streams.

    Returns:
        True if proved, False with a stream from the first clock on, or None: the invariant may be too weak.

    Raises:
        CircuitError: if inputs or outputs cannot be matched.
    """
    start = time.perf_counter()
    impl, names, note = by_one_name(impl, spec)
    claim = f"two clocked circuits agree on {len(spec.outputs)} outputs for ever{note}"
    obstacle = "registers differ in number or in name"
    if sorted(impl.register_names) == sorted(spec.register_names):
        if _first_values(impl) != _first_values(spec):
            obstacle = "registers differ in their first values"
        else:
            following = after(spec.register_names, (*impl.output_names, *spec.output_names))
            step = prove_equivalent(_one_clock(impl, following), _one_clock(spec, following), timeout)
            if step.holds:
                seconds = time.perf_counter() - start
                return Verdict(True, claim, seconds=seconds, detail=f"base and step for all states, {step.detail}")
            obstacle = f"the step is {'out of budget' if step.holds is None else 'refuted'}"
    values = random_vectors(np.random.default_rng(seed), spec, (waves, 256))
    place = {name: position for position, name in enumerate(spec.inputs)}
    answers = _answers(impl, values[..., [place[name] for name in impl.inputs]])
    where = {name: position for position, name in enumerate(impl.output_names)}
    wrong = np.argwhere(answers[..., [where[name] for name in spec.output_names]] != _answers(spec, values))
    seconds = time.perf_counter() - start
    if not len(wrong):
        return Verdict(None, claim, seconds=seconds, detail=f"not inductive: {obstacle}")
    wave, member, output = wrong[0].tolist()
    example = to_counterexample(Stream(values[: wave + 1, member], wave), names)
    detail = f"output {spec.output_names[output]!r} differs at wave {wave} from the start"
    return Verdict(False, claim, counterexample=example, seconds=seconds, detail=detail)


def _first_values(circuit: Circuit) -> dict[str, bool]:
    return dict(zip(circuit.register_names, (circuit.register_initial == 1).tolist(), strict=True))


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
    )


def _answers(circuit: Circuit, values: Bits) -> Bits:
    """Outputs ``[T, B, O]`` for inputs ``[T, B, I]``."""
    batch = values.shape[1]
    state = to_words(np.repeat(circuit.register_initial[None, :] == 1, batch, axis=0))
    words = run(circuit, np.stack([to_words(rows) for rows in values]), state)
    return np.stack([from_words(row, batch) for row in words])
