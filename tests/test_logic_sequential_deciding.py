"""The sequential engine against explicit enumeration of states, and its checker against claims that are false."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from logic import Circuit
from logic.proving.machines import prove_machines
from logic.proving.streams import to_stream
from logic.sequential.checker import refusal
from logic.sequential.correspondence import Classes, correspond
from logic.sequential.deciding import decide
from logic.sequential.joint_machine import join
from logic.sequential.machine import open_pairs
from logic.sequential.reduction import reduced, retimed
from logic.sequential.stages import Certificate, Stage
from logic.sequential.walks import walk
from logic.watch import Watch

INPUTS, REGISTERS, GATES = 2, 3, 7


def random_machine(generator: np.random.Generator) -> Circuit:
    """Two inputs, three registers, gates of two to three literals, two outputs."""
    widths = generator.integers(2, 4, GATES)
    kinds = generator.integers(0, 4, GATES)
    widths[kinds == 3] = 3
    first = 1 + INPUTS + REGISTERS
    literals = [generator.integers(2, 2 * (first + gate), width) for gate, width in enumerate(widths)]
    wires = first + GATES
    return Circuit(
        inputs=("a", "b"), kinds=kinds, offsets=np.append(0, np.cumsum(widths)), literals=np.concatenate(literals),
        outputs=generator.integers(2 * first, 2 * wires, 2), output_names=("y", "z"),
        register_next=generator.integers(2, 2 * wires, REGISTERS),
        register_initial=generator.choice([0, 0, 1, -1], REGISTERS), register_names=("p", "q", "r"),
    )  # fmt: skip


def rewritten(circuit: Circuit) -> Circuit:
    """The same machine: an AND as an OR of complements and the like, registers stored as their complements."""
    count, first = len(circuit.inputs), circuit.first_gate
    stored = np.zeros(circuit.wires, np.int64)
    stored[1 + count : first] = 1
    flipped = stored.copy()
    flipped[first:] = circuit.kinds <= 1  # AND and OR change places, their literals and outputs are complemented
    literals = circuit.literals ^ flipped[circuit.literals >> 1]
    literals = literals ^ np.repeat(circuit.kinds <= 1, np.diff(circuit.offsets))
    ends = circuit.register_next ^ flipped[circuit.register_next >> 1] ^ 1
    initial = np.where(circuit.register_initial < 0, -1, 1 - circuit.register_initial)
    return replace(
        circuit, kinds=np.where(circuit.kinds <= 1, 1 - circuit.kinds, circuit.kinds), literals=literals,
        outputs=circuit.outputs ^ flipped[circuit.outputs >> 1], register_next=ends, register_initial=initial,
        register_names=tuple(f"not {name}" for name in circuit.register_names),
    )  # fmt: skip


def mutant(circuit: Circuit, generator: np.random.Generator) -> Circuit:
    """One literal complemented, where a gate or a register reads it."""
    name = str(generator.choice(["literals", "register_next"]))
    column = getattr(circuit, name).copy()
    column[generator.integers(len(column))] ^= 1
    return replace(circuit, **{name: column})


def step(circuit: Circuit, state: tuple[int, ...], inputs: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Outputs and next state, gate by gate."""
    wires = [0, *inputs, *state]
    for gate, kind in enumerate(circuit.kinds.tolist()):
        read = [wires[code >> 1] ^ (code & 1) for code in circuit.operands(gate).tolist()]
        wires.append([int(all(read)), int(any(read)), sum(read) % 2, int(2 * sum(read) > len(read))][kind])

    def of(codes: np.ndarray) -> tuple[int, ...]:
        return tuple(wires[code >> 1] ^ (code & 1) for code in codes.tolist())

    return of(circuit.outputs), of(circuit.register_next)


def agree(impl: Circuit, spec: Circuit) -> bool:
    """By visiting all states that both reach together; open first values of one name are one."""
    named = sorted({*impl.open_registers, *spec.open_registers})
    waiting: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    for values in product((0, 1), repeat=len(named)):
        chosen = dict(zip(named, values, strict=True))
        waiting.append(
            tuple(
                tuple(
                    chosen[n] if v < 0 else v
                    for n, v in zip(c.register_names, c.register_initial.tolist(), strict=True)
                )
                for c in (impl, spec)
            )  # type: ignore[arg-type]
        )
    seen = set(waiting)
    while waiting:
        ours, theirs = waiting.pop()
        for inputs in product((0, 1), repeat=INPUTS):
            (y, after), (z, following) = step(impl, ours, inputs), step(spec, theirs, inputs)
            if y != z:
                return False
            if (after, following) not in seen:
                seen.add((after, following))
                waiting.append((after, following))
    return True


def test_random_machines_are_judged_as_enumeration_of_their_states_judges_them() -> None:
    generator = np.random.default_rng(5)
    found = {True: 0, False: 0}
    for number in range(120):
        spec = random_machine(generator)
        impl = spec if number % 3 else rewritten(spec)
        impl = mutant(impl, generator) if number % 2 else impl
        expected = agree(impl, spec)
        verdict = prove_machines(impl, spec)
        assert verdict.holds is expected, number
        found[expected] += 1
        if verdict.counterexample is not None:
            values = to_stream(verdict.counterexample, ("a", "b")).values
            assert len(values) <= 64
    assert min(found.values()) > 20


def forged(impl: Circuit, spec: Circuit, forward: bool) -> Certificate:
    """What a search would hand over that believes its random walks."""
    joint = join(impl, spec)
    machine = joint.machine
    alone = Classes(np.arange(machine.nodes, dtype=np.int32), np.zeros(machine.nodes, np.bool_))
    stages = [Stage(machine, np.zeros(0, np.int64), *alone, 0)]
    machine, meaning = retimed(machine) if forward else reduced(machine, *alone)
    walked = walk(machine, long=False)
    representative, phase = walked.representative.copy(), walked.phase.copy()
    for left, right in machine.pairs.tolist():
        low, high = min(left, right), max(left, right)
        if representative[high >> 1] == high >> 1 and representative[low >> 1] == low >> 1 and low >> 1 != high >> 1:
            representative[high >> 1], phase[high >> 1] = low >> 1, phase[low >> 1] ^ bool((low ^ high) & 1)
    representative = representative[representative[representative]]
    stages.append(Stage(machine, meaning, representative, phase, 1))
    return Certificate(joint.inputs, tuple(stages))


@pytest.mark.parametrize("forward", [False, True])
def test_no_certificate_shows_that_different_machines_agree(forward: bool) -> None:
    generator = np.random.default_rng(8)
    refused = 0
    for _ in range(150):
        spec = random_machine(generator)
        impl = mutant(spec, generator)
        if not agree(impl, spec):
            assert refusal(impl, spec, forged(impl, spec, forward))
            proof = decide(spec, spec, Watch()).certificate  # of other circuits
            assert proof is not None
            assert refusal(impl, spec, proof)
            refused += 1
    assert refused > 50


def test_a_certificate_that_is_changed_is_refused() -> None:
    """A shift register whose version reads its conjunction one clock earlier: it takes classes, and a retiming."""
    generator = np.random.default_rng(1)
    refused = dict.fromkeys(("phase", "following", "initial", "pairs", "meaning", "representative"), 0)
    for _ in range(60):
        spec = random_machine(generator)
        proof = decide(spec, rewritten(spec), Watch()).certificate
        if proof is None:
            continue
        assert not refusal(spec, rewritten(spec), proof)
        place = int(generator.integers(len(proof.stages)))
        stage = proof.stages[place]
        for name in refused:
            column = getattr(stage if name in stage._fields else stage.machine, name).copy()
            if not column.size:
                continue
            at = int(generator.integers(column.size))
            before = column.flat[at]
            column.flat[at] = not before if name == "phase" else 0 if name == "representative" else before ^ 1
            changed = (
                stage._replace(**{name: column})
                if name in stage._fields
                else stage._replace(machine=stage.machine._replace(**{name: column}))
            )
            stages = (*proof.stages[:place], changed, *proof.stages[place + 1 :])
            reason = refusal(spec, rewritten(spec), proof._replace(stages=stages))
            refused[name] += bool(reason)
            if name in ("following", "pairs"):  # another machine than that of the circuits, or than the one before
                assert reason, name
    assert min(refused.values()) > 3, refused


def test_a_round_that_splits_proves_nothing() -> None:
    """Classes are an invariant: in each reachable state of the enumeration they hold."""
    generator = np.random.default_rng(3)
    for _ in range(30):
        spec = random_machine(generator)
        machine = join(spec, mutant(spec, generator)).machine
        walked = walk(machine, long=False)
        classes = correspond(machine, Classes(walked.representative, walked.phase), 1, Watch())
        assert classes is not None
        again = walk(machine, seed=99)
        assert (again.representative[classes.representative] == again.representative).all()
        assert not (open_pairs(machine, again.representative, again.phase) & ~open_pairs(machine, *classes)).any()


def counter(bits: int, wrong: bool) -> Circuit:
    """Counts while it is enabled; the wrong one says so when it is full."""
    from logic.formats import parse_circuit

    lines = ["INPUT(en)", "OUTPUT(y)", "c0 = BUF(en)", f"full = AND({', '.join(f'q{i}' for i in range(bits))})"]
    for i in range(bits):
        lines += [f"q{i} = DFF0(d{i})", f"d{i} = XOR(q{i}, c{i})", f"c{i + 1} = AND(c{i}, q{i})"]
    lines += ["y = BUF(full)" if wrong else "y = AND(full, zero)", "n = NOT(en)", "zero = AND(n, en)"]
    circuit = parse_circuit("\n".join(lines), "bench")
    return replace(circuit, register_initial=np.zeros(bits, np.int64))


@pytest.mark.parametrize("bits", [5, 8])
def test_a_late_difference_is_found_soon(bits: int) -> None:
    verdict = prove_machines(counter(bits, True), counter(bits, False))
    assert verdict.holds is False
    assert verdict.counterexample is not None
    assert sum(verdict.counterexample.values()) >= 2**bits - 1
    assert verdict.seconds < 5


def test_a_long_shift_register_is_no_harder_than_it_is_long() -> None:
    def shift(stages: int, double: bool) -> Circuit:
        ends = np.append(2, 2 * np.arange(2, stages + 1))
        last = 2 * (stages + 1)
        return Circuit(
            inputs=("d",),
            kinds=np.array([0]),
            offsets=np.array([0, 2]),
            literals=np.array([last, last if double else 1]),
            outputs=np.array([last + 2]),
            output_names=("y",),
            register_next=ends,
            register_initial=np.zeros(stages, np.int64),
            register_names=tuple(f"{double}{i}" for i in range(stages)),
        )

    seconds = []
    for stages in (500, 5000):
        verdict = prove_machines(shift(stages, True), shift(stages, False))
        assert verdict.holds is True
        seconds.append(verdict.seconds)
    assert seconds[1] < 30 * seconds[0] + 0.5


def test_groups_of_inputs_are_promised_to_proof_and_checker() -> None:
    """Two machines that count differently where both inputs are true, which a one-hot group forbids."""
    either, both = (
        Circuit(
            inputs=("a", "b"),
            kinds=np.array([kind, 2]),
            offsets=np.array([0, 2, 4]),
            literals=np.array([2, 4, 6, 8]),
            outputs=np.array([6]),
            output_names=("y",),
            register_next=np.array([10]),
            register_initial=np.zeros(1, np.int64),
            register_names=("q",),
            one_hot=groups,
        )
        for kind, groups in ((1, (range(2),)), (2, (range(2),)))
    )
    assert prove_machines(either, both).holds is True
    free = prove_machines(replace(either, one_hot=()), replace(both, one_hot=()))
    assert free.holds is False
    proof = decide(either, both, Watch()).certificate
    assert proof is not None
    assert not refusal(either, both, proof)
    assert refusal(replace(either, one_hot=()), replace(both, one_hot=()), proof)  # it is of one-hot inputs only


def test_a_long_search_says_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logic.watch._QUIET", -1.0)
    told: list[str] = []
    spec = replace(random_machine(np.random.default_rng(5)), register_initial=np.zeros(REGISTERS, np.int64))
    assert decide(spec, rewritten(spec), Watch(tell=told.append)).certificate is not None
    assert "signals at clock" in told[0]


def test_an_interrupt_leaves_what_is_known() -> None:
    class Impatient(Watch):
        def late(self) -> bool:
            raise KeyboardInterrupt

    spec = replace(random_machine(np.random.default_rng(5)), register_initial=np.zeros(REGISTERS, np.int64))
    decision = decide(spec, rewritten(spec), Impatient())
    assert decision.certificate is None
    assert "interrupted" in decision.how
    assert prove_machines(counter(8, False), counter(8, True), 0.0).holds is None
