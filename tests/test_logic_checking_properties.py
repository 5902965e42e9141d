"""Properties of random machines are judged as by enumeration of all states; checkers refuse what is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from typer.testing import CliRunner

from logic import Circuit, CircuitBuilder, CircuitError, Role, format_circuit, parse_circuit
from logic.checking import format_witnesses, parse_witnesses, prove_properties, read_witnesses, replay
from logic.checking.invariant_checker import check_invariant
from logic.checking.reachability import Reachability
from logic.checking.trace import Invariant, Trace
from logic.checking.transition_system import transition_system
from logic.errors import FormatError
from neurosym.commands.cli import app

from .explicit_states import holding, random_machine


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 30))
def test_random_machines_are_judged_as_an_enumeration_of_their_states_judges_them(seed: int) -> None:
    circuit = random_machine(seed)
    expected = holding(circuit)
    for one in prove_properties(circuit):
        assert one.verdict.holds is expected[one.claim.name]
        if one.witness is not None:
            (read,) = parse_witnesses(format_witnesses([one.witness]))
            assert read == one.witness
            assert replay(circuit, read) == ""


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 1 << 30))
def test_reachability_alone_settles_random_machines(seed: int) -> None:
    circuit = random_machine(seed, registers=8, gates=40)
    expected = holding(circuit)
    for one in circuit.properties:
        if one.role is Role.BAD:
            found = Reachability(transition_system(circuit, one.outputs[0])).advance(float("inf"))
            assert isinstance(found, Invariant if expected[one.name] else Trace)


def test_witnesses_that_violate_nothing_are_refused() -> None:
    """Every bit of many witnesses is turned; what is still accepted does violate the property, by definition."""
    refused = accepted = 0
    for seed in range(60):
        circuit = random_machine(seed)
        for one in prove_properties(circuit):
            if one.witness is None or one.claim.role is not Role.BAD:
                continue
            for row in range(len(one.witness.inputs)):
                for at in range(len(circuit.inputs)):
                    bits = [list(values) for values in one.witness.inputs]
                    bits[row][at] ^= 1
                    wrong = replay(circuit, replace(one.witness, inputs=tuple(map(tuple, bits))))
                    refused, accepted = refused + bool(wrong), accepted + (not wrong)
            for at, first in enumerate(circuit.register_initial.tolist()):
                state = list(one.witness.state)
                state[at] ^= 1
                if first >= 0:
                    assert "begins at" in replay(circuit, replace(one.witness, state=tuple(state)))
            assert replay(circuit, replace(one.witness, inputs=())) == "it has no clock"
            assert "no such property" in replay(circuit, replace(one.witness, claim="b9"))
    assert refused > 10
    assert accepted > 0


def token_ring(size: int, tokens: int = 1) -> Circuit:
    """A token moves on where its input says so; bad: two that are not neighbours hold one."""
    make = CircuitBuilder()
    go, *held = make.inputs("go", *(f"t{at}" for at in range(size)))
    moved = [make.mux(go, held[at - 1], held[at]) for at in range(size)]
    named = {f"t{at}": literal for at, literal in enumerate(moved)}
    low = make.build_from({**named, "both": held[0] & held[2]})
    return replace(
        low,
        inputs=("go",),
        register_names=low.inputs[1:],
        register_next=low.outputs[:-1],
        register_initial=np.array([int(at in (0, 2)[:tokens]) for at in range(size)]),
        outputs=low.outputs[-1:],
        output_names=("both",),
        roles=(Role.BAD,),
    )


def test_a_wrong_invariant_is_refused() -> None:
    circuit = token_ring(6)
    (judged,) = prove_properties(circuit)
    assert judged.verdict.holds
    found = Reachability(transition_system(circuit, 0)).advance(float("inf"))
    assert isinstance(found, Invariant)
    assert check_invariant(circuit, 0, found) == ""
    for clause in found.clauses:
        fewer = replace(found, clauses=tuple(other for other in found.clauses if other != clause))
        turned = replace(found, clauses=(*fewer.clauses, tuple(-literal for literal in clause)))
        shorter = replace(found, clauses=(*fewer.clauses, clause[1:]))
        assert check_invariant(circuit, 0, turned)
        assert check_invariant(circuit, 0, shorter)
    assert check_invariant(circuit, 0, Invariant(()))
    assert check_invariant(circuit, 0, Invariant((), 0))
    assert "does not exist" in check_invariant(circuit, 0, Invariant(((7,),)))
    assert "first state" in check_invariant(circuit, 0, Invariant(((2, 3),)))
    assert "may be followed by a bad one" in check_invariant(circuit, 0, Invariant((), 2))
    assert "fails at clock 0" in check_invariant(token_ring(6, tokens=2), 0, Invariant(()))


def test_what_constraints_rule_out_is_said() -> None:
    stuck = parse_circuit("aag 2 1 1 0 0 1 1\n2\n4 2\n4\n5\n", "aag")  # the register stays 0 by constraint
    (judged,) = prove_properties(stuck)
    assert judged.verdict.holds
    assert "vacuous" not in str(judged.verdict)
    ended = parse_circuit("aag 1 0 1 0 0 1 1\n2 1\n0\n3\n", "aag")  # 0 at clock 0, 1 ever after: constraint 0
    (judged,) = prove_properties(ended)
    assert "vacuous from clock 1 on" in judged.verdict.detail


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "holds no witness"),
        ("0\nb0\n.\n", "<text>:1: status 0 says that a property holds"),
        ("1\nb0\n\n1\n", "does not end"),
        ("1\nq0\n\n.\n", "<text>:2: expected a property"),
        ("1\n.\n", "<text>:2: expected a property"),
        ("2\n", "status 2 says that a property is not settled"),
        ("1\nb0\n2\n.\n", "<text>:3: expected values"),
        ("1\nb0\n.\n", "no line of first values"),
        ("1\nb0\n\n01\n0\n.\n", "<text>:5: this clock has another number"),
        ("1\nbx\n\n.\n", "expected a property such as b0 or j0, got 'bx'"),
        ("what\n.\n", "<text>:1: expected the status 1 of a violation"),
    ],
)
def test_texts_that_are_no_witnesses(text: str, problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        parse_witnesses(text)


def test_the_command_writes_witnesses_that_it_accepts(tmp_path: Path) -> None:
    file, witness = tmp_path / "ring.aag", tmp_path / "ring.cex"
    file.write_bytes(format_circuit(token_ring(5, tokens=2), "aag"))
    run = CliRunner().invoke
    found = run(app, ["verify", str(file), "--property", "both", "--witness", str(witness)])
    assert (found.exit_code, found.output.split()[0]) == (1, "REFUTED:")
    assert len(read_witnesses(witness)) == 1
    assert run(app, ["verify", str(file), "--replay", str(witness)]).exit_code == 0
    file.write_bytes(format_circuit(token_ring(5), "aag"))
    assert run(app, ["verify", str(file), "--replay", str(witness)]).exit_code == 1
    proved = run(app, ["verify", str(file), "--property", "all", "--json"])
    assert (proved.exit_code, '"verdict": "PROVED"' in proved.output) == (0, True)
    with pytest.raises(CircuitError, match="no property is called 'all'"):
        prove_properties(token_ring(5), ["all"])
