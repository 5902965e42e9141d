"""ProbLog's other tasks: most probable worlds and answers, samples, decisions, learning, ground programs.

The oracle is the sum over all worlds, written out here.
"""

from collections.abc import Sequence
from itertools import product
from math import erf, exp, log, prod, sqrt
from pathlib import Path

import pytest

from neurosym.commands.queries import probabilities
from reasoner import (
    Program,
    QueryError,
    SamplingError,
    decide,
    ground_stated,
    ground_text,
    learn_from_interpretations,
    most_probable,
    most_probable_answers,
    parse_interpretations,
    sample,
)
from reasoner.learning.interpretations import Interpretation

ALARM = """
    0.7::burglary. 0.2::earthquake. 0.9::p1. 0.8::p2. 0.1::p3.
    alarm :- burglary, earthquake, p1. alarm :- burglary, \\+ earthquake, p2. alarm :- \\+ burglary, earthquake, p3.
    query(burglary). query(earthquake). evidence(alarm, true).
"""
CHANCES = {"burglary": 0.7, "earthquake": 0.2, "p1": 0.9, "p2": 0.8, "p3": 0.1}


def alarm_worlds() -> list[tuple[dict[str, bool], float]]:
    """The worlds in which the alarm rings, and how probable each is."""
    found: list[tuple[dict[str, bool], float]] = []
    for truths in product((True, False), repeat=len(CHANCES)):
        world = dict(zip(CHANCES, truths, strict=True))
        b, e = world["burglary"], world["earthquake"]
        if (b and e and world["p1"]) or (b and not e and world["p2"]) or (not b and e and world["p3"]):
            found.append((world, prod(p if world[name] else 1 - p for name, p in CHANCES.items())))
    return found


def test_the_most_probable_worlds_are_those_of_the_sum_written_out() -> None:
    expected = sorted(alarm_worlds(), key=lambda one: -one[1])[:6]
    found = most_probable(Program.parse(ALARM, ()), (), 6)
    assert [exp(one.log_probability) for one in found] == pytest.approx([p for _, p in expected])
    assert found[0].facts == expected[0][0]
    assert found[0].answers == {"burglary": True, "earthquake": False}
    assert most_probable(Program.parse("0.3::a. 0.6::b. query(a). query(b).", ()))[0].facts == {"a": False, "b": True}
    with pytest.raises(QueryError, match="contradicts"):
        most_probable(Program.parse("0.3::a. evidence(a). evidence(a, false).", ()))


def test_the_most_probable_answers_sum_out_all_else() -> None:
    text = """
        0.4::a(1). 0.3::a(2); 0.5::a(3). 0.6::b. c(X) :- a(X), b. c(4) :- \\+ b, \\+ a(1). d :- c(_).
        query(c(_)). query(d). evidence(a(1), false).
    """
    found = most_probable_answers(Program.parse(text, ()))
    shares: dict[tuple[bool, ...], float] = {}
    for value, b in product((2, 3, None), (True, False)):
        c = {n: value == n and b for n in (2, 3)} | {4: not b}
        key = (c[2], c[3], c[4], any(c.values()))
        share = {2: 0.3, 3: 0.5, None: 0.2}[value] * (0.6 if b else 0.4)
        shares[key] = shares.get(key, 0.0) + share
    best = max(shares, key=lambda key: shares[key])
    wanted = {"c(2)": best[0], "c(3)": best[1], "c(4)": best[2], "d": best[3]}
    assert {atom: truth for atom, truth in found.answers.items() if atom in wanted} == wanted
    assert exp(found.log_probability) == pytest.approx(shares[best])
    assert found.looked_at < 2**5


@pytest.mark.parametrize(
    "text",
    [
        ALARM,
        "0.5::h(1). 0.6::h(2). w :- h(_). query(w). evidence(h(2), false).",
        "0.4::e(1,2). 0.3::e(2,3). 0.5::e(3,1). 0.2::e(2,1). r(X,Y) :- e(X,Y). r(X,Y) :- r(X,Z), e(Z,Y)."
        " query(r(1,_)).",
        "0.2::r(0). 0.7::r(1) :- r(0). 0.1::r(1) :- \\+ r(0). 0.9::u(0) :- r(0). 0.2::u(0) :- \\+ r(0)."
        " 0.9::u(1) :- r(1). 0.2::u(1) :- \\+ r(1). query(r(_)). evidence(u(0)). evidence(u(1), false).",
        "0.2::a; 0.3::b; 0.1::c :- d. 0.5::d. query(a). query(b). query(c). evidence(\\+ c).",
        "0.5::a. query(s(_)). s(P) :- subquery(a, P).",
    ],
)
def test_estimates_hold_what_is_exact(text: str) -> None:
    exact = probabilities(Program.parse(text, ()))
    found = sample(Program.parse(text, ()), count=20_000, seed=3, confidence=0.9999)
    assert found.estimates.keys() == exact.keys()
    for atom, share in exact.items():
        assert found.estimates[atom].low - 1e-12 <= share <= found.estimates[atom].high + 1e-12
        assert found.estimates[atom].high - found.estimates[atom].low < 0.1
    assert found == sample(Program.parse(text, ()), count=20_000, seed=3, confidence=0.9999)
    other = sample(Program.parse(text, ()), count=20_000, seed=4, confidence=0.9999)
    assert found.estimates != other.estimates or all(share in (0.0, 1.0) for share in exact.values())


def test_the_probability_of_the_evidence_is_told_too() -> None:
    observed = sample(Program.parse(ALARM, ()), count=20_000, confidence=0.9999).evidence
    whole = sum(share for _, share in alarm_worlds())
    assert observed is not None
    assert observed.low < whole < observed.high < observed.low + 0.06


def test_rare_observations_are_weighed_not_waited_for() -> None:
    lines = ["0.5::s(0)."]
    for n in range(20):
        lines.append(f"0.8::s({n + 1}) :- s({n}). 0.3::s({n + 1}) :- \\+ s({n}).")
        lines.append(f"0.6::o({n}) :- s({n}). 0.2::o({n}) :- \\+ s({n}). evidence(o({n}), {str(n % 3 > 0).lower()}).")
    text = "\n".join([*lines, "query(s(10))."])
    exact = probabilities(Program.parse(text, ()))["s(10)"]
    found = sample(Program.parse(text, ()), count=20_000, confidence=0.9999)  # by waiting, one in 400,000 would do
    assert found.estimates["s(10)"].low < exact < found.estimates["s(10)"].high < found.estimates["s(10)"].low + 0.2
    assert found.effective > 500


def test_worlds_are_told_one_by_one() -> None:
    found = sample(Program.parse(ALARM, ()), count=200, keep=50)
    assert len(found.worlds) == 50
    for true, facts in zip(found.worlds, found.choices, strict=True):
        assert set(true) <= set(facts)
        assert ("burglary" in facts and "p2" in facts) or "earthquake" in facts


def test_evidence_that_no_sample_meets_is_told() -> None:
    with pytest.raises(SamplingError, match="holds in none of 100 samples"):
        sample(Program.parse("0.00001::a. 0.00001::b. c :- a, b. c :- b, \\+ a. query(a). evidence(c).", ()), count=100)
    with pytest.raises(QueryError, match="contradicts"):
        sample(Program.parse("0.5::a. query(a). evidence(a). evidence(a, false).", ()))


def test_the_best_decisions_are_those_of_all_strategies() -> None:
    text = """
        0.3::rain. 0.5::wind. ?::umbrella. ?::raincoat.
        broken :- umbrella, rain, wind. dry :- rain, raincoat. dry :- rain, umbrella, not broken. dry :- not(rain).
        utility(broken, -40). utility(raincoat, -20). utility(umbrella, -2). utility(dry, 60).
    """
    best: tuple[float, bool, bool] | None = None
    for umbrella, raincoat in product((False, True), repeat=2):
        gain = -20 * raincoat - 2 * umbrella
        for rain, wind in product((True, False), repeat=2):
            broken = umbrella and rain and wind
            dry = not rain or raincoat or (umbrella and not broken)
            gain += (0.3 if rain else 0.7) * 0.5 * (60 * dry - 40 * broken)
        best = max(best or (-1e9, False, False), (gain, umbrella, raincoat))
    found = decide(Program.parse(text, ()))
    assert best is not None
    assert (found.utility, found.choices, found.optimal) == (
        pytest.approx(best[0]), {"umbrella": best[1], "raincoat": best[2]}, True,
    )  # fmt: skip


def test_decisions_that_do_not_meet_are_made_apart() -> None:
    lines = [
        f"?::d({n}). 0.{n % 9 + 1}::g({n}) :- d({n}). utility(g({n}), 10). utility(d({n}), -4)." for n in range(60)
    ]
    found = decide(Program.parse("\n".join(lines), ()))
    assert found.utility == pytest.approx(sum(max(0.0, (n % 9 + 1) - 4) for n in range(60)))
    assert found.optimal
    assert found.looked_at < 200


def test_a_disjunction_of_decisions_takes_one_and_evidence_counts() -> None:
    text = "?::go(a); ?::go(b). 0.2::s(a). 0.3::s(b). w :- go(X), s(X). utility(w, 10). utility(go(b), -{})."
    assert decide(Program.parse(text.format(2), ())).choices == {"go(a)": True, "go(b)": False}
    assert decide(Program.parse(text.format(0.5), ())).choices == {"go(a)": False, "go(b)": True}
    told = decide(Program.parse(text.format(2) + " evidence(s(b)).", ()))
    assert (told.choices, told.utility) == ({"go(a)": False, "go(b)": True}, pytest.approx(8.0))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.5::a. utility(a, 1).", "nothing is decided"),
        ("?::a.", "nothing has a utility"),
        ("?::a. utility(a, x).", "x"),
    ],
)
def test_what_cannot_be_decided_is_told(text: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        decide(Program.parse(text, ()))


def test_a_decision_has_no_probability() -> None:
    with pytest.raises(QueryError, match=r"line 1: '\? :: a' is a decision.*neurosym dt"):
        probabilities(Program.parse("?::a. query(a).", ()))


def likelihood(text: str, examples: Sequence[Interpretation]) -> float:
    """Of a program without learned probabilities, each distinct example counted once."""
    distinct = sorted(set(examples), key=sorted)
    goals = [", ".join(atom if truth else "\\+ " + atom for atom, truth in sorted(one)) for one in distinct]
    rules = "\n".join(f"example({n}) :- {goal}." for n, goal in enumerate(goals))
    found = probabilities(Program.parse(f"{text}\n{rules}", ()), "example(_)")
    return sum(examples.count(one) * log(found[f"example({n})"]) for n, one in enumerate(distinct))


def test_what_is_seen_whole_is_learned_as_shares() -> None:
    examples = "\n---\n".join(
        ["evidence(a(1)). evidence(b, true). evidence(c, false)."] * 3
        + ["evidence(\\+ a(1)). evidence(b, false). evidence(c)."] * 2
        + ["evidence(a(1)). evidence(b, false). evidence(c, false)."]
    )
    found = learn_from_interpretations(
        Program.parse("t(_)::a(1). t(0.2)::b; t(0.3)::c.", ()), parse_interpretations(examples)
    )
    assert found.probabilities == pytest.approx({"a(1)": 4 / 6, "b": 3 / 6, "c": 2 / 6}, abs=1e-6)
    low, high = found.intervals["a(1)"]
    assert low == pytest.approx(0.2676, abs=2e-3)  # Wald's interval of 4 in 6 on the scale of logits
    assert high == pytest.approx(0.9166, abs=2e-3)
    assert probabilities(Program.parse(found.program, ()), "a(1)") == pytest.approx({"a(1)": 4 / 6})


def test_hidden_causes_are_learned_where_nothing_nearby_is_more_probable() -> None:
    text = "t(_)::rain. t(_)::wet :- rain. 0.2::wet :- \\+ rain. t(_, X)::slow(X) :- wet, road(X). road(1). road(2)."
    examples = "\n---\n".join(
        ["evidence(wet). evidence(slow(1))."] * 4
        + ["evidence(wet). evidence(slow(1), false). evidence(slow(2), false)."] * 3
        + ["evidence(rain). evidence(wet)."] * 3
        + ["evidence(wet, false). evidence(slow(2), false)."] * 5
        + ["evidence(rain, false). evidence(slow(2))."] * 2
        + ["evidence(rain, false). evidence(wet, false)."] * 4
        + ["evidence(rain). evidence(wet, false)."]
    )
    seen = parse_interpretations(examples)
    found = learn_from_interpretations(Program.parse(text, ()), seen, seed=1)
    top = likelihood(found.program, seen)
    assert top == pytest.approx(found.log_likelihood, abs=1e-6)
    for name, value in found.probabilities.items():
        assert 0.01 < value < 0.99
        for step in (-0.01, 0.01):
            moved = found.program.replace(f"{value:.10g} ::", f"{value + step:.10g} ::")
            assert likelihood(moved, seen) < top, name


def test_examples_that_cannot_be_are_counted_and_left_out() -> None:
    seen = parse_interpretations("evidence(a). evidence(b, false).\n---\nevidence(a).\n---\nevidence(a, false).")
    found = learn_from_interpretations(Program.parse("t(_)::a. b :- a.", ()), seen)
    assert (found.contradicting, found.probabilities) == (1, pytest.approx({"a": 0.5}))
    with pytest.raises(QueryError, match="all 1 examples contradict"):
        learn_from_interpretations(Program.parse("t(_)::a. b :- a.", ()), seen[:1])
    with pytest.raises(QueryError, match="nothing is learned"):
        learn_from_interpretations(Program.parse("0.5::a.", ()), seen)


def test_what_examples_do_not_tell_is_said() -> None:
    program = Program.parse("t(_)::a. t(_)::b. c :- a, b.", ())
    found = learn_from_interpretations(program, parse_interpretations("evidence(c).\n---\nevidence(c, false)."))
    assert found.intervals == {"a": (0.0, 1.0), "b": (0.0, 1.0)}
    assert prod(found.probabilities.values()) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        ALARM,
        "0.2::a(X); 0.3::b(X) :- c(X). c(1). c(2). 0.5::c(3). d :- a(_), \\+ b(2). query(d). query(b(_)).",
        "0.4::e(1,2). 0.3::e(2,3). 0.5::e(3,1). r(X,Y) :- e(X,Y). r(X,Y) :- r(X,Z), e(Z,Y). query(r(1,_)).",
        "0.3::a. 0.4::a. b :- a, \\+ (c, a). 0.1::c. query(b). query(a).",
    ],
)
def test_a_ground_program_has_the_same_answers(text: str, tmp_path: Path) -> None:
    program = Program.parse(text, ())
    (tmp_path / "ground.pl").write_text(ground_text(ground_stated(program)))
    assert probabilities(Program.read(tmp_path / "ground.pl", ())) == pytest.approx(probabilities(program))


HEIGHTS = """
    normal(180, 8)::height(ann). normal(170, 5)::height(bob). uniform(0, 2)::heel. 0.4::hat.
    taller(X, Y) :- value(height(X), A), value(height(Y), B), X \\= Y, A > B.
    fixed(S)::shown(X) :- value(height(X), H), value(heel, E), S is H + 2 * E.
    tall(X) :- value(height(X), H), (hat, H > 175 ; H >= 185). not_tall :- \\+ tall(ann).
    query(taller(ann, bob)). query(tall(ann)). query(not_tall). query(shown(_)).
"""


def below(limit: float, mean: float, spread: float) -> float:
    return 0.5 * (1 + erf((limit - mean) / spread / sqrt(2)))


def test_continuous_values_are_compared_in_samples() -> None:
    found = sample(Program.parse(HEIGHTS, ()), count=40_000, confidence=0.9999)
    tall = 0.4 * (1 - below(175, 180, 8)) + 0.6 * (1 - below(185, 180, 8))
    wanted = {"taller(ann,bob)": below(10, 0, sqrt(89)), "tall(ann)": tall, "not_tall": 1 - tall}
    for atom, share in wanted.items():
        assert found.estimates[atom].low < share < found.estimates[atom].high < found.estimates[atom].low + 0.03
    shown = found.means["shown(ann)"]
    assert shown.low < 182 < shown.high < shown.low + 1
    given = sample(Program.parse(HEIGHTS + "evidence(taller(ann, bob), false).", ()), count=40_000, confidence=0.9999)
    assert given.evidence is not None
    assert given.evidence.low < 1 - below(10, 0, sqrt(89)) < given.evidence.high
    assert given.means["shown(ann)"].high < 178


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEIGHTS, r"compares what is continuous.*neurosym sample"),
        ("normal(0, 1)::x. y(V) :- value(x, V). query(y(_)).", "holds a continuous value"),
        ("normal(0, 1)::x. y(L) :- findall(V, value(x, V), L). query(y(_)).", "collected"),
        ("normal(0, 1)::x. y :- value(x, V), atom_length(V, _). query(y).", "asks more of a continuous value"),
        ("normal(0, 1)::x. normal(1, 1)::x. query(x).", "drawn by two clauses"),
    ],
)
def test_what_is_continuous_is_refused_where_it_cannot_be_counted(text: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        probabilities(Program.parse(text, ()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("normal(0, -1)::x. y :- value(x, V), V > 0. query(y).", "cannot be drawn"),
        ("0.5::x. normal(0, 1)::z. y :- value(x, V), V > 0. query(y).", "'x' has no value"),
    ],
)
def test_values_that_cannot_be_drawn_are_told(text: str, words: str) -> None:
    with pytest.raises((SamplingError, QueryError), match=words):
        sample(Program.parse(text, ()))


def test_choices_of_rules_are_not_taken_for_their_heads() -> None:
    """The second rule for `wet` is not chosen, and yet it is wet; two facts of one name are two."""
    program = Program.parse(
        """0.7::rain. 0.1::sprinkler.
        0.9::wet :- rain.
        0.2::wet :- sprinkler.
        0.4::a. 0.3::a.
        evidence(wet). query(a)."""
    )
    (world,) = most_probable(program)
    assert world.facts == {
        "rain": True, "sprinkler": False, "wet (rule of line 2)": True, "wet (rule of line 3)": False,
        "a": False, "a, 2": False,
    }  # fmt: skip
    assert world.log_probability == pytest.approx(log(0.7 * 0.9 * 0.9 * 0.8 * 0.6 * 0.7))


def test_a_choice_that_no_world_can_use_is_none_of_the_most_probable_world() -> None:
    """As ProbLog 2.3 has it: the choice of a rule whose body denies itself matters nowhere."""
    rules = "0.2::f. 0.9::g. q :- g. 0.6::q :- g, \\+ f, f. never :- f, \\+ f. 0.6::q :- never, g. query(q). query(f)."
    (world,) = most_probable(Program.parse(rules, ()))
    assert world.facts == {"f": False, "g": True}
    assert exp(world.log_probability) == pytest.approx(0.8 * 0.9)
