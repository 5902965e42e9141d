"""State machines in KISS2 run as their rows say; what the rows leave open is free."""

import numpy as np
import pytest

from logic import FormatError, compile_circuit, parse_circuit, prove_equivalent, verify
from logic.evaluation import run

LION = ".i 1\n.o 2\n.s 3\n.p 5\n.r b\n0 a a 00\n1 a b 01\n0 b b 01\n1 b c 10\n- c a 11\n.e\n"


def random_machine(seed: int) -> tuple[str, list[tuple[str, str, str, str]], str]:
    """A text, its rows, and the reset state; the rows of a state do not overlap, and some are missing."""
    random = np.random.default_rng(seed)
    inputs, outputs, states = (int(random.integers(low, high)) for low, high in ((1, 4), (1, 4), (1, 6)))
    rows: list[tuple[str, str, str, str]] = []
    for state in range(states):
        cubes = [""]
        while random.random() < 0.8 and min(map(len, cubes)) < inputs:
            cube = min(cubes, key=len)
            cubes.remove(cube)
            cubes += [cube + "-"] if random.random() < 0.3 else [cube + "0", cube + "1"]
        for cube in cubes:
            if random.random() < 0.9:
                following = "*" if random.random() < 0.05 else f"s{random.integers(states)}"
                marks = "".join("01-"[int(random.choice(3, p=(0.45, 0.45, 0.1)))] for _ in range(outputs))
                rows.append((cube.ljust(inputs, "-"), f"s{state}", following, marks))
    rows = rows or [("-" * inputs, "s0", "s0", "1" * outputs)]
    reset = rows[0][1] if random.random() < 0.5 else f"s{random.integers(states)}"
    head = f".i {inputs}\n.o {outputs}\n" + (f".r {reset}\n" if reset != rows[0][1] else "")
    return head + "".join(f"{' '.join(row)}\n" for row in rows) + ".e\n", rows, reset


def answer(rows: list[tuple[str, str, str, str]], state: str, bits: str) -> tuple[str, str]:
    """The outputs and the next state, ``*`` where nothing is said."""
    for marks, here, following, outputs in rows:
        if here == state and all(mark in ("-", bit) for mark, bit in zip(marks, bits, strict=True)):
            return outputs, following
    return "-" * len(rows[0][3]), "*"


@pytest.mark.parametrize("seed", range(60))
def test_machines_run_as_their_rows_say(seed: int) -> None:
    text, rows, reset = random_machine(seed)
    circuit = parse_circuit(text, "kiss2")
    random = np.random.default_rng(seed)
    waves = random.integers(0, 2, (30, len(circuit.inputs)))
    answers = run(circuit, waves.astype(np.uint64)[:, :, None])[:, :, 0] & np.uint64(1)
    state, asked = reset, 0
    for wave, found in zip(waves.tolist(), answers.tolist(), strict=True):
        outputs, state = answer(rows, state, "".join(map(str, wave)))
        for want, got in zip(outputs, found, strict=True):
            asked += want != "-"
            assert want in ("-", str(got))
        if state == "*":
            assert circuit.dont_cares is not None
            break
    assert asked or circuit.dont_cares is not None


@pytest.mark.parametrize("seed", range(12))
def test_a_machine_may_differ_only_where_its_rows_say_nothing(seed: int) -> None:
    text, rows, _ = random_machine(seed)
    spec = parse_circuit(text, "kiss2")
    marks, state, following, outputs = rows[seed % len(rows)]
    other = "".join({"0": "1", "1": "0", "-": "-"}[mark] for mark in outputs)
    changed = text.replace(f"{marks} {state} {following} {outputs}\n", f"{marks} {state} {following} {other}\n")
    if other != outputs and state == spec_reset(text, rows):
        assert prove_equivalent(parse_circuit(changed, "kiss2"), spec).holds is False


def spec_reset(text: str, rows: list[tuple[str, str, str, str]]) -> str:
    """The reset state of a text."""
    return text.split(".r ")[1].split()[0] if ".r " in text else rows[0][1]


def test_the_reset_state_is_zero_and_the_first_named_if_none_is_given() -> None:
    circuit = parse_circuit(LION, "kiss2")
    assert (circuit.register_names, circuit.register_initial.tolist()) == (("state_0", "state_1"), [0, 0])
    assert circuit.dont_cares is None
    assert circuit.clock is None
    wave = np.zeros((2, 1, 1), np.uint64)
    assert (run(circuit, wave)[:, :, 0] & np.uint64(1)).tolist() == [[0, 1], [0, 1]]
    first = parse_circuit(LION.replace(".r b\n", ""), "kiss2")
    assert (run(first, wave)[:, :, 0] & np.uint64(1)).tolist() == [[0, 0], [0, 0]]
    assert verify(compile_circuit(circuit), circuit).holds
    named = parse_circuit(LION.replace(".r b", ".ilb state_x\n.ob u v"), "kiss2")
    assert (named.inputs, named.output_names, named.register_names[0]) == (("state_x",), ("u", "v"), "state___0")


def test_rows_of_any_state_hold_in_all() -> None:
    text = ".i 2\n.o 1\n-1 * a 1\n00 a b 0\n10 a a 0\n-0 b a 0\n.e\n"
    circuit = parse_circuit(text, "kiss2")
    assert circuit.dont_cares is None
    waves = np.random.default_rng(0).integers(0, 2, (20, 2))
    answers = run(circuit, waves.astype(np.uint64)[:, :, None])[:, 0, 0] & np.uint64(1)
    assert answers.tolist() == waves[:, 1].tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("1 a b 01", "- a b 01"), r":7: in state 'a' this row and the one in line 6 overlap and say different"),
        (("1 a b 01", "- a a 01"), r":7: in state 'a' this row and the one in line 6 overlap"),
        (("1 a b 01", "1 a b 012"), r":7: expected 1 of 0, 1, - and two states and 2 of 0, 1, -"),
        (("1 a b 01", "1 a b"), r":7: expected inputs, state, next state and outputs"),
        ((".p 5", ".p 6"), r"\.p says 6, but there are 5"),
        ((".s 3", ".s 4"), r"\.s says 4, but there are 3"),
        ((".e", ".i 1"), r":11: a second \.i"),
        ((".r b", ".ob x"), r"\.ob must give 2 different names, got 'x'"),
        ((".r b", ".ob x x"), r"\.ob must give 2 different names, got 'x x'"),
        ((".r b", ".phase"), r":5: unexpected '\.phase'"),
    ],
)
def test_texts_that_are_no_machine_are_refused(change: tuple[str, str], message: str) -> None:
    with pytest.raises(FormatError, match=message):
        parse_circuit(LION.replace(*change), "kiss2")
