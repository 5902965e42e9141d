"""Ctrl-C ends a proof with what is known by then, and a long one says how far it is."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from select import select

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, Gate, Literal, compile_certified, prove_equivalent, verify, write_circuit
from logic.checking import prove_properties
from logic.formats import parse_circuit
from logic.proving.lifting import lift
from logic.sweeping.graph import AndGraph
from logic.watch import Watch


class Impatient(Watch):
    """Presses Ctrl-C when it is looked at for the n-th time."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def late(self) -> bool:
        self.looks -= 1
        if self.looks == 0:
            raise KeyboardInterrupt
        return super().late()

    def until(self, seconds: float) -> Watch:
        return self


def adder(width: int) -> Circuit:
    make = CircuitBuilder()
    a = make.inputs(*(f"a{at}" for at in range(width)))
    b = make.inputs(*(f"b{at}" for at in range(width)))
    return make.build(**{f"s{at}": one for at, one in enumerate(added(a, b))})


def added(a: Sequence[Literal], b: Sequence[Literal]) -> list[Literal]:
    """The sum's bits and the carry, with majorities."""
    make, carry, sums = a[0].builder, a[0].builder.false, list[Literal]()
    for x, y in zip(a, b, strict=True):
        sums.append(make.gate(Gate.XOR, (x, y, carry)))
        carry = make.majority(x, y, carry)
    return [*sums, carry]


def product(width: int, swapped: bool) -> Circuit:
    """A multiplier by rows of adders; swapped, it adds the other factor's rows."""
    make = CircuitBuilder()
    a = make.inputs(*(f"a{at}" for at in range(width)))
    b = make.inputs(*(f"b{at}" for at in range(width)))
    if swapped:
        a, b = b, a
    total = [a[0] & one for one in b] + [make.false] * width
    for row in range(1, width):
        total[row : row + width + 1] = added(total[row : row + width], [a[row] & one for one in b])
    return make.build(**{f"p{at}": one for at, one in enumerate(total)})


@pytest.mark.parametrize("looks", [1, 2, 3, 5])
def test_an_interrupted_proof_of_a_network_is_open(looks: int) -> None:
    compiled = compile_certified(adder(8))
    watch = Impatient(looks)
    verdict = verify(compiled.network, chosen_adder(8), certificate=compiled.certificate, timeout=watch)
    if watch.interrupted:
        assert verdict.holds is None
        assert "interrupted" in verdict.detail
    else:
        assert verdict.holds


def chosen_adder(width: int) -> Circuit:
    """The same function, whose carries are chosen by the one before."""
    make = CircuitBuilder()
    a = make.inputs(*(f"a{at}" for at in range(width)))
    b = make.inputs(*(f"b{at}" for at in range(width)))
    sums, carry = list[Literal](), make.false
    for x, y in zip(a, b, strict=True):
        either, both = x | y, x & y
        sums.append(make.mux(carry, ~either | both, either & ~both))
        carry = make.mux(carry, either, both)
    return make.build(**{f"s{at}": one for at, one in enumerate([*sums, carry])})


@pytest.mark.parametrize("looks", [1, 2, 4])
def test_an_interrupted_proof_of_two_circuits_says_what_is_proved(looks: int) -> None:
    watch = Impatient(looks)
    verdict = prove_equivalent(product(7, True), product(7, False), watch)
    assert watch.interrupted
    assert verdict.holds is None
    assert "interrupted with" in verdict.detail
    assert "of 14 outputs proved" in verdict.detail


def test_interrupted_properties_are_open_and_the_others_are_not_tried() -> None:
    text = "aag 3 0 3 0 0 2\n2 3\n4 2\n6 4\n6\n4\n"
    watch = Watch()
    with watch.interruptible():
        raise KeyboardInterrupt
    judged = prove_properties(parse_circuit(text, "aag"), None, watch)
    assert [one.verdict.holds for one in judged] == [None, None]
    assert "interrupted" in judged[0].verdict.detail


def test_without_a_watch_an_interruption_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("logic.proving.lifting._lift", press)
    network = compile_certified(adder(2)).network
    graph = AndGraph()
    with pytest.raises(KeyboardInterrupt):
        lift(graph, network.flatten(), np.asarray(graph.inputs(8)))


@pytest.mark.skipif(sys.platform == "win32", reason="there are no terminals of this kind")
def test_a_command_says_how_far_it_is_and_answers_an_interruption(tmp_path: Path) -> None:
    import pty

    files = [tmp_path / f"{name}.aig" for name in ("one", "other")]
    for file, swapped in zip(files, (True, False), strict=True):
        write_circuit(product(16, swapped), file)
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "neurosym", "verify", *map(str, files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, text=True) as asked:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # which is how a terminal tells that all have left
            while b"nodes swept" not in shown and select([terminal], [], [], 60)[0] and len(shown) < 1 << 20:
                shown += os.read(terminal, 4096)
        asked.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):
            while os.read(terminal, 4096):
                pass
        answer = asked.communicate(timeout=60)[0]
    os.close(terminal)
    assert b"nodes swept" in shown
    assert asked.returncode == 130
    assert answer.startswith("UNKNOWN: ")
    assert "interrupted with" in answer
