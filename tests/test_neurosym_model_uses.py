"""All that takes a model takes one of several networks: training, explanations, reports, profiles, shortcuts."""

import json
from itertools import product

import pytest
import torch
from torch import Tensor, nn

from neurosym import (
    Domain,
    EvenUse,
    Model,
    Neural,
    NeurosymError,
    Program,
    SpikingClassifier,
    concept_report,
    count_shortcuts,
    explain,
    fit,
    infer,
    profile,
)
from reasoner import DIGITS

TEXT = """nn(digit_net, [X], Y, [0, 1, 2]) :: digit(X, Y).
nn(sign_net, [X], Y, [plus, minus]) :: sign(X, Y).
calc(A, O, B, Z) :- digit(A, X), sign(O, P), digit(B, Y), (P == plus -> Z is X + Y ; Z is X - Y).
"""
PROGRAM = Program.parse(TEXT, ())


def calculator() -> Model:
    torch.manual_seed(0)
    digit, sign = (
        Neural(nn.Linear(3, 3), Domain("digit", range(3))),
        Neural(nn.Linear(2, 2), Domain("sign", ["plus", "minus"])),
    )
    return Model({"digit_net": digit, "sign_net": sign}, PROGRAM, "calc(left, op, right, Z)")


def formulas(count: int = 300) -> tuple[dict[str, Tensor], dict[str, Tensor], list[int]]:
    """Noisy one-hot inputs, what they are, and what follows."""
    generator = torch.Generator().manual_seed(0)
    truth = {name: torch.randint(3, (count,), generator=generator) for name in ("left", "right")}
    truth["op"] = torch.randint(2, (count,), generator=generator)
    inputs = {name: torch.eye(2 if name == "op" else 3)[value] for name, value in truth.items()}
    inputs = {name: one + 0.1 * torch.randn(one.shape, generator=generator) for name, one in inputs.items()}
    left, right, minus = truth["left"], truth["right"], truth["op"]
    return inputs, truth, torch.where(minus == 1, left - right, left + right).tolist()


@pytest.fixture(scope="module")
def trained() -> Model:
    model = calculator()
    inputs, _, answers = formulas()
    fit(model, inputs, answers, epochs=25, learning_rate=0.1, seed=1)
    return model


def test_both_networks_learn_from_answers(trained: Model) -> None:
    inputs, truth, answers = formulas()
    found, seen = trained(inputs), {name: one.symbols for name, one in trained.see(inputs).items()}
    names = {"digit_net": ("left", "right"), "sign_net": ("op",)}
    assert {name: one.names for name, one in seen.items()} == names
    values = {name: torch.stack([truth[one] for one in own], 1) for name, own in names.items()}
    report = concept_report(seen, found, values, answers)
    assert report.answer_accuracy > 0.97
    assert report.concept_accuracy > 0.97
    assert report.collapse == 0
    right = [bool((one.log_probs.argmax(2) == values[name]).all(1)[7]) for name, one in seen.items()]
    assert all(right)
    with pytest.raises(NeurosymError, match="symbols of digit_net, sign_net cannot be scored on values of digit_net"):
        concept_report(seen, found, {"digit_net": values["digit_net"]}, answers)


def test_a_report_of_several_perceptions_counts_all_symbols(trained: Model) -> None:
    inputs, truth, answers = formulas(50)
    seen, found = {name: one.symbols for name, one in trained.see(inputs).items()}, trained(inputs)
    wrong = {"digit_net": torch.stack([truth["left"], truth["right"]], 1), "sign_net": 1 - truth["op"][:, None]}
    parts = [concept_report(seen[name], found, wrong[name], answers).concept_accuracy for name in seen]
    both = concept_report(seen, found, wrong, answers).concept_accuracy
    assert both == pytest.approx((2 * parts[0] + parts[1]) / 3)


def test_an_explanation_calls_inputs_as_the_program_does(trained: Model) -> None:
    inputs, truth, answers = formulas()
    sample = {name: one[7] for name, one in inputs.items()}
    found = explain(trained, sample)
    assert found.answers[0].bindings["Z"] == answers[7]
    assert {sight.name: sight.value for sight in found.sights} == {
        "digit_net(left)": truth["left"][7].item(),
        "digit_net(right)": truth["right"][7].item(),
        "sign_net(op)": ("plus", "minus")[int(truth["op"][7])],
    }
    told = json.loads(json.dumps(found.to_json()))
    assert set(told["answers"][0]["posterior"]) == {"digit_net(left)", "digit_net(right)", "sign_net(op)"}
    assert "picture" not in str(found)
    assert " spikes)" not in str(found)
    assert [change.slot for change in found.answers[1].contrast.changes] if found.answers[1].contrast else False
    named = told["answers"][1]["contrast"]["changes"][0]["slot"]
    assert named in told["answers"][0]["posterior"]
    assert named in str(found).splitlines()[-1]


def test_an_explanation_may_ask_something_else(trained: Model) -> None:
    inputs, truth, _ = formulas()
    found = explain(trained, {"op": inputs["op"][3]}, query="sign(op, S)")
    assert found.answers[0].bindings["S"] == ("plus", "minus")[int(truth["op"][3])]


def test_a_profile_adds_up_the_perceptions(trained: Model) -> None:
    inputs, _, _ = formulas(4)
    both = profile(trained, {"digit_net": inputs["left"], "sign_net": inputs["op"]})
    alone = [
        profile(trained.perceptions[name], inputs[one]) for name, one in (("digit_net", "left"), ("sign_net", "op"))
    ]
    assert both.parameters == sum(one.parameters for one in alone) == 18
    assert both.multiplications == sum(one.multiplications for one in alone)
    assert {layer.name.partition(".")[0] for layer in both.layers} == {"digit_net", "sign_net"}
    with pytest.raises(NeurosymError, match="digit_net, sign_net; say which"):
        profile(trained, inputs["left"])


def test_shortcuts_of_two_domains_are_counted() -> None:
    def calc(x: int, minus: int, y: int) -> bool:
        return (x - y if minus else x + y) == 2

    explaining = [
        (digits, signs)
        for digits in product(range(3), repeat=3)
        for signs in product(range(2), repeat=2)
        if all(
            calc(x, s, y) == calc(digits[x], signs[s], digits[y]) for x, s, y in product(range(3), range(2), range(3))
        )
    ]
    rule = "two(A, O, B, T) :- calc(A, O, B, Z), (Z =:= 2 -> T = yes ; T = no)."
    found = count_shortcuts(Program.parse(TEXT + rule, ()), "two(left, op, right, T)")
    values = ("plus", "minus")
    assert {
        (tuple(one["digit_net", x] for x in range(3)), tuple(values.index(str(one["sign_net", s])) for s in values))
        for one in found.meanings
    } == set(explaining)


def test_a_network_of_another_name_than_its_domain_is_mitigated_too() -> None:
    text = "nn(net, [X], Y, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) :: digit(X, Y). even(X, Y) :- digit(X, Y), 0 is Y mod 2."
    model = Model(SpikingClassifier(DIGITS, 0), Program.parse(text), "even(it, X)")
    pictures = torch.rand(4, 1, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    asked = EvenUse(model, weight=0.0).log_probability(pictures, [0, 2, 4, 6])
    torch.testing.assert_close(asked, model.log_probability(pictures, [0, 2, 4, 6]))
    torch.testing.assert_close(
        infer(model.program, model.query, model.symbols(pictures)).log_probs, model(pictures).log_probs
    )


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a device")
def test_a_model_moves_to_a_device(trained: Model) -> None:
    inputs, _, _ = formulas(5)
    wanted = trained(inputs).log_probs.detach()
    there = trained.to("cuda")({name: one.cuda() for name, one in inputs.items()}).log_probs
    trained.to("cpu")
    torch.testing.assert_close(there.cpu(), wanted)
