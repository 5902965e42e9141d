"""Models, joined networks and explanations agree with each other."""

from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from logic import Domain, NetworkError, Symbols, simulate_reference
from neurosym.checkpoint import CheckpointError
from neurosym.explanation import explain
from neurosym.joined.joining import read_answers, rule_network, run_joined, to_spiking_network
from neurosym.likelihood import ImpossibleAnswer
from neurosym.model import Model
from neurosym.saving import load_model, save_model
from perception import AnalogTwin, PictureError, SpikingClassifier, SpikingVision, quantise, settle_norms
from reasoner import DIGITS, Program, QueryError, ground, infer
from reasoner.prolog.terms import Value
from reasoner.prolog.text import quote_atom

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
    with pytest.raises(ImpossibleAnswer, match="never has the answer 19"):
        model.log_probability(pictures[:1], [19])
    with pytest.raises(QueryError, match="slots"):
        model(pictures[:, :1])
    with pytest.raises(PictureError):
        model(pictures[:, 0])


def test_the_joined_network_adds_what_its_races_say(model: Model, pictures: Tensor) -> None:
    sums = run_joined(model, to_spiking_network(model), pictures)
    single = Model(model.perception, Program.parse("first(X) :- digit(0, X)."), "first(X)")
    races = to_spiking_network(single)
    first, second = (run_joined(single, races, pictures[:, slot : slot + 1]) for slot in (0, 1))
    assert sums == [x + y for x, y in zip(first, second, strict=True)]  # pyright: ignore
    assert len(set(sums)) > 1


def test_unclear_bits_are_no_answer(model: Model) -> None:
    network = rule_network(model)
    fired = torch.zeros(3, 10, dtype=torch.bool)
    fired[:, ::2] = True  # the rails for 0 of all five bits
    fired[1, 1] = True  # both rails
    fired[2, 0] = False  # silence
    assert read_answers(network, fired) == [0, None, None]


def test_only_spiking_models_join() -> None:
    twin = Model(AnalogTwin(DIGITS, torch.Generator()), RULE, "sum(S)")
    with pytest.raises(NetworkError, match="the perception 'digit' cannot be joined: a AnalogTwin has no integer form"):
        to_spiking_network(twin)


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


COIN, SUIT = Domain("coin", ("heads", "tails")), Domain("suit", ("clubs", "hearts", "spades"))
PROGRAMS = {
    "an atom": ("wins(W) :- coin(0, W).", "wins(W)"),
    "a number of one bit": ("w(1) :- coin(0, heads). w(0) :- coin(0, tails).", "w(W)"),
    "two domains": ("p(C, S) :- coin(1, C), suit(0, S).", "p(C, S)"),
    "a list": ("l([X, Y]) :- coin(0, X), suit(0, Y). ", "l(L)"),
    "a sorted list": ("l(L) :- suit(0, X), suit(1, Y), suit(2, Z), msort([X, Y, Z], L).", "l(L)"),
    "a truth": ("same :- suit(0, X), suit(1, X).", "same"),
    "negative numbers": ("n(-1) :- suit(0, clubs). n(2) :- \\+ suit(0, clubs).", "n(N)"),
    "a compound": ("f(g(X, S)) :- coin(0, X), suit(0, S).", "f(F)"),
    "slots far apart": ("f(X, S) :- coin(3, X), suit(5, S).", "f(X, S)"),
    "a choice by negation": ("c(yes) :- coin(0, X), coin(1, X), \\+ suit(0, clubs). c(no) :- \\+ c(yes).", "c(C)"),
    "an atom and a string of one text": ('v(a) :- suit(0, clubs). v("a") :- suit(0, X), X \\= clubs.', "v(V)"),
    "a count": ("n(N) :- findall(I, (between(0, 2, I), suit(I, hearts)), L), length(L, N).", "n(N)"),
}


def small(domain: Domain, seed: int, steps: int = 4, size: int = 28) -> SpikingClassifier:
    generator = torch.Generator().manual_seed(seed)
    return SpikingClassifier(domain, generator, channels=(3, 4), hidden=8, steps=steps, size=size)


@pytest.mark.parametrize("text", PROGRAMS.values(), ids=PROGRAMS)
def test_the_answer_of_every_reading_is_the_reasoners(text: tuple[str, str]) -> None:
    program, query = Program.parse(text[0], (COIN, SUIT)), text[1]
    seen = {slot.domain.name for slot in ground(program, query).slots}
    model = Model(
        {name: small(one, 0) for name, one in (("coin", COIN), ("suit", SUIT)) if name in seen}, program, query
    )
    network = rule_network(model)
    slots = ground(program, query).slots
    for reading in product(*(slot.domain.values for slot in slots)):
        wave = np.zeros((1, len(network.input_lines)), dtype=bool)
        beliefs: dict[str, Tensor] = {}
        for (domain, number), value in zip(slots, reading, strict=True):
            wave[0, network.input_names.index(f"{domain.name}({number})={value}")] = True
            belief = beliefs.setdefault(domain.name, torch.eye(len(domain))[torch.zeros(1, 6, dtype=torch.int64)].log())
            belief[0, number] = torch.eye(len(domain))[domain.index(value)].log()
        fired = simulate_reference(network, wave, network.latency + 1)[network.latency]
        symbols = [Symbols(one, beliefs[one.name]) for one in (COIN, SUIT) if one.name in beliefs]
        answers = infer(program, query, symbols)
        expected = answers.most_likely()[0] if answers.values[0] != () else bool(answers.log_probs.exp() > 0.5)
        assert read_answers(network, torch.tensor(fired[None, -network.populations[-1].size :])) == [expected]


def test_perceptions_of_different_sizes_announce_at_one_step(pictures: Tensor) -> None:
    program = Program.parse("p(C, S, T) :- coin(0, C), suit(0, S), suit(1, T).", (COIN, SUIT))
    coin, suit = small(COIN, 1), small(SUIT, 2, steps=7)
    model = Model({"suit": suit, "coin": coin}, program, "p(C, S, T)")
    shown = {"suit": pictures, "coin": pictures[:, :1].flip(0)}
    network = to_spiking_network(model)
    assert network.input_shape == (3, 28, 28)
    assert set(network.latencies.tolist()) == {network.latency}
    heads = Model(coin, Program.parse("c(C) :- coin(0, C).", (COIN,)), "c(C)")
    suits = Model(suit, Program.parse("s(S, T) :- suit(0, S), suit(1, T).", (SUIT,)), "s(S, T)")
    alone = zip(
        run_joined(heads, to_spiking_network(heads), shown["coin"]),
        run_joined(suits, to_spiking_network(suits), shown["suit"]),
        strict=True,
    )
    found = run_joined(model, network, shown)
    assert found == [(head, *both) for head, both in alone]  # pyright: ignore
    assert len(set(found)) > 2


def test_joined_answers_are_those_of_the_models_most_likely_values(pictures: Tensor) -> None:
    program = Program.parse("l(L) :- suit(0, X), suit(1, Y), msort([X, Y], L).", (SUIT,))
    model = Model(small(SUIT, 6), program, "l(L)")
    seen = model.perception(pictures).symbols.most_likely().tolist()
    expected = [tuple(sorted(SUIT.values[value] for value in both)) for both in seen]  # pyright: ignore
    found = run_joined(model, to_spiking_network(model), pictures)
    assert sum(a == b for a, b in zip(found, expected, strict=True)) >= 10  # rounding may flip a close call


def test_readings_without_a_single_answer_are_refused_unless_asked_for() -> None:
    program = Program.parse("p(X) :- coin(0, X). p(heads) :- coin(1, heads). q(X) :- coin(0, X), X = heads.", (COIN,))
    many, none = (Model(small(COIN, 0), program, query) for query in ("p(X)", "q(X)"))
    with pytest.raises(
        QueryError, match=r"'p\(heads\)' holds together with 'p\(tails\)' when coin\(0\)=tails and coin"
    ):
        rule_network(many)
    with pytest.raises(QueryError, match=r"no answer when coin\(0\)=tails"):
        rule_network(none)
    network = rule_network(many, several=True)
    assert network.output_names == ('answers: "heads"', 'answers: "tails"')
    assert read_answers(network, torch.tensor([[True, True], [False, False]])) == [("heads", "tails"), ()]


def test_chances_and_answers_of_nothing_seen_are_refused() -> None:
    chance = Model(small(COIN, 0), Program.parse("0.5::h. p(X) :- coin(0, X), h. p(tails) :- \\+ h.", (COIN,)), "p(X)")
    with pytest.raises(QueryError, match="a chance that the program states"):
        rule_network(chance)
    with pytest.raises(QueryError, match="depends on nothing that is seen"):
        rule_network(Model(small(COIN, 0), Program.parse("p(1). q :- coin(0, _).", (COIN,)), "p(X)"))


@given(st.data())
@settings(max_examples=25)
def test_random_tables_of_any_values_are_read_back(data: st.DataObject) -> None:
    """A program that is nothing but a table; the table itself is the oracle."""
    domains = [data.draw(st.sampled_from([COIN, SUIT])) for _ in range(data.draw(st.integers(1, 3)))]
    values = [0, 3, 17, -4, "x", "it's", "Upper", (), (1, 2), ("a", (3,)), "1"]
    kinds = data.draw(st.sampled_from([values, [0, 1, 6]]))
    table = {reading: data.draw(st.sampled_from(kinds)) for reading in product(*(one.values for one in domains))}
    rows = "".join(f"t({', '.join(map(str, reading))}, {written(value)}). " for reading, value in table.items())
    names = [f"V{slot}" for slot in range(len(domains))]
    goals = ", ".join(
        f"{one.name}({slot}, {name})" for slot, (one, name) in enumerate(zip(domains, names, strict=True))
    )
    program = Program.parse(f"{rows} p(A) :- {goals}, t({', '.join(names)}, A).", (COIN, SUIT))
    model = Model({one.name: small(one, 0) for one in domains}, program, "p(A)")
    network = rule_network(model)
    for reading, value in table.items():
        wave = [[f"{one.name}({slot})={v}" for slot, (one, v) in enumerate(zip(domains, reading, strict=True))]]
        fired = np.isin(network.input_names, wave)[None]
        answer = simulate_reference(network, fired, network.latency + 1)[network.latency]
        assert read_answers(network, torch.tensor(answer[None, -network.populations[-1].size :])) == [value]


def written(value: Value) -> str:
    """A value as Prolog reads it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    return quote_atom(value) if isinstance(value, str) else str(value)


@pytest.mark.parametrize("preset", ["tiny_ms_resnet", "tiny_sew_resnet"])
def test_presets_join_and_answer_as_their_quantised_networks_do(preset: str) -> None:
    options = {"size": 16, "steps": 2, "widths": (6, 8), "depths": (1, 1)}
    vision = SpikingVision(SUIT, 1, model=preset, options=options)
    generator = torch.Generator().manual_seed(1)
    shown = torch.rand(20, 2, 1, 4, 4, generator=generator).repeat_interleave(4, 3).repeat_interleave(4, 4)
    shown = (255 * shown).to(torch.uint8)
    settle_norms(vision, lambda: vision.logits(shown))
    program = Program.parse("p(S, T, C) :- suit(0, S), suit(2, T), coin(0, C).", (SUIT, COIN))
    model = Model({"suit": quantise(vision.eval()), "coin": small(COIN, 1, size=16)}, program, "p(S, T, C)")
    inputs = {"suit": torch.cat([shown, shown[:, :1].flip(0)], dim=1), "coin": shown[:, :1]}
    network = to_spiking_network(model)
    found = run_joined(model, network, inputs)
    evidence = model.perceptions["suit"].look(inputs["suit"][:, [0, 2]]).evidence.reshape(20, 2, 3)  # pyright: ignore
    seen = [[SUIT.values[value] for value in row] for row in evidence.argmax(dim=2).tolist()]
    assert [said[:2] for said in found] == [tuple(row) for row in seen]  # pyright: ignore
    assert len(set(found)) > 3


def test_a_layer_without_integer_form_is_named() -> None:
    vision = SpikingVision(SUIT, 0, model="tiny_resnet", options={"size": 16, "steps": 2})
    model = Model(vision, Program.parse("p(S) :- suit(0, S).", (SUIT,)), "p(S)")
    with pytest.raises(NetworkError, match=r"the perception 'suit' cannot be joined: .*pool"):
        to_spiking_network(model)
