"""A joined network is proved in all its parts; a change anywhere is refuted in the part where it is."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from logic import Convolution, Domain, NetworkError, SpikingNetwork, Synapses
from neurosym.joined.joined_proof import prove_joined
from neurosym.joined.joining import to_spiking_network
from neurosym.model import Model
from perception import SpikingClassifier, SpikingVision, settle_norms
from reasoner import Program

COIN, SUIT = Domain("coin", ("heads", "tails")), Domain("suit", ("clubs", "hearts", "spades"))
PROGRAM = Program.parse("p(X) :- coin(0, X), \\+ suit(0, clubs). p(Y) :- suit(0, clubs), coin(1, Y).", (COIN, SUIT))


def lively(domain: Domain, seed: int) -> SpikingClassifier:
    """A small classifier, all of whose neurons can fire."""
    found = SpikingClassifier(domain, seed, channels=(2, 2), hidden=5, size=13)
    with torch.no_grad():
        for name in ("convolution2", "hidden"):
            found.layers[name].get_parameter("weight").abs_().mul_(2)
    return found


@pytest.fixture(scope="module")
def model() -> Model:
    return Model({"coin": lively(COIN, 1), "suit": lively(SUIT, 2)}, PROGRAM, "p(X)")


@pytest.fixture(scope="module")
def network(model: Model) -> SpikingNetwork:
    return to_spiking_network(model)


def changed(network: SpikingNetwork, target: str, by: int = 3, at: int = 0) -> SpikingNetwork:
    """The network with one weight into a population changed."""
    place = next(n for n, p in enumerate(network.projections) if p.target == target)
    old: Any = network.projections[place]
    if isinstance(old, Convolution):
        kernel = old.kernel.copy()
        kernel.reshape(-1)[np.flatnonzero(kernel)[at]] += by
        new: Any = replace(old, kernel=kernel)
    else:
        weight = old.weight.copy()
        weight[at] += by
        new = Synapses(old.source, old.target, old.pre, old.post, weight, old.delay)
    return replace(network, projections=(*network.projections[:place], new, *network.projections[place + 1 :]))


def raised(network: SpikingNetwork, name: str, by: int = 1, at: int = 0) -> SpikingNetwork:
    """The network with one threshold changed."""
    parts = [*network.populations]
    place = next(n for n, p in enumerate(parts) if p.name == name)
    threshold = parts[place].threshold.copy()
    threshold[at] += by
    parts[place] = replace(parts[place], threshold=threshold)
    return replace(network, populations=tuple(parts))


def test_all_parts_are_proved_and_told(model: Model, network: SpikingNetwork) -> None:
    verdict = prove_joined(model, network)
    assert verdict.holds, str(verdict)
    assert len(verdict.parts) == 5
    assert "Proved for all pictures: each of" in verdict.sentence
    assert "in each of 2 slots exactly the value of 'coin' with most evidence wins" in verdict.sentence
    assert "for all 12 readings" in verdict.sentence
    assert verdict.sentence.endswith("Measured, not proved: that it reads what a picture shows")


@pytest.mark.parametrize(
    ("mutate", "part"),
    [
        ((changed, "coin_convolution1", 30, 0), "layers coin"),
        ((changed, "suit_convolution2", -20, 7), "layers suit"),
        ((changed, "suit_hidden", -50, 0), "layers suit"),
        ((raised, "coin_hidden", 20, 6), "layers coin"),
        ((changed, "coin_pairs", 30, 0), "races coin"),
        ((changed, "suit_pairs", -90, 1), "races suit"),
        ((raised, "suit_pairs", -40, 1), "races suit"),
        ((raised, "coin_won", 9, 2), "races coin"),
        ((changed, "coin_winners", -1, 3), "races coin"),
        ((raised, "suit_winners", -1, 2), "races suit"),
        ((changed, "layer_1", -1, 0), "rules"),
        ((raised, "layer_2", 1, 0), "rules"),
    ],
)
def test_a_change_is_refuted_where_it_is(
    model: Model, network: SpikingNetwork, mutate: tuple[Callable[..., SpikingNetwork], str, int, int], part: str
) -> None:
    change, name, by, at = mutate
    verdict = prove_joined(model, change(network, name, by, at))
    found = {f"layers {name}": one for name, one in verdict.layers.items()}
    found |= {f"races {name}": one for name, one in verdict.races.items()} | {"rules": verdict.rules}
    assert [name for name, one in found.items() if one.holds is False] == [part], str(verdict)
    assert verdict.holds is False
    assert verdict.counterexample
    assert verdict.sentence.startswith("Refuted: ")


def test_slots_that_hear_each_other_are_no_parts(model: Model, network: SpikingNetwork) -> None:
    place = next(n for n, p in enumerate(network.projections) if p.target == "coin_won")
    old: Any = network.projections[place]
    crossed = Synapses(old.source, old.target, old.pre[::-1], old.post, old.weight)
    parts = (*network.projections[:place], crossed, *network.projections[place + 1 :])
    with pytest.raises(NetworkError, match="hears another part"):
        prove_joined(model, replace(network, projections=parts))


def test_a_preset_is_proved(model: Model) -> None:
    options = {"size": 8, "steps": 2, "widths": (2, 3), "depths": (1, 1), "downsampling": "average"}
    vision = SpikingVision(SUIT, 1, model="tiny_ms_resnet", options=options)
    shown = torch.randint(0, 256, (8, 1, 1, 8, 8), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    settle_norms(vision, lambda: vision.logits(shown))
    single = Model(vision.eval(), Program.parse("p(X) :- suit(0, X), suit(1, X).", (SUIT,)), "p(clubs)")
    network = to_spiking_network(single)
    assert prove_joined(single, network).holds
    for target in (p.name for p in network.populations if p.retain):
        assert prove_joined(single, changed(network, target, 40)).holds is not True, target
