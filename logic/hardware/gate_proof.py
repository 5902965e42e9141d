"""Proof that synthesized cells do what a circuit does: from the source down to the lookup tables and flip-flops.

*Without a state* the cells are a pipeline. Let its registers hold anything when a wave arrives, let anything come at
the steps after it; if the outputs at their latencies are then the circuit's values of that wave, they are so for every
wave at every time. What outputs say between a reset and the first answer is compared too, and that a clock without
``en`` changes nothing.

*With registers in the circuit* the claim is by induction over waves, one each period, with silence between them. That
certain flip-flops hold certain registers (or constants) one step after a wave arrives is guessed from a simulation,
assumed for one wave of which all other flip-flops are free, and proved for the next and after a reset; a guess that
fails is dropped (signal correspondence, van Eijk, IEEE TCAD 2000).
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..errors import NetworkError
from ..evaluation import clock, from_words, random_vectors, run, to_words
from ..kernels import work_time
from ..proving.streams import Stream, to_counterexample
from ..rails import match_lines
from ..showing import shortened
from ..sweeping.codewords import codewords
from ..sweeping.graph import AndGraph
from ..sweeping.sweeping import sweep
from ..verdict import Verdict
from ..watch import Watch
from .cells import read_cells
from .design import DesignNotes, read_design_notes
from .tools import Resources, synthesize
from .unrolled import unroll

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]
_STREAMS, _WAVES = 256, 24


class Synthesized(NamedTuple):
    """What yosys made of a design, and whether it is the circuit."""

    resources: Resources
    verdict: Verdict


def prove_rtl(
    folder: str | Path, specification: Circuit, *, name: str | None = None, timeout: float | None = None
) -> Synthesized:
    """Synthesizes a design of the form ``registers`` by yosys and proves its cells against a circuit.

    Nothing that wrote the Verilog is believed, nor yosys: what is compared is the netlist that goes to placement
    (``NAME_cells.json``), read by :func:`logic.hardware.cells.read_cells`. Believed are only the latencies, the period
    and the names of the lines, which are part of the claim.

    Args:
        folder: As :func:`logic.hardware.write_rtl` has written it.
        specification: The circuit, with registers or without.
        name: Of the design; may be left out if the folder holds one.
        timeout: Seconds for each proof, or None for no bound.

    Raises:
        ToolError: if yosys is not installed or does not accept the design.
        NetworkError: if the design has another form, or its lines are not signals of the circuit.
    """
    design = read_design_notes(folder, name)
    if design.form != "registers":
        raise NetworkError(
            f"a design of the form {design.form!r} is not proved; its testbench compares all neurons, or write the "
            f"form 'registers'"
        )
    resources = synthesize(folder, design.name)
    cells = read_cells(Path(folder) / f"{design.name}_cells.json", design.name)
    return Synthesized(resources, prove_cells(cells, design, specification, timeout=timeout))


def prove_cells(
    cells: Circuit, design: DesignNotes, specification: Circuit, *, timeout: float | None = None
) -> Verdict:
    """Whether a netlist with the ports of a design does what a circuit does, as the module's first lines say.

    Args:
        cells: The netlist, with inputs ``rst``, ``en``, ``in[0]`` ...; first values of its registers are not believed.
        design: Its lines, latencies and period.
        specification: The circuit; its one-hot groups are promised of the inputs.
        timeout: Seconds, or None for no bound.

    Returns:
        True if proved; False with a stream of waves after a reset that the netlist itself, simulated, answers wrongly;
        None if neither was found.

    Raises:
        NetworkError: if lines or ports cannot be matched.
    """
    start, watch = work_time(), Watch.of(timeout)
    machine = _Machine(cells, design, specification)
    if specification.register_names:
        obstacle, detail = _induct(machine, watch)
    else:
        obstacle, detail = _pipeline(machine, watch)
    claim = f"{len(cells.kinds)} gates and {len(cells.register_names)} flip-flops compute {len(specification.outputs)} "
    steps = f"{design.latency} enabled clock{'s' * (design.latency != 1)}"
    claim += f"outputs of {len(specification.inputs)} inputs, at latest {steps} after the wave"
    if specification.register_names:
        undefined = specification.open_registers
        claim += f", for ever after a reset, with silence between waves every {design.period} enabled clocks"
        claim += f", undefined first values ({shortened(list(undefined), 5)}) being 0" if undefined else ""
    else:
        claim += ", from any state and with any other waves"
    obstacle = obstacle or _hold(machine, watch)
    if not obstacle:
        return Verdict(True, claim, seconds=work_time() - start, detail=detail)
    found = machine.search()
    seconds = work_time() - start
    if found is None:
        return Verdict(None, claim, seconds=seconds, detail=f"{obstacle}; no wrong answer found after a reset")
    stream, what = found
    return Verdict(False, claim, to_counterexample(stream, specification.inputs), seconds, what)


class _Machine:
    """The cells with their ports matched to the lines of the design, and those to the signals of the circuit."""

    def __init__(self, cells: Circuit, design: DesignNotes, circuit: Circuit) -> None:
        self.cells, self.design, self.circuit = cells, design, circuit
        place = {name: position for position, name in enumerate(cells.inputs)}
        where = {name: position for position, name in enumerate(cells.output_names)}
        try:
            self.lines = np.array([place[f"in[{line}]"] for line in range(len(design.inputs))], np.int64)
            self.outs = [where[f"out[{output}]"] for output in range(len(design.outputs))]
            self.reset, self.enable = place["rst"], place["en"]
        except KeyError as missing:
            raise NetworkError(f"the netlist has no port {missing}; synthesize the design again") from None
        self.places, self.negated = match_lines(design.inputs, circuit.inputs)
        self.answers, self.flipped = match_lines(design.outputs, circuit.output_names)
        if lost := set(circuit.output_names) - {line.signal for line in design.outputs}:
            raise NetworkError(f"the design has no output for {sorted(lost)[:10]}")

    def inputs(self, graph: AndGraph, lines: Integers | None, rst: int = 0, en: int = 1) -> Integers:
        """Literals of all inputs at a step; lines that are not given, and undefined nets, may be anything."""
        literals = graph.inputs(len(self.cells.inputs))
        if lines is not None:
            literals[self.lines] = lines
        literals[self.reset], literals[self.enable] = rst, en
        return literals

    def wave(self, graph: AndGraph) -> tuple[Integers, Integers]:
        """Literals of the circuit's inputs in a wave, and of the lines."""
        values, _ = codewords(graph, self.circuit)
        return values, values[self.places] ^ self.negated

    def expected(self, graph: AndGraph, sources: Integers) -> tuple[Integers, Integers]:
        """What the output lines shall be, and the circuit's next registers."""
        wires = graph.add(self.circuit, sources)
        ends = [wires[end >> 1] ^ (end & 1) for end in (self.circuit.outputs, self.circuit.register_next)]
        return ends[0][self.answers] ^ self.flipped, ends[1]

    def after_reset(self, graph: AndGraph) -> Integers:
        """Literals of the registers after one step of reset from any state."""
        state = graph.inputs(len(self.cells.register_names))
        free = self.inputs(graph, None, rst=1, en=int(graph.inputs(1)[0]))
        registers = range(len(state))
        _, found = unroll(graph, self.cells, state, lambda _: free, (), {1: registers})
        return np.array([found[register, 1] for register in registers], np.int64)

    def simulate(self, spikes: Bits) -> Bits:
        """Outputs ``[T, B, O]`` and registers after a reset, for spikes ``[T, B, lines]``; undefined nets are 0."""
        steps, batch = spikes.shape[:2]
        rows = np.zeros((steps, batch, len(self.cells.inputs)), np.bool_)
        rows[..., self.lines], rows[..., self.enable] = spikes, True
        state = self.state_after_reset(batch)
        outs = run(self.cells, np.stack([to_words(row) for row in rows]), state)
        return np.stack([from_words(row, batch) for row in outs])[..., self.outs]

    def state_after_reset(self, batch: int) -> NDArray[np.uint64]:
        """``[R, W]`` what the registers hold after a step of reset, enabled or not, from zeros or anything."""
        words = -(-batch // 64)
        pressed = np.zeros((batch, len(self.cells.inputs)), np.bool_)
        pressed[:, self.reset] = pressed[::2, self.enable] = True
        size = len(self.cells.register_names), words
        before = np.random.default_rng(0).integers(0, 2**64, size, np.uint64) & ~np.uint64(1)
        return clock(self.cells, to_words(pressed), before)[1]

    def spikes(self, values: Bits, steps: int) -> Bits:
        """Spikes ``[steps, B, lines]`` of waves ``[T, B, I]``."""
        spikes = np.zeros((steps, values.shape[1], len(self.lines)), np.bool_)
        spikes[: len(values) * self.design.period : self.design.period] = values[..., self.places] ^ self.negated
        return spikes

    def answered(self, values: Bits) -> Bits:
        """What the output lines shall say of waves ``[T, B, I]``, ``[T, B, O]``; open registers start at 0."""
        batch = values.shape[1]
        state = to_words(np.repeat(self.circuit.register_initial[None, :] == 1, batch, axis=0))
        outs = run(self.circuit, np.stack([to_words(row) for row in values]), state)
        return np.stack([from_words(row, batch) for row in outs])[..., self.answers] ^ self.flipped

    def search(self, seed: int = 0) -> tuple[Stream, str] | None:
        """A stream of random waves after a reset that the cells answer wrongly, or a wrong output before the first."""
        design = self.design
        generator = np.random.default_rng(seed)
        values = random_vectors(generator, self.circuit, (_WAVES, _STREAMS))
        values[:, 0] = False  # and each wave alone among silence says more of delays
        for wave in range(_WAVES):
            values[:wave, 1 + wave] = values[wave + 1 :, 1 + wave] = values[0, 0]
        outs = self.simulate(self.spikes(values, _WAVES * design.period + design.latency + 1))
        for output, quiet in enumerate(design.silence):
            for step, value in enumerate(quiet):
                if (outs[step, :, output] != value).any():
                    member = int((outs[step, :, output] != value).argmax())
                    what = f"output line '{design.outputs[output]}' is wrong at step {step} after a reset"
                    return Stream(values[:1, member], 0), f"{what}, before its first answer"
        when = np.arange(_WAVES)[:, None] * design.period + np.array(design.latencies, np.int64)
        said = outs[when, :, np.arange(len(design.outputs))].transpose(0, 2, 1)
        wrong = np.argwhere(said != self.answered(values))
        if not len(wrong):
            return None
        wave, member, output = wrong[0].tolist()
        until = min(_WAVES, wave + 1 + design.latency // design.period)
        what = f"output line '{design.outputs[output]}' is wrong at wave {wave} after a reset"
        return Stream(values[:until, member], wave), what


def _pipeline(machine: _Machine, watch: Watch) -> tuple[str, str]:
    """What stands in the way of the proof for cells without a state, or nothing and how it was proved."""
    graph, design = AndGraph(), machine.design
    values, lines = machine.wave(graph)
    expected, _ = machine.expected(graph, values)
    state = graph.inputs(len(machine.cells.register_names))
    later = [machine.inputs(graph, lines if step == 0 else None) for step in range(design.latency + 1)]
    wanted = list(zip(machine.outs, design.latencies, strict=True))
    outs, _ = unroll(graph, machine.cells, state, later.__getitem__, wanted, {})
    pairs = np.array([[outs[key], goal] for key, goal in zip(wanted, expected.tolist(), strict=True)], np.int64)
    found = sweep(graph, pairs.reshape(-1, 2), watch=watch)
    if found.witness is not None:
        line = design.outputs[int(np.flatnonzero(found.settled == 0)[0])]
        return f"output line '{line}' depends on something else than its wave", ""
    if (found.settled < 0).any():
        return f"out of budget with {int((found.settled < 0).sum())} outputs open", ""
    if obstacle := _silence(machine, watch):
        return obstacle, ""
    return "", f"all inputs, {found.questions} questions to SAT"


def _silence(machine: _Machine, watch: Watch) -> str:
    """Whether something is wrong with what outputs say after a reset, before they answer a wave."""
    graph, design = AndGraph(), machine.design
    goals = {(machine.outs[o], t): value for o, row in enumerate(design.silence) for t, value in enumerate(row)}
    state = machine.after_reset(graph)
    any_lines = [machine.inputs(graph, None) for _ in range(design.latency)]
    outs, _ = unroll(graph, machine.cells, state, any_lines.__getitem__, goals, {})
    pairs = np.array([[outs[key], goal] for key, goal in goals.items()], np.int64).reshape(-1, 2)
    found = sweep(graph, pairs, watch=watch)
    return "" if (found.settled == 1).all() else "after a reset an output is not what it shall be before its answer"


def _hold(machine: _Machine, watch: Watch) -> str:
    """Whether something changes at a clock with neither ``en`` nor ``rst``."""
    graph = AndGraph()
    state = graph.inputs(len(machine.cells.register_names))
    still = machine.inputs(graph, None, rst=0, en=0)
    registers = range(len(state))
    _, after = unroll(graph, machine.cells, state, lambda _: still, (), {1: registers})
    pairs = np.array([[after[register, 1], state[register]] for register in registers], np.int64).reshape(-1, 2)
    found = sweep(graph, pairs, watch=watch)
    return "" if (found.settled == 1).all() else "a clock without 'en' changes a flip-flop"


def _induct(machine: _Machine, watch: Watch) -> tuple[str, str]:
    """The same for cells that keep the circuit's registers."""
    held = _guess(machine)
    questions, dropped = 0, 0
    while held:
        wrong, asked = _step(machine, held, watch)
        questions += asked
        if wrong is None:
            if obstacle := _silence(machine, watch):
                return obstacle, ""
            shown = f"{len(held)} flip-flops hold registers or constants, {dropped} guesses dropped"
            return "", f"base and step for all states and inputs, {shown}, {questions} questions to SAT"
        if isinstance(wrong, str):
            return wrong, ""
        dropped += len(wrong)
        held = {register: what for register, what in held.items() if register not in wrong}
    return "no flip-flop is seen to hold a register", ""


def _guess(machine: _Machine, seed: int = 1) -> dict[int, int]:
    """By flip-flop, what it seems to hold a step after each wave arrives: a literal of the circuit's, or a constant."""
    circuit, period = machine.circuit, machine.design.period
    values = random_vectors(np.random.default_rng(seed), circuit, (_WAVES, 64))
    spikes = machine.spikes(values, _WAVES * period + 1)
    rows = np.zeros((*spikes.shape[:2], len(machine.cells.inputs)), np.bool_)
    rows[..., machine.lines], rows[..., machine.enable] = spikes, True
    state = machine.state_after_reset(64)
    theirs = to_words(np.repeat(circuit.register_initial[None, :] == 1, 64, axis=0))
    ours_seen: list[NDArray[np.uint64]] = []
    theirs_seen: list[NDArray[np.uint64]] = []
    for step in range(len(rows)):
        if step % period == 1 % period and step // period < _WAVES:
            ours_seen.append(state)
            theirs_seen.append(theirs)
            theirs = clock(circuit, to_words(values[step // period]), theirs)[1]
        state = clock(machine.cells, to_words(rows[step]), state)[1]
    ours = np.concatenate(ours_seen, axis=1)
    known = np.concatenate([np.zeros((1, ours.shape[1]), np.uint64), np.concatenate(theirs_seen, axis=1)])
    first = machine.circuit.first_gate - len(circuit.register_names)
    found: dict[int, int] = {}
    for register, row in enumerate(ours):
        for place, train in enumerate(known):
            for flip in (0, 1):
                if register not in found and np.array_equal(row, ~train if flip else train):
                    found[register] = 2 * (first + place - 1 if place else 0) + flip
    return found


def _step(machine: _Machine, held: dict[int, int], watch: Watch) -> tuple[set[int] | str | None, int]:
    """The flip-flops whose guesses fail, or what else is wrong; None if base, step and outputs are proved."""
    design, circuit, period = machine.design, machine.circuit, machine.design.period
    count, first = len(machine.cells.register_names), 1 + len(circuit.inputs)

    def literal(code: int, registers: Integers) -> int:
        return int(registers[(code >> 1) - first]) ^ (code & 1) if code > 1 else code

    def given(graph: AndGraph, wave: Integers, steps: int) -> list[Integers]:
        silent = np.zeros(len(machine.lines), np.int64)
        waves = [wave, *(machine.wave(graph)[1] for _ in range(steps // period))]
        return [machine.inputs(graph, silent if at % period else waves[at // period]) for at in range(steps + 1)]

    graph = AndGraph()
    initial = (circuit.register_initial == 1).astype(np.int64)
    _, lines = machine.wave(graph)
    _, base = unroll(
        graph, machine.cells, machine.after_reset(graph), given(graph, lines, 1).__getitem__, (), {1: held}
    )
    keys = list(held)
    pairs = [[base[register, 1], literal(held[register], initial)] for register in keys]
    found = sweep(graph, np.array(pairs, np.int64), watch=watch)
    if (failed := np.flatnonzero(found.settled == 0)).size:
        return {keys[int(at)] for at in failed}, found.questions
    if (found.settled < 0).any():
        return "out of budget", found.questions
    graph = AndGraph()
    values, lines = machine.wave(graph)
    registers = graph.inputs(len(circuit.register_names))
    expected, following = machine.expected(graph, np.concatenate([values, registers]))
    state = graph.inputs(count)
    steps = given(graph, lines, max(design.latency, period + 1))
    wanted = list(zip(machine.outs, design.latencies, strict=True))
    assumed = {register: literal(code, registers) for register, code in held.items()}
    outs, after = unroll(
        graph, machine.cells, state, steps.__getitem__, wanted, {period + 1: held}, replaced={1: assumed}
    )
    pairs = [[after[register, period + 1], literal(held[register], following)] for register in keys]
    pairs += [[outs[key], goal] for key, goal in zip(wanted, expected.tolist(), strict=True)]
    found = sweep(graph, np.array(pairs, np.int64), watch=watch)
    failed = np.flatnonzero(found.settled == 0)
    if (wrong := failed[failed < len(keys)]).size:
        return {keys[int(at)] for at in wrong}, found.questions
    if failed.size:
        return f"output line '{design.outputs[int(failed[0]) - len(keys)]}' is not proved", found.questions
    return ("out of budget" if (found.settled < 0).any() else None), found.questions
