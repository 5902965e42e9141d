"""Grounding: circuits against plain Python readings of the rules, and what is refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from hypothesis import given, strategies as st

from logic import Circuit, Domain, Gate
from reasoner import Limits, Program, PrologLimit, PrologTimeout, QueryError, ground, infer

SMALL = Domain("digit", range(4))
ADDITION = "sum(S) :- digit(0, X), digit(1, Y), S is X + Y."
EDGES = "e(X, Y) :- digit(0, X), digit(1, Y). e(1, 2). e(2, 0). "


def true_outputs(circuit: Circuit, world: tuple[int, ...]) -> set[str]:
    """Names of the outputs that are true in a world, by plain evaluation."""
    wires = [
        False,
        *(v == chosen for group, chosen in zip(circuit.one_hot, world, strict=True) for v in range(len(group))),
    ]

    def read(code: int) -> bool:
        return wires[code >> 1] != bool(code & 1)

    for gate, kind in enumerate(circuit.kinds.tolist()):
        values = [read(code) for code in circuit.operands(gate).tolist()]
        wires.append(all(values) if kind == Gate.AND else any(values))
    return {name for name, code in zip(circuit.output_names, circuit.outputs.tolist(), strict=True) if read(code)}


def reach(world: tuple[int, ...]) -> set[int]:
    edges = {(1, 2), (2, 0), world}
    direct = {b for a, b in edges if a == 1}
    for _ in range(4):
        direct |= {b for a, b in edges if a in direct}
    return direct


def test_addition() -> None:
    grounding = ground(Program.parse(ADDITION), "sum(S)")
    circuit = grounding.circuit
    assert circuit.output_names == tuple(f"sum({n})" for n in range(19))
    assert circuit.inputs == tuple(f"digit({slot})={value}" for slot in (0, 1) for value in range(10))
    assert [len(group) for group in circuit.one_hot] == [10, 10]
    assert [(slot.domain.name, slot.number) for slot in grounding.slots] == [("digit", 0), ("digit", 1)]
    assert len(grounding.instances) == 100
    assert {instance.line for instance in grounding.instances} == {1}
    for world in product(range(10), repeat=2):
        assert true_outputs(circuit, world) == {f"sum({sum(world)})"}


MEANINGS: list[tuple[str, str, Callable[[tuple[int, ...]], set[int]]]] = [
    ("p(X) :- digit(0, X), \\+ digit(1, X).", "p(X)", lambda w: {w[0]} - {w[1]}),
    ("p(X) :- digit(0, X), (X > 1 -> digit(1, X) ; X = 0), digit(1, _).", "p(X)",
     lambda w: {w[0]} if (w[0] == w[1] if w[0] > 1 else w[0] == 0) else set()),
    ("p(X) :- digit(0, X), \\+ (digit(1, Y), Y > X, odd(Y)). odd(1). odd(3).", "p(X)",
     lambda w: set() if w[1] > w[0] and w[1] % 2 else {w[0]}),
    (EDGES + "p(X) :- r(1, X). r(X, Y) :- r(X, Z), e(Z, Y). r(X, Y) :- e(X, Y).", "p(X)", reach),
    (EDGES + "p(X) :- member(X, [0,1,2,3]), \\+ r(1, X). r(X, Y) :- r(X, Z), r(Z, Y). r(X, Y) :- e(X, Y).", "p(X)",
     lambda w: set(range(4)) - reach(w)),
    ("p(N) :- digit(0, A), digit(1, B), msort([A, B], L), last(L, N). append(a, b, c).", "p(N)",
     lambda w: {max(w)}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "query", "meaning"), MEANINGS)
def test_circuits_mean_what_the_rules_say(
    text: str, query: str, meaning: Callable[[tuple[int, ...]], set[int]]
) -> None:
    circuit = ground(Program.parse(text, (SMALL,)), query).circuit
    assert len(circuit.one_hot) == 2
    for world in product(range(4), repeat=2):
        assert true_outputs(circuit, world) == {f"p({n})" for n in meaning(world)}


@pytest.mark.parametrize(
    ("text", "query", "words"),
    [
        ("p :- \\+ q. q :- \\+ p.", "p", "not stratified"),
        ("p(X) :- digit(0, _).", "p(X)", "variables"),
        ("a.\np(X) :- X is _ + 1.", "p(X)", "line 2.*cannot be run"),
        ("p(X) :- digit(_, X).", "p(X)", "slot"),
        ("p(X) :- digit(0, X), X > 9.", "p(X)", "no answer"),
        ("p(X) :- digit(0, X).", "q(X)", "does not define 'q/1'"),
        ("p(X) :- digit(0, X).", "p(X", "cannot be read"),
        ("p(X) :- digit(0, X).", "digit(0, X)", "perceived"),
    ],
)
def test_bad_queries_are_refused(text: str, query: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        ground(Program.parse(text), query)


def test_the_process_survives_endless_programs() -> None:
    endless = (
        "n(0). n(X) :- n(Y), X is Y + 1. f(X) :- f(s(X)). m(X) :- between(1, 1000, X). d(X) :- between(1, inf, X)."
    )
    program = Program.parse(endless)
    with pytest.raises(PrologTimeout):
        ground(program, "n(X)", Limits(seconds=0.3))
    with pytest.raises(PrologLimit):
        ground(program, "n(X)", Limits(inferences=100_000))
    with pytest.raises(PrologLimit):
        ground(program, "f(0)", Limits(seconds=0.3))
    with pytest.raises(PrologLimit):
        ground(program, "d(X)", Limits(inferences=1_000_000))
    with pytest.raises(PrologLimit, match="1000 answers"):
        ground(program, "m(X)", Limits(answers=999))
    with pytest.raises(PrologLimit, match="rule instances"):
        ground(program, "m(X)", Limits(instances=10))
    assert len(ground(program, "m(X)").answers) == 1000


def test_several_threads() -> None:
    def work(number: int) -> tuple[str, ...]:
        return ground(Program.parse(f"p(X) :- digit(0, Y), X is Y + {number}."), "p(X)").circuit.output_names

    with ThreadPoolExecutor(max_workers=4) as pool:
        found = list(pool.map(work, range(24)))
    assert found == [tuple(f"p({d + number})" for d in range(10)) for number in range(24)]


@pytest.mark.parametrize(
    "chance", ["X is random(10)", "X is 1 + random_float", "E = random(9), X is E", "cputime > 1, X = 1"]
)
def test_rules_that_differ_from_call_to_call_are_refused(chance: str) -> None:
    with pytest.raises(QueryError, match="differs from call to call"):
        ground(Program.parse(f"p(X) :- digit(0, Y), {chance}, X >= Y."), "p(X)")


VALUES = [0, 1, -7, 2**39, -(2**39), 2**40 - 1, 2**40, 1 - 2**40, -(2**40), 10**15, 1.5, "1 + 2", "7 // 2", "-9 mod 4"]


@given(st.sampled_from(VALUES), st.sampled_from(VALUES), st.sampled_from(["+", "-", "*"]), st.sampled_from([3, -4]))
def test_prepared_arithmetic_is_that_of_python(a: int | str, b: int | str, sign: str, by: int) -> None:
    x, y = (eval(str(value).replace("mod", "%")) for value in (a, b))
    total = {"+": x + y, "-": x - y, "*": x * y}[sign]
    rules = [f"s(S) :- X = {a}, Y = {b}, S is X {sign} Y.", f"c :- X = {a}, Y = {b}, X {sign} Y >= {by}."]
    expected: list[object] = [total, "c"]
    if isinstance(total, int):
        rules.append(f"q(D, M) :- X = {a}, Y = {b}, D is (X {sign} Y) // {by}, M is (X {sign} Y) mod {by}.")
        expected.append(f"q({total // by},{total % by})")
    asked = ["query(s(_)). query(c).", *["query(q(_, _))."] * isinstance(total, int)]
    found = infer(Program.parse(" ".join(rules + asked), ()))
    atoms = [type(total)(atom[2:-1]) if atom.startswith("s(") else atom for atom in found.atoms]  # floats as they are
    assert dict(zip(atoms, found.log_probs[0].exp().tolist(), strict=True)) == {
        atom: float(atom != "c" or total >= by) for atom in expected
    }


def test_heads_alike_of_one_choice_are_one_leaf() -> None:
    program = Program.parse("0.3::a; 0.2::a; 0.1::b. q :- a. q :- b. query(q). query(a).", ())
    assert infer(program).log_probs.exp().tolist()[0] == pytest.approx([0.6, 0.5])
    assert len(ground(program, "a").instances) == 1
