"""Formulas from pictures: the rules against brute force over all readings, and the drawn lists."""

import os
from collections import defaultdict
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
import torch

from logic import Symbols
from perception import load_digits
from reasoner import Program, infer
from tasks.symbols.digit_pictures import DataError
from tasks.symbols.formula_pictures import OPERATORS, SIGNS, draw_operators, read_formulas, show_formulas, value
from tasks.symbols.formulas import RULES

GENERATOR = torch.Generator()
needs_lists = pytest.mark.skipif(
    not (Path(os.environ.get("NEUROSYM_DATA", "")) / "hwf_expr").is_dir(),
    reason="the lists of formulas are missing: NEUROSYM_DATA names no folder with hwf_expr",
)


@pytest.mark.parametrize("signs", [1, 3, 5])
def test_the_rules_count_every_reading_of_a_formula(signs: int) -> None:
    beliefs = torch.rand(1, signs, len(SIGNS), generator=GENERATOR.manual_seed(signs), dtype=torch.float64)
    beliefs /= beliefs.sum(2, keepdim=True)
    found = infer(Program.read(RULES, (SIGNS,)), f"formula({signs}, P, Q)", Symbols(SIGNS, beliefs.log()))
    expected = defaultdict[object, float](float)
    kinds = ["123456789" if place % 2 == 0 else "+-*/" for place in range(signs)]
    for text in product(*kinds):
        probability = 1.0
        for place, sign in enumerate(text):
            name = OPERATORS[sign] if sign in OPERATORS else int(sign)
            probability *= float(beliefs[0, place, SIGNS.values.index(name)])
        # Python's own parser; each digit becomes a Fraction so that division is exact.
        worth = eval("".join(f"Fraction({sign})" if sign.isdigit() else sign for sign in text), {"Fraction": Fraction})
        expected[worth.as_integer_ratio()] += probability
        if signs < 5:
            assert value("".join(text)) == worth
    assert set(found.values) == set(expected)
    for answer, probability in zip(found.values, found.log_probs[0].exp().tolist(), strict=True):
        assert probability == pytest.approx(expected[answer], rel=1e-9)


def test_operators_differ_from_each_other_and_within() -> None:
    pictures = {name: draw_operators(name, 50, GENERATOR.manual_seed(0)).float() for name in OPERATORS.values()}
    assert all(drawn.shape == (50, 1, 28, 28) and drawn.flatten(1).std(0).max() > 50 for drawn in pictures.values())
    ink = {name: float(drawn.mean()) for name, drawn in pictures.items()}
    assert ink["minus"] < ink["div"] < ink["plus"]
    again = draw_operators("plus", 50, GENERATOR.manual_seed(0)).float()
    assert torch.equal(pictures["plus"], again)


@needs_lists
def test_formulas_are_shown_sign_by_sign() -> None:
    shown = show_formulas("test", load_digits(), 20, GENERATOR.manual_seed(0))
    names = {name: text for text, name in OPERATORS.items()}
    for pictures, values, (signs, top, bottom) in zip(shown.pictures, shown.values, shown.answers, strict=True):
        assert pictures[:signs].flatten(1).amax(1).min() > 100
        assert not pictures[signs:].any()
        read = [SIGNS.values[number] for number in values[:signs].tolist()]
        assert value("".join(names.get(str(sign), str(sign)) for sign in read)) == Fraction(top, bottom)


@needs_lists
def test_the_lists_are_worth_what_they_say() -> None:
    assert len(read_formulas("train_org")) == 10_000
    assert len(read_formulas("test")) == 2_000


def test_a_missing_list_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEUROSYM_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"expr_test.json.xz: no list of formulas .* NEUROSYM_DATA"):
        read_formulas("test")
