"""Signals of two circuits are matched by name, by order, or as a file says; an odd input may have any value."""

from pathlib import Path

import pytest

from logic import Circuit, CircuitError, compile_circuit, parse_circuit, prove_equivalent, verify


def logic_of(text: str, format: str = "eqn") -> Circuit:
    return parse_circuit(text, format)


TWO = logic_of("INORDER = a b; OUTORDER = y z; y = a & !b; z = a | b;")
PARTLY = logic_of("INORDER = a c; OUTORDER = y u; y = a & !c; u = a | c;")
TURNED = logic_of("INORDER = b a; OUTORDER = z y; z = b & !a; y = a | b;")


def test_names_that_agree_in_part_are_matched_on_request(tmp_path: Path) -> None:
    with pytest.raises(CircuitError, match=r"'b' is in one circuit only; .*--match order, or --match FILE"):
        prove_equivalent(PARTLY, TWO)
    verdict = prove_equivalent(PARTLY, TWO, match="order")
    assert (verdict.holds, "matched by order" in verdict.claim) == (True, True)
    pairs = tmp_path / "pairs"
    pairs.write_text("# ours theirs\ninput c b\noutput u z\n")
    verdict = verify(PARTLY, TWO, match=pairs)
    assert (verdict.holds, "matched as given" in verdict.claim) == (True, True)
    pairs.write_text("input a b\ninput c a\noutput u z\n")
    assert prove_equivalent(PARTLY, TWO, match=pairs).holds is False
    assert prove_equivalent(TURNED, TWO).holds is False
    assert prove_equivalent(TURNED, TWO, match="names").holds is False
    assert prove_equivalent(TURNED, TWO, match="order").holds is True


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input c", r":1: expected input, output or register"),
        ("input c b\ninput a b", r":2: expected input, output or register.* each once"),
        ("input c b\n\ninput c a", r":3: the input 'c' is given twice"),
        ("wire c b", r":1: expected input, output or register"),
        ("input d b", "the implementation has no input 'd'; known: a, c"),
        ("input c d", "the specification has no input 'd'; known: a, b"),
        ("input a b\ninput c c", "the specification has no input 'c'"),
        ("output u y", "two outputs of the implementation would be 'y'"),
        ("input c b", "output 'u' is in one circuit only"),
    ],
)
def test_files_that_do_not_pair_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pairs").write_text(text)
    with pytest.raises(CircuitError, match=message):
        prove_equivalent(PARTLY, TWO, match=tmp_path / "pairs")


def test_what_cannot_be_matched_is_refused() -> None:
    with pytest.raises(CircuitError, match="2 and 1 outputs cannot be matched by order"):
        prove_equivalent(TWO, logic_of("INORDER = a b; OUTORDER = y; y = a & b;"), match="order")
    with pytest.raises(CircuitError, match=r"nowhere: expected order, names, or a readable text file"):
        prove_equivalent(TWO, TWO, match="nowhere")
    with pytest.raises(CircuitError, match="is for two circuits"):
        verify(compile_circuit(TWO), TWO, match="order")


def test_an_input_of_one_circuit_alone_may_have_any_value() -> None:
    more = logic_of("INORDER = a x b; OUTORDER = y z; y = a & !b; z = a | b;")
    for pair in ((more, TWO), (TWO, more)):
        verdict = prove_equivalent(*pair)
        assert (verdict.holds, "for all values of x" in verdict.claim) == (True, True)
    read = logic_of("INORDER = a x b; OUTORDER = y z; y = a & !b; z = a | b & x;")
    for pair in ((read, TWO), (TWO, read)):
        verdict = prove_equivalent(*pair)
        assert verdict.holds is False
        assert verdict.counterexample is not None
        assert "x" in verdict.counterexample


def test_a_clock_that_one_file_declares_as_an_input() -> None:
    text = ".model m\n.inputs d{}\n.outputs q\n.latch d q{} 0\n.end\n"
    texts = [text.format(*parts) for parts in (("", ""), (" clk", ""), (" clk", " re clk"), ("", " re clk"))]
    circuits = [parse_circuit(one, "blif") for one in texts]
    assert [circuit.inputs for circuit in circuits] == [("d",), ("d", "clk"), ("d",), ("d",)]
    for first in circuits:
        for second in circuits:
            assert prove_equivalent(first, second).holds is True
