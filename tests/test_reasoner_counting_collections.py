"""Lengths, sums and extremes of many uncertain elements: closed forms, and enumeration where elements are not apart."""

from itertools import combinations, product
from math import comb, prod

import pytest

from reasoner import Program, infer


def answers(text: str) -> dict[str, float]:
    found = infer(Program.parse(text, ()))
    return {atom: found.probability(atom).item() for atom in found.atoms}


@pytest.mark.parametrize(("elements", "asked"), [(20, 10), (100, 3)])
def test_a_length_is_binomial(elements: int, asked: int) -> None:
    program = f"0.3::a(X) :- between(1, {elements}, X). n(N) :- findall(X, a(X), L), length(L, N). query(n({asked}))."
    expected = comb(elements, asked) * 0.3**asked * 0.7 ** (elements - asked)
    assert answers(program)[f"n({asked})"] == pytest.approx(expected)


def test_all_lengths_sum_to_one() -> None:
    found = answers("0.5::a(X) :- between(1, 40, X). n(N) :- findall(X, a(X), L), length(L, N). query(n(_)).")
    assert len(found) == 41
    assert sum(found.values()) == pytest.approx(1.0)


def test_extremes_of_thirty_elements() -> None:
    rules = "most(M) :- findall(X, a(X), L), max_list(L, M). least(M) :- findall(X, a(X), L), min_list(L, M)."
    found = answers(f"0.3::a(X) :- between(1, 30, X). {rules} query(most(27)). query(least(3)). query(most(_)).")
    assert found["most(27)"] == pytest.approx(0.3 * 0.7**3)
    assert found["least(3)"] == pytest.approx(0.3 * 0.7**2)
    assert sum(one for atom, one in found.items() if atom.startswith("most")) == pytest.approx(1 - 0.7**30)


def test_sums_of_twenty_elements() -> None:
    """How many subsets of 1 to 20 have each sum, one element after the other."""
    ways = {0: 1}
    for element in range(1, 21):
        ways = {
            total: ways.get(total, 0) + ways.get(total - element, 0) for total in {*ways, *(w + element for w in ways)}
        }
    rule = "n(S) :- findall(X, a(X), L), sum_list(L, S)."
    found = answers(f"0.5::a(X) :- between(1, 20, X). {rule} query(n(105)). query(n(7)).")
    assert found == pytest.approx({"n(105)": ways[105] / 2**20, "n(7)": ways[7] / 2**20})


def test_elements_that_share_choices_are_told_apart_by_enumeration() -> None:
    """Pairs of six facts, which are 15 elements."""
    shares = {number: number / 10 for number in range(1, 7)}
    facts = " ".join(f"{share}::b({number})." for number, share in shares.items())
    rules = "p(X) :- b(A), b(B), A < B, X is 10 * A + B. n(N) :- findall(X, p(X), L), length(L, N). query(n(_))."
    expected: dict[str, float] = {}
    for world in product((False, True), repeat=6):
        pairs = [*combinations([number for number, holds in enumerate(world, 1) if holds], 2)]
        weight = prod(shares[n] if holds else 1 - shares[n] for n, holds in enumerate(world, 1))
        atom = f"n({len(pairs)})"
        expected[atom] = expected.get(atom, 0.0) + weight
    found = answers(f"{facts} {rules}")
    assert {atom: one for atom, one in found.items() if one} == pytest.approx(expected)  # others never hold


def test_a_list_that_is_read_elsewhere_is_collected_as_before() -> None:
    text = "0.5::a(X) :- between(1, 3, X). n(N, L) :- findall(X, a(X), L), length(L, N). query(n(2, _))."
    assert answers(text) == pytest.approx({"n(2,[1,2])": 0.125, "n(2,[1,3])": 0.125, "n(2,[2,3])": 0.125})


def test_certain_elements_and_a_comparison() -> None:
    text = "a(0). a(1). 0.5::a(X) :- between(2, 20, X). many :- findall(X, a(X), L), length(L, N), N > 18. query(many)."
    assert answers(text)["many"] == pytest.approx(sum(comb(19, k) for k in (17, 18, 19)) / 2**19)
