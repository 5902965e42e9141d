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
        ("input c", r":1: expected input, output, register"),
        ("input c b\ninput a b", r":2: expected input, output, register.* each once"),
        ("input c b\n\ninput c a", r":3: the input 'c' is given twice"),
        ("wire c b", r":1: expected input, output, register"),
        ("input d b", "the implementation has no input 'd'; known: a, c"),
        ("input c d", "the specification has no input 'd'; known: a, b"),
        ("input a b\ninput c c", "the specification has no input 'c'"),
        ("output u y", "two outputs of the implementation would be 'y'"),
        ("output w -\ninput c b", "the implementation has no output 'w' that could be left out"),
        ("output - u\ninput c b", "the specification has no output 'u' that could be left out"),
        ("output u -\noutput u z", r":2: the output 'u' is given twice"),
        ("output u -\noutput u -\noutput", r":3: expected"),
        ("value q 1", "neither circuit has an input 'q'"),
        ("value a 2", r":1: expected"),
        ("clock a b\ninput c b\noutput u z", "the clock of the implementation is not named, not 'a'"),
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


SPELLED = ".model m\n.inputs {}\n.outputs {}\n.latch {} {} 0\n.names {} {} {}\n10 1\n.end\n"


def spelled(*names: str, turned: bool = False) -> Circuit:
    first, second, end, state = names
    inputs = f"{second} {first}" if turned else f"{first} {second}"
    return parse_circuit(SPELLED.format(inputs, end, first, state, state, second, end), "blif")


@pytest.mark.parametrize(
    "names",
    [
        ("a_0_", "a_1_", "y_0_", "Q"),
        ("A<0>", "A<1>", "Y<0>", "q"),
        (r"\a[0]", r"\a[1]", r"\y[0]", "q"),
        ("a0", "a1", "y0", "q"),
        ("a(0)", "a[1]", "y[0]", "other"),
    ],
)
def test_names_that_are_spelled_otherwise_are_one(names: tuple[str, str, str, str]) -> None:
    spec, wrong = spelled("a[0]", "a[1]", "y[0]", "q"), spelled("a[1]", "a[0]", "y[0]", "q")
    for turned in (False, True):
        impl = spelled(*names, turned=turned)
        verdict = prove_equivalent(impl, spec)
        assert (verdict.holds, "taken for one (such as" in verdict.claim) == (True, True)
        refuted = prove_equivalent(impl, wrong)
        assert refuted.holds is False
        assert refuted.counterexample is not None
        assert {name.split("@")[0] for name in refuted.counterexample} <= {*impl.inputs}


def test_spelling_that_two_names_share_matches_nothing() -> None:
    ours = parse_circuit(".model m\n.inputs a[1] a_1_ b\n.outputs y\n.names a[1] b y\n10 1\n.end\n", "blif")
    theirs = parse_circuit(".model m\n.inputs a<1> A1 b\n.outputs y\n.names a<1> b y\n10 1\n.end\n", "blif")
    with pytest.raises(CircuitError, match="is in one circuit only"):
        prove_equivalent(ours, theirs)


def test_outputs_are_left_out_and_inputs_held_on_request(tmp_path: Path) -> None:
    locked = parse_circuit(
        "INPUT(a)\nINPUT(k0)\nINPUT(b)\nINPUT(k1)\nOUTPUT(y)\nOUTPUT(odd)\nt = AND(a, b)\n"
        "u = XOR(t, k0)\ny = XNOR(u, k1)\nodd = OR(a, k1)\n", "bench"
    )  # fmt: skip
    plain = logic_of("INORDER = b a; OUTORDER = y more; y = a & b; more = a;")
    with pytest.raises(CircuitError, match="is in one circuit only"):
        prove_equivalent(locked, plain)
    pairs = tmp_path / "key"
    for first in "01":
        for second in "01":
            pairs.write_text(f"value k0 {first}\nvalue k1 {second}\noutput odd -\noutput - more\n")
            for pair in ((locked, plain), (plain, locked)):
                if pair[0] is plain:
                    pairs.write_text(f"value k0 {first}\nvalue k1 {second}\noutput - odd\noutput more -\n")
                verdict = prove_equivalent(*pair, match=pairs)
                assert verdict.holds is (first != second)
                assert f"with k0={first}, k1={second}, without the outputs more, odd" in verdict.claim
                assert verdict.counterexample is None or set(verdict.counterexample) == {"a", "b"}


def test_the_rest_is_matched_by_order(tmp_path: Path) -> None:
    locked = logic_of("INORDER = k p q r; OUTORDER = u v; u = (p & !q) ^ k; v = r;")
    plain = logic_of("INORDER = c a b; OUTORDER = y z; y = a & !b; z = c;")
    pairs = tmp_path / "pairs"
    for lines, holds in (("value k 0\ninput r c", True), ("value k 1\ninput r c", False), ("value k 0", False)):
        pairs.write_text(f"{lines}\norder\n")
        verdict = prove_equivalent(locked, plain, match=pairs)
        assert (verdict.holds, ", matched by order, with k=" in verdict.claim) == (holds, True)
    pairs.write_text("input r c\norder\n")
    with pytest.raises(CircuitError, match="3 and 2 inputs cannot be matched by order"):
        prove_equivalent(locked, plain, match=pairs)


def test_held_inputs_of_machines_and_of_dont_cares(tmp_path: Path) -> None:
    text = ".model m\n.inputs d k\n.outputs q\n.latch n q 1\n.names d k n\n{} 1\n.exdc\n.names d k q\n10 1\n.end\n"
    impl, spec = (parse_circuit(text.format(row), "blif") for row in ("11", "1-"))
    (tmp_path / "key").write_text("value k 1\n")
    assert prove_equivalent(impl, spec).holds is False
    verdict = prove_equivalent(impl, spec, match=tmp_path / "key")
    assert (verdict.holds, ", with k=1" in verdict.claim) == (True, True)


def test_clocks_of_different_names_are_one_on_request(tmp_path: Path) -> None:
    text = ".model m\n.inputs d {0}\n.outputs q\n.latch d q {1} {0} 0\n.end\n"
    one, other, falling = (
        parse_circuit(text.format(*clock), "blif") for clock in (("c", "re"), ("t", "re"), ("t", "fe"))
    )
    with pytest.raises(CircuitError, match="say so: --match FILE with a line 'clock c t'"):
        prove_equivalent(one, other)
    (tmp_path / "pairs").write_text("clock c t\n")
    for match in ("order", tmp_path / "pairs"):
        verdict = prove_equivalent(one, other, match=match)
        assert (verdict.holds, "the clock 'c' being 't' there" in verdict.claim) == (True, True)
        with pytest.raises(CircuitError, match="give both the same edge"):
            prove_equivalent(one, falling, match=match)
    (tmp_path / "pairs").write_text("clock x t\n")
    with pytest.raises(CircuitError, match="the clock of the implementation is the rising edge of 'c', not 'x'"):
        prove_equivalent(one, other, match=tmp_path / "pairs")
