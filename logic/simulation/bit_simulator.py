"""Bit-parallel simulation: 64 input vectors a machine word, exactly the spikes of the reference simulator.

Forgetful networks with slots (:mod:`logic.simulation.word_compiler`) are computed wave by wave as if no time passed;
all others (loops, retained membranes, unequal paths, faults in time) step by step with a ring of past spikes for each
neuron.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import FlatNetwork, SpikingNetwork
from ..rails import rail_pairs
from .equal_neurons import merge_equal, threshold_neurons
from .step_plan import StepPlan, membrane_bits, plan_steps
from .word_compiler import Cells, assemble, find_slots, needed_neurons, reuse_rows, threshold_cells
from .word_gates import Template
from .word_program import (
    Integers,
    Operation,
    StepRun,
    WordProgram,
    Words,
    pack_bits,
    run_steps,
    run_waves,
    unpack_bits,
)

KEPT_PLANS = 4  # of the networks simulated last, for each kind of plan

# Operands: own spike, deleted, inserted. Result: (own and not deleted) or inserted.
_FAULTS = Template(3, ((Operation.CHOOSE, 2, 5, 6),), (8,))


@dataclass(frozen=True, eq=False)
class Faults:
    """Which spikes go wrong; an entry is a step (or a wave), a member of the batch and a line (inputs, then neurons).

    A spike that is ``late`` comes one step later than it should, one that is ``deleted`` never; an ``inserted`` spike
    is there whatever the neuron says. The membrane of the neuron is reset by its own spike, not by what is sent on.

    Args:
        deleted: ``[T, B, I + N]``, boolean.
        inserted: As above.
        late: As above.
    """

    deleted: NDArray[np.bool_]
    inserted: NDArray[np.bool_]
    late: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class WavePlan:
    """A network that is ready to be evaluated wave by wave.

    Args:
        program: What is run; its entries are the input lines and, if the plan takes faults, ``deleted`` and
            ``inserted`` of all lines.
        lines: ``[I + N]`` literals of the input lines and neurons.
        outputs: ``[O]`` literals of the outputs.
        slots: ``[I + N]`` steps after the wave at which each line fires.
        inputs: Rows of words that a wave takes: input lines, or wires in a plan for codewords.
    """

    program: WordProgram
    lines: Integers
    outputs: Integers
    slots: Integers
    inputs: int


def plan_waves(
    network: SpikingNetwork, *, codewords: bool = False, faulty: bool = False, outputs_only: bool = False
) -> WavePlan:
    """Prepare a network whose waves do not meet for evaluation.

    Args:
        network: Forgetful neurons, with slots.
        codewords: Take waves as values of the wires, in the order of their rails for 1, instead of spikes on
            lines. As the two rails of an input then always differ, so do those of many neurons, and one of the two is
            enough.
        faulty: Whether faults can be given when the plan is run; excludes ``codewords``.
        outputs_only: Leave out neurons that no output depends on; nothing can be counted then.

    Raises:
        NetworkError: if a neuron retains its membrane or there are no slots, or an output does not answer at its
            latency, or two exclusive options are given.
    """
    if codewords and faulty:
        raise NetworkError("a plan with faults cannot rely on codewords; choose one of the two")
    flat = network.flatten()
    slots = None if flat.retain.any() else find_slots(flat)
    if slots is None:
        raise NetworkError(
            "the waves of this network meet: a membrane is retained or two paths differ in delay; use simulate_bits"
        )
    reached = np.zeros(len(slots), dtype=bool)
    reached[flat.post + flat.inputs] = True
    late = reached[network.outputs] & (slots[network.outputs] != network.latencies)
    if late.any() or slots[: flat.inputs].any():
        where = str(network.output_lines[int(late.argmax())]) if late.any() else "an input line"
        raise NetworkError(f"{where!r} is not in step with the wave; use simulate_bits, which takes spikes in time")
    rails = rail_pairs(network.input_lines) if codewords else np.zeros((0, 2), dtype=np.int64)
    return _wave_plan(flat, slots, network.outputs, rails, faulty, outputs_only, not faulty)


def run_wave_plan(
    plan: WavePlan,
    words: Words,
    *,
    lines: Integers | None = None,
    deleted: Words | None = None,
    inserted: Words | None = None,
    threads: int = 1,
) -> Words:
    """The answers to one wave of input spikes for each bit.

    Args:
        plan: From :func:`plan_waves`.
        words: ``[I, W]``, or ``[wires, W]`` for codewords, 64 waves a word
            (:func:`logic.simulation.word_program.pack_bits`).
        lines: What to return instead of the outputs, numbered as in ``network.flatten()``; not with ``outputs_only``.
        deleted: ``[I + N, W]`` spikes that get lost, for a plan that takes faults.
        inserted: ``[I + N, W]`` spikes that come from nowhere, likewise.
        threads: Workers that share the words.

    Returns:
        ``[O, W]``: bit b of output o is its spike at ``latency`` steps after wave b, or that of a line at its slot.

    Raises:
        NetworkError: if shapes do not fit, or lines are wanted that were left out.
    """
    wanted = plan.outputs if lines is None else plan.lines[lines]
    if (wanted < 0).any():
        raise NetworkError("this plan leaves neurons out; make it without outputs_only to record lines")
    nothing = np.zeros((0, 2), dtype=np.int64)
    given = _given(plan, words, deleted, inserted)
    return run_waves(plan.program, given, wanted, nothing[:, 0], nothing, threads)[0]


def count_spikes(plan: WavePlan, words: Words, waves: int, *, threads: int = 1) -> Integers:
    """How often each input line and neuron fires in ``waves`` waves.

    Args:
        plan: From :func:`plan_waves`, not with ``outputs_only``.
        words: ``[I, ceil(waves / 64)]``, or ``[wires, ceil(waves / 64)]`` for codewords.
        waves: How many bits count.
        threads: Workers that share the words.

    Returns:
        ``[I + N]`` numbers of spikes.

    Raises:
        NetworkError: if shapes do not fit, or neurons were left out.
    """
    if (plan.lines < 0).any():
        raise NetworkError("this plan leaves neurons out; make it without outputs_only to count spikes")
    limits = np.tile(np.array([0, waves]), (len(plan.lines), 1))
    return run_waves(plan.program, _given(plan, words, None, None), plan.lines[:0], plan.lines, limits, threads)[1]


def simulate_bits(
    network: SpikingNetwork,
    spikes: NDArray[np.bool_],
    steps: int,
    *,
    lines: Sequence[int] | Integers | None = None,
    faults: Faults | None = None,
) -> NDArray[np.bool_]:
    """Spike trains of a batch, exactly as ``simulate_reference`` gives them one by one.

    The plans of the last few networks are kept, so a further call on one of them (the same object) plans nothing.

    Args:
        network: What to run.
        spikes: ``[T, B, I]`` on the flattened input lines; silence after ``T``.
        steps: How many steps to run.
        lines: ``[R]`` what to record, numbered as in ``network.flatten()``; all if not given.
        faults: Spikes that go wrong, ``T = steps``.

    Returns:
        ``[steps, B, R]`` spikes.

    Raises:
        NetworkError: if the spikes or faults do not fit the network.
    """
    flat, slots = _flat(network)
    size = flat.inputs + len(flat.threshold)
    if spikes.ndim != 3 or spikes.shape[2] != flat.inputs:
        raise NetworkError(f"spikes need [T, B, {flat.inputs}], got {list(spikes.shape)}")
    batch = spikes.shape[1]
    given = np.zeros((steps, batch, flat.inputs), dtype=bool)
    given[: len(spikes)] = spikes[:steps]
    wanted = np.arange(size) if lines is None else np.asarray(lines, dtype=np.int64)
    if slots is not None and faults is None:
        return _stream(flat, slots, _stream_plan(network, wanted.tobytes()), given, wanted)
    return _step_by_step(network, given, wanted, faults)


class Clocked:
    """A network with a state whose waves are given one after the other, so that memory does not grow with them.

    Args:
        network: What to run.
        batch: Streams side by side, at most ``64 * BLOCK``.
        steps: How many steps there will be at most; bounds retained membranes.
    """

    def __init__(self, network: SpikingNetwork, batch: int, steps: int) -> None:
        flat, _ = _flat(network)
        plan = _step_plan(network, False, membrane_bits(flat, steps).tobytes())
        self._outputs = 2 * plan.sent[1 + network.outputs]
        self._run = StepRun(plan.program, plan.initial, plan.depth, 2 * plan.sent[1:], batch)

    def run(self, words: Words, steps: int) -> Words:
        """The words ``[steps, O, W]`` of all outputs after input lines fire once as ``[I, W]`` and then are silent."""
        given = np.zeros((steps, *words.shape), dtype=np.uint64)
        given[0] = words
        return self._run.run(given, self._outputs)

    @property
    def spikes(self) -> Integers:
        """``[I + N]`` spikes of each input line and neuron so far, over the whole batch."""
        return self._run.totals


@lru_cache(maxsize=KEPT_PLANS)
def _flat(network: SpikingNetwork) -> tuple[FlatNetwork, Integers | None]:
    """The network in one piece, and its slots if its waves do not meet."""
    flat = network.flatten()
    return flat, None if flat.retain.any() else find_slots(flat)


@lru_cache(maxsize=KEPT_PLANS)
def _stream_plan(network: SpikingNetwork, wanted: bytes) -> WavePlan:
    """How to compute lines (64-bit numbers) of a network with slots; with faults, if neurons fire unasked."""
    flat, slots = _flat(network)
    if slots is None:
        raise NetworkError("the waves of this network meet; it has no plan for waves")
    spontaneous = _spontaneous(flat)
    lines, rails = np.frombuffer(wanted, dtype=np.int64), np.zeros((0, 2), dtype=np.int64)
    return _wave_plan(flat, slots, lines, rails, spontaneous, True, not spontaneous)


def _spontaneous(flat: FlatNetwork) -> bool:
    return bool((flat.bias >= flat.threshold).any())


def _given(plan: WavePlan, words: Words, deleted: Words | None, inserted: Words | None) -> Words:
    size, width = len(plan.lines), words.shape[1]
    if len(words) != plan.inputs:
        raise NetworkError(f"words need [{plan.inputs}, W], got {list(words.shape)}")
    if len(plan.program.entries) == plan.inputs:
        if deleted is not None or inserted is not None:
            raise NetworkError("faults were given to a plan that was made without faulty=True")
        return words
    faults = [np.zeros((size, width), dtype=np.uint64) if fault is None else fault for fault in (deleted, inserted)]
    if any(fault.shape != (size, width) for fault in faults):
        raise NetworkError(f"faults need [{size}, {width}] words, got {[list(fault.shape) for fault in faults]}")
    return np.concatenate([words, *faults])


def _wave_plan(
    flat: FlatNetwork,
    slots: Integers,
    outputs: Integers,
    rails: Integers,
    faulty: bool,
    outputs_only: bool,
    merge: bool,
) -> WavePlan:
    neurons, inputs, size = threshold_neurons(flat), flat.inputs, len(slots)
    forward = (flat.pre < flat.post + inputs).all()
    order = np.arange(size - inputs) if forward else np.argsort(slots[inputs:], kind="stable")
    known = 2 * np.arange(1 + size)
    if merge:
        literals = known[: 1 + inputs].copy()
        literals[1 + rails[:, 0]] = literals[1 + rails[:, 1]] ^ 1
        neurons, known = merge_equal(neurons, order, literals)
    own = known[1 + inputs :] >> 1 == 1 + inputs + np.arange(size - inputs)
    if outputs_only:
        own &= needed_neurons(neurons, order, known[1 + outputs] >> 1, size, inputs)
    # Signals: false, inputs, neurons that are computed; with faults also deleted, inserted and what is sent on.
    signal = np.full(1 + size, -1)
    signal[: 1 + inputs] = np.arange(1 + inputs)
    signal[1 + inputs :][own] = 1 + inputs + np.arange(int(own.sum()))
    position = np.empty(size - inputs, dtype=np.int64)
    position[order] = np.arange(size - inputs)
    given = rails[:, 1] if len(rails) else np.arange(inputs)
    entries, signals = 1 + given, 1 + inputs + int(own.sum())
    sent = signal
    guards: list[Cells] = []
    if faulty:
        entries = np.concatenate([entries, signals + np.arange(2 * size)])
        sent = np.concatenate([[0], signals + 2 * size + np.arange(size)])
        columns = [2 * signal[1:], 2 * (signals + np.arange(size)), 2 * (signals + size + np.arange(size))]
        told = np.flatnonzero(signal[1:] >= 0)  # neurons that are left out have no signal that a fault could change
        operands = np.stack(columns, axis=1)[told]
        when = np.concatenate([np.full(inputs, -1), 2 * position + 1])[told]
        guards.append(Cells(_FAULTS, operands, np.zeros_like(operands), sent[1:, None][told], when))
        signals += 3 * size
    cells = threshold_cells(neurons, own, sent, signal[1 + inputs :], 2 * position)
    final = 2 * sent[known >> 1] + (known & 1)
    program, answers = assemble([*cells, *guards], signals, entries), final[1 + outputs]
    if outputs_only:
        program, answers = reuse_rows(program, answers)
        final = np.full(1 + size, -1)
    return WavePlan(program, final[1:], answers, slots, len(given))


def _stream(
    flat: FlatNetwork, slots: Integers, plan: WavePlan, given: NDArray[np.bool_], wanted: Integers
) -> NDArray[np.bool_]:
    """All waves at once. A wave that began before step 0 is cut: what would have fired then did not."""
    steps, batch, inputs = given.shape
    spontaneous = _spontaneous(flat)
    before = int(slots.max(initial=0) if spontaneous else slots[:inputs].max(initial=0))
    waves = before + steps
    first = np.maximum(before - slots, 0)  # of the waves in which a line fires within the run
    last = np.maximum(np.minimum(before - slots + steps, waves), first)
    start = first - before + slots  # the step of the first

    rows = np.zeros((inputs, waves, batch), dtype=bool)
    for line in range(inputs):
        count = last[line] - first[line]
        rows[line, first[line] : last[line]] = given[start[line] : start[line] + count, :, line]
    words = pack_bits(rows.reshape(inputs, -1))
    cut = None
    if spontaneous:
        cut = pack_bits(np.repeat(np.arange(waves) < first[:, None], batch, axis=1))
    answers = unpack_bits(run_wave_plan(plan, words, deleted=cut), waves * batch).reshape(-1, waves, batch)
    trains = np.zeros((len(wanted), steps, batch), dtype=bool)
    for index, line in enumerate(wanted.tolist()):
        count = last[line] - first[line]
        trains[index, start[line] : start[line] + count] = answers[index, first[line] : last[line]]
    return trains.transpose(1, 2, 0)


def _step_by_step(
    network: SpikingNetwork, given: NDArray[np.bool_], wanted: Integers, faults: Faults | None
) -> NDArray[np.bool_]:
    (steps, batch, _), (flat, _) = given.shape, _flat(network)
    size = flat.inputs + len(flat.threshold)
    if faults is not None and any(
        f.shape != (steps, batch, size) for f in (faults.deleted, faults.inserted, faults.late)
    ):
        raise NetworkError(f"faults need [{steps}, {batch}, {size}], got {list(faults.deleted.shape)}")
    plan = _step_plan(network, faults is not None, membrane_bits(flat, steps).tobytes())
    columns = [given] if faults is None else [given, faults.deleted, faults.inserted, faults.late]
    words = pack_bits(np.concatenate(columns, axis=2).transpose(0, 2, 1))
    answers = run_steps(plan.program, words, 2 * plan.sent[1 + wanted], plan.initial, plan.depth)
    return unpack_bits(answers, batch).transpose(0, 2, 1).astype(bool)


@lru_cache(maxsize=KEPT_PLANS)
def _step_plan(network: SpikingNetwork, faulty: bool, bits: bytes) -> StepPlan:
    return plan_steps(_flat(network)[0], faulty, np.frombuffer(bits, dtype=np.int64))
