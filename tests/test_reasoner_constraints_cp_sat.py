"""CP-SAT as a search: all solutions against enumeration, cliques seen in pairs, and what is said of its claims."""

import itertools
from collections.abc import Callable

import pytest

from reasoner import ConstraintProgram, Limits, PrologError, Solution, solve
from reasoner.constraints import cp_sat_search
from reasoner.constraints.checking import check_solution
from reasoner.constraints.cp_sat_model import NotModelledError
from reasoner.constraints.cp_sat_search import CpSatSearch
from reasoner.constraints.linear import find_bounds
from reasoner.constraints.posting import key_of, post
from reasoner.constraints.thread_deadline import Deadline
from reasoner.prolog.terms import Struct, Term

pytestmark = pytest.mark.skipif(cp_sat_search.solver() is None, reason="CP-SAT is not installed")

_NAMES = "ABC"
_RANGE = range(-2, 4)


def posted(goal: str) -> tuple[list[Term], dict[str, Term]]:
    text = f"p(A, B, C) :- [A, B, C] ins {_RANGE[0]}..{_RANGE[-1]}, {goal}."
    (alternative,) = post(ConstraintProgram.parse(text), "p(A, B, C)", Limits()).alternatives
    return [row.term for row in alternative.posted], alternative.bindings


def all_by_cp_sat(goal: str) -> set[tuple[int, ...]]:
    terms, shown = posted(goal)
    search = CpSatSearch(terms, find_bounds(terms, {}))
    keys = [key_of(shown[name]) for name in _NAMES]
    found: set[tuple[int, ...]] = set()
    while search.check(Deadline(10.0)):
        values = search.values()
        check_solution(terms, values)
        found.add(tuple(values[key] for key in keys if key is not None))
        search.exclude({key: values[key] for key in keys if key is not None})
    return found


CASES: list[tuple[str, Callable[[int, int, int], bool]]] = [
    ("A #\\= B, B #\\= C, A #\\= C", lambda a, b, c: a != b != c != a),
    ("A #\\= B + 1, B #\\= C + 1, A #\\= C + 2", lambda a, b, c: a != b + 1 and b != c + 1 and a != c + 2),
    ("A + 2 #=< B #\\/ B + 1 #=< A, C #= 0", lambda a, b, c: (a + 2 <= b or b + 1 <= a) and c == 0),
    (
        "A + 2 #=< B #\\/ B + 2 #=< A, A + 2 #=< C #\\/ C + 1 #=< A, B + 2 #=< C #\\/ C + 1 #=< B",
        lambda a, b, c: (a + 2 <= b or b + 2 <= a) and (a + 2 <= c or c + 1 <= a) and (b + 2 <= c or c + 1 <= b),
    ),
    ("A * B #= C, A #> 0", lambda a, b, c: a * b == c and a > 0),
    ("abs(A) + min(B, C) #= 2, max(A, B) #> 0", lambda a, b, c: abs(a) + min(b, c) == 2 and max(a, b) > 0),
    ("A mod 3 #= B, A div 2 #= C", lambda a, b, c: a % 3 == b and a // 2 == c),
    ("A // 2 #= B, A rem 2 #= C", lambda a, b, c: int(a / 2) == b and a - 2 * int(a / 2) == c),
    ("A ^ 3 #= B, C #> 1", lambda a, b, c: a**3 == b and c > 1),
    ("(A #= 1) #<==> (B #> C)", lambda a, b, c: (a == 1) == (b > c)),
    ("(A #= 1) #\\ (B #> C), #\\ (C #= 0)", lambda a, b, c: (a == 1) != (b > c) and c != 0),
    ("A #> 0 #==> (B #= 1 #/\\ C #= 2)", lambda a, b, c: a <= 0 or (b == 1 and c == 2)),
    ("(A #> 0 #==> B #= 1) #<== C #= 3", lambda a, b, c: c != 3 or a <= 0 or b == 1),
    ("#\\ (A #> 0 #/\\ B #> 0), #\\ (A #< 0 #\\/ C #< 0)", lambda a, b, c: not (a > 0 and b > 0) and a >= 0 and c >= 0),
    ("A in -2.. -1 \\/ 3, (B in 0..1) #\\/ C #= A", lambda a, b, c: a in {-2, -1, 3} and (b in {0, 1} or c == a)),
    ("A #<==> (B in 1..2), A + C #= 2", lambda a, b, c: a == (b in {1, 2}) and a + c == 2),
    ("tuples_in([[A, B], [B, C]], [[1, 2], [2, 3], [2, 0]])", lambda a, b, c: (a, b, c) in {(1, 2, 3), (1, 2, 0)}),
    ("element(A, [B, C, 2], B)", lambda a, b, c: 1 <= a <= 3 and (b, c, 2)[a - 1] == b),
    ("all_distinct([A + 1, B, C * 2])", lambda a, b, c: len({a + 1, b, 2 * c}) == 3),
    ("sum([A, B, C], #=<, -3)", lambda a, b, c: a + b + c <= -3),
    ("A #> 3", lambda a, b, c: False),
    ("A * 0 #= B, C #= 1", lambda a, b, c: b == 0 and c == 1),
    ("circuit([A, B, C])", lambda a, b, c: (a, b, c) in {(2, 3, 1), (3, 1, 2)}),
    ("global_cardinality([A, B, C], [0-2, 1-1])", lambda a, b, c: sorted((a, b, c)) == [0, 0, 1]),
]


@pytest.mark.parametrize(("goal", "holds"), CASES)
def test_it_finds_what_enumeration_finds(goal: str, holds: Callable[[int, int, int], bool]) -> None:
    wanted = {row for row in itertools.product(_RANGE, repeat=3) if holds(*row)}
    assert all_by_cp_sat(goal) == wanted


@pytest.mark.parametrize("goal", ["A // B #= 1", "0 * (A mod B) #= 0", "A ^ B #= 1", "2 ^ A #= B"])
def test_what_may_have_no_value_is_left_to_others(goal: str) -> None:
    terms, _ = posted(goal)
    with pytest.raises(NotModelledError):
        CpSatSearch(terms, find_bounds(terms, {}))


def test_a_wrong_solution_is_noticed() -> None:
    x, y = Struct("$fd", (0,)), Struct("$fd", (1,))
    terms = [Struct("$in", ((x, y), ((1, 9),))), Struct("#<", (Struct("*", (x, x)), y))]
    check_solution(terms, {0: 2, 1: 5})
    with pytest.raises(PrologError, match="does not hold"):
        check_solution(terms, {0: 2, 1: 4})


def solved(goals: str, shown: str, seconds: float = 10.0) -> Solution:
    return solve(ConstraintProgram.parse(f"p({shown}) :- {goals}."), f"p({shown})", seconds=seconds)


def test_what_rests_on_its_word_is_told() -> None:
    """Pigeons in one hole fewer: it sees that all differ; clauses do not prove it within the time."""
    pigeons = [f"P{i}" for i in range(13)]
    apart = ", ".join(f"{a} #\\= {b}" for a, b in itertools.combinations(pigeons, 2))
    found = solved(f"[{', '.join(pigeons)}] ins 1..12, {apart}", ", ".join(pigeons), seconds=0.5)
    if found.solver != "sat" and found.solvable is not None:  # else clauses were tried first, and had no time
        assert (found.solvable, found.by_cp_sat) == (False, ("impossible",))
        assert "by CP-SAT" in str(found)
    weights = [f"{w} * X{i}" for i, w in enumerate([382, 799, 909, 729, 467, 901, 614, 463, 318, 595])]
    xs = ", ".join(f"X{i}" for i in range(10))
    best = solved(f"[{xs}] ins 0..3, V #= {' + '.join(weights)}, V #=< 5001, labeling([max(V)], [{xs}])", "V")
    assert (best.objective, best.solver, best.proved_optimal) == (5001, "cp-sat", True)
    assert "optimal" in best.by_cp_sat or "proved optimal" in str(best)


def test_small_claims_are_proved_too() -> None:
    found = solved("[X, Y] ins 0..20, X + 2 * Y #=< 17, labeling([max(X * Y)], [X, Y])", "X, Y")
    products = [x * y for x in range(21) for y in range(21) if x + 2 * y <= 17]
    assert found.objective == max(products)
    assert (found.proved_optimal, found.unique) == (True, products.count(max(products)) == 1)
    impossible = solved("[X, Y] ins 2..300, X + Y #= 9, X - Y #= 4, X #\\= Y", "X, Y")
    assert (impossible.solvable, impossible.by_cp_sat) == (False, ())
    assert impossible.conflicts


def test_a_claim_is_proved_where_that_is_asked() -> None:
    text = """
        p(V) :- [X, Y, Z] ins 0..150, 7 * X + 11 * Y + 13 * Z #=< 900, X #\\= Y, Y #\\= Z, V #= 5 * X + 8 * Y + 9 * Z,
            labeling([max(V)], [X, Y, Z]).
    """
    program = ConstraintProgram.parse(text)
    told, proved = solve(program, "p(V)"), solve(program, "p(V)", seconds=60.0, prove=True)
    assert told.objective == proved.objective
    assert (told.solver, proved.proved_optimal) == ("cp-sat", True)
    assert "optimal" not in proved.by_cp_sat
