"""Models, joined networks and explanations agree with each other."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from logic import Domain, NetworkError
from neurosym.checkpoint import CheckpointError
from neurosym.explanation import explain
from neurosym.joining import read_bits, rule_network, run_joined, to_spiking_network
from neurosym.model import Model
from neurosym.saving import load_model, save_model
from perception import AnalogTwin, PictureError, SpikingClassifier
from reasoner import DIGITS, Program, QueryError

RULE = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(
        SpikingClassifier(DIGITS, torch.Generator().manual_seed(3), channels=(4, 6), hidden=16), RULE, "sum(S)"
    )


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return torch.randint(0, 256, (12, 2, 1, 28, 28), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)


def test_log_probability_is_the_sum_over_all_readings(model: Model, pictures: Tensor) -> None:
    belief = model.perception(pictures).symbols.log_probs.exp()
    for answer in (0, 7, 18):
        pairs = [(x, answer - x) for x in range(10) if 0 <= answer - x <= 9]
        expected = sum((belief[:, 0, x] * belief[:, 1, y] for x, y in pairs), torch.zeros(12))
        found = model.log_probability(pictures, [answer] * 12).exp()
        assert torch.allclose(found, expected, atol=1e-6)


def test_impossible_answers_and_missing_pictures_are_refused(model: Model, pictures: Tensor) -> None:
    with pytest.raises(QueryError, match="never has the answer 19"):
        model.log_probability(pictures[:1], [19])
    with pytest.raises(QueryError, match="slots"):
        model(pictures[:, :1])
    with pytest.raises(PictureError):
        model(pictures[:, 0])


def test_the_joined_network_adds_what_its_races_say(model: Model, pictures: Tensor) -> None:
    network = to_spiking_network(model, pictures.flatten(0, 1))
    sums = run_joined(network, pictures, steps=4)
    races = to_spiking_network(
        Model(model.perception, Program.parse("first(X) :- digit(0, X)."), "first(X)"), pictures.flatten(0, 1)
    )
    first = run_joined(races, pictures[:, :1], steps=4)
    second = run_joined(races, pictures[:, 1:], steps=4)
    assert torch.equal(sums, first + second)
    assert (sums >= 0).all()
    assert len(sums.unique()) > 1


def test_unclear_bits_are_no_answer(model: Model) -> None:
    network = rule_network(model)
    fired = torch.zeros(3, 10, dtype=torch.bool)
    fired[:, ::2] = True  # the rails for 0 of all five bits
    fired[1, 1] = True  # both rails
    fired[2, 0] = False  # silence
    assert read_bits(network, fired).tolist() == [0, -1, -1]


def test_only_spiking_models_join(pictures: Tensor) -> None:
    twin = Model(AnalogTwin(DIGITS, torch.Generator()), RULE, "sum(S)")
    with pytest.raises(NetworkError, match="spiking classifier"):
        to_spiking_network(twin, pictures[:, 0])


def test_a_saved_model_answers_the_same(model: Model, pictures: Tensor, tmp_path: Path) -> None:
    save_model(model, tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    assert torch.equal(loaded(pictures).log_probs, model(pictures).log_probs)
    (tmp_path / "model.safetensors").write_bytes(b"no model")
    with pytest.raises(CheckpointError, match="damaged"):
        load_model(tmp_path / "model.safetensors")


def test_explanations_say_what_was_seen_and_why(model: Model, pictures: Tensor) -> None:
    found = explain(model, pictures[0])
    percept = model.perception(pictures[:1])
    for sight in found.sights:
        assert sum(sight.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert sight.value == int(percept.symbols.most_likely()[0, sight.slot])
        assert sight.spikes["hidden"] == int(percept.spikes["hidden"][:, sight.slot].sum())
    best, second = found.answers
    probabilities = model(pictures[:1]).log_probs[0].detach().exp()
    assert best.probability == pytest.approx(float(probabilities.max()), abs=1e-6)
    assert best.probability >= second.probability
    facts = [int(step.text[-2]) for step in best.proof.steps if step.kind == "fact"]
    assert best.atom == f"sum({sum(facts)})"
    assert best.atom in found.to_text()
    assert found.to_json()["query"] == "sum(S)"


def test_other_domains_and_rules_work(pictures: Tensor) -> None:
    coin = Domain("coin", ("heads", "tails"))
    program = Program.parse("wins(1) :- coin(0, heads). wins(0) :- coin(0, tails).", (coin,))
    model = Model(
        SpikingClassifier(coin, torch.Generator().manual_seed(0), channels=(4, 6), hidden=8), program, "wins(W)"
    )
    network = to_spiking_network(model, pictures[:, 0])
    seen = model.perception(pictures[:, :1]).symbols.most_likely()[:, 0]
    found = run_joined(network, pictures[:, :1], steps=4)
    assert ((found == 1) == (seen == 0)).double().mean() >= 0.75  # rounding may flip a close call
