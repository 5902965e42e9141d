"""Showcases are learned by one command; what the rules of kinship say is what people say."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import nn
from typer.testing import CliRunner

import tasks.chain.__main__ as task
from logic import Domain, simulate_reference
from neurosym import Model, Neural, Program, Sample, collate
from tasks.chain.joined_network import run_flat
from tasks.chain.kinship import RULES, Story
from tasks.chain.showcase import Learned, Showcase, judged, right_answers
from tests.networks import random_network

PROGRAM = Program.read(RULES)
RELATIONS = PROGRAM.domain("relation").values
SURE = Model(
    {"relation": Neural(nn.Identity(), Domain("relation", RELATIONS))}, PROGRAM, embeddings={"sentence": nn.Identity()}
)
DOWN = {"child": "parent", "grandchild": "grandparent", "nephew": "uncle", "child_in_law": "parent_in_law"}
INVERSE = DOWN | {other: one for one, other in DOWN.items()}


def answer(chain: Sequence[str], gender: str, back: Sequence[int] = ()) -> object:
    """What the rules say of a chain of relations that are read for sure; some are told from the other end."""
    facts = [f"told(s{n}, {n + 1}, {n})." if n in back else f"told(s{n}, {n}, {n + 1})." for n in range(len(chain))]
    told = [INVERSE.get(one, one) if n in back else one for n, one in enumerate(chain)]
    inputs = {f"s{n}": 50.0 * torch.eye(len(RELATIONS))[RELATIONS.index(one)] for n, one in enumerate(told)}
    facts.append(f"gender({len(chain)}, {gender}).")
    return SURE.most_likely(collate([Sample(inputs, f"kin(0, {len(chain)}, Word)", facts=" ".join(facts))]))[0]


@pytest.mark.parametrize(
    ("chain", "gender", "word"),
    [
        (["child", "child"], "male", "grandson"),
        (["parent", "sibling"], "female", "aunt"),
        (["sibling", "child"], "female", "niece"),
        (["parent", "parent"], "male", "grandfather"),
        (["child", "sibling"], "male", "son"),
        (["child", "uncle"], "female", "sister"),  # a child's aunt
        (["child", "grandparent"], "male", "father"),
        (["child", "parent"], "female", "wife"),
        (["so", "child"], "male", "son"),
        (["so", "parent"], "female", "mother_in_law"),
        (["so", "sibling"], "male", "brother_in_law"),
        (["sibling", "so"], "female", "sister_in_law"),
        (["child", "so"], "male", "son_in_law"),
        (["parent", "so"], "female", "mother"),
        (["child_in_law", "child"], "male", "grandson"),
        (["parent", "child", "child"], "male", "nephew"),
        (["sibling", "sibling", "parent", "sibling"], "female", "aunt"),
        (["so", "child", "sibling", "so"], "male", "son_in_law"),
        (["parent", "sibling", "so"], "male", "uncle"),
    ],
)
def test_kinship_is_what_people_say(chain: list[str], gender: str, word: str) -> None:
    assert answer(chain, gender) == word
    assert answer(chain, gender, back=range(len(chain))) == word


def test_stories_that_are_alike_ask_the_same() -> None:
    one = Story((("is the son of", 1, 0), ("has a sister", 1, 2)), (0, 2), "female", "daughter")
    assert one.facts == "told(s0, 1, 0). told(s1, 1, 2). gender(2, female)."
    assert one.sample({"son": 1}).query == "kin(0, 2, Word)"


def test_right_answers_are_counted() -> None:
    model = Model(
        Neural(nn.Identity(), 2), Program.parse("pair(A, B) :- class(0, A), class(1, B).", (Domain("class", [0, 1]),))
    )
    seen = torch.tensor([[[2.0, 0.0], [0.0, 2.0]]]).expand(3, 2, 2)
    tests = [Sample(one, "pair(A, B)", label) for one, label in zip(seen, [[0, 1], (0, 1), [1, 1]], strict=True)]
    assert right_answers(model, tests) == 2
    outcome = judged(Showcase("", lambda seed, share: Learned(model, tests, parts={"all": tests})), 0)
    assert str(outcome).startswith("66.67% [20.77%, 93.85%], all 66.7%")


@pytest.mark.parametrize("name", ["arithmetic", "comparison", "sorting", "tic_tac_toe"])
def test_a_showcase_is_learned_by_one_command(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROSYM_DATA", raising=False)  # the embedded digits
    outcome = CliRunner().invoke(task.app, [name, "--seeds", "1", "--share", "0.004"])
    assert outcome.exit_code == 0, outcome.output
    assert "all 1 seeds" in outcome.output
    assert "PROVED: Proved for all pictures" in outcome.output
    assert " answer spikes, 0 different" in outcome.output.replace("\n", " ")


def test_there_are_no_other_showcases() -> None:
    outcome = CliRunner().invoke(task.app, ["chess"])
    assert outcome.exit_code == 2


def test_single_synapses_follow_the_written_semantics() -> None:
    generator = np.random.default_rng(3)
    for number in range(12):
        network = random_network(generator, balanced=False, retain=bool(number % 2))
        spikes = generator.random((6, 4, network.input_shape[0])) < 0.5
        found = run_flat(network.flatten(), torch.from_numpy(spikes), 9)
        for sample in range(4):
            assert np.array_equal(found[:, sample].numpy(), simulate_reference(network, spikes[:, sample], 9))
