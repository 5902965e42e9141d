"""The recipe: one list of settings, checked once, and the same from the command to the checkpoint."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, cast, get_type_hints

import pytest
import torch
from torch import Tensor
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR, OneCycleLR, ReduceLROnPlateau
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from neurosym import DIGITS, Labelled, Savings, SpikingClassifier, fit
from neurosym.checkpoint import CheckpointError, read_checkpoint
from neurosym.training.errors import TrainingError
from neurosym.training.recipe import Changes, Recipe

PICTURES = torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))
LABELS = [0, 1, 2, 3, 4, 5]


def test_what_may_be_changed_are_the_settings() -> None:
    settings = {field.name for field in fields(Recipe)}
    of_recipe = {name: kind for name, kind in get_type_hints(Recipe).items() if name in settings}
    assert get_type_hints(Changes) == of_recipe


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"epochs": 0}, "epochs must be a whole number of at least 1, got 0"),
        ({"epochs": 1.5}, "epochs must be a whole number"),
        ({"batch": True}, "batch must be a whole number"),
        ({"patience": 0}, "patience must be a whole number of at least 1"),
        ({"seed": -1}, "seed must be a whole number of at least 0"),
        ({"optimizer": "adam"}, "choose adamw or sgd"),
        ({"learning_rate": 0}, "learning rate must be positive"),
        ({"learning_rate": "fast"}, "learning rate must be a number, got 'fast'"),
        ({"weight_decay": -1}, "must not be negative"),
        ({"average": 1}, r"in \[0, 1\)"),
        ({"learningrate": 1}, "did you mean learning_rate"),
        ({"zeal": 1}, "a recipe has epochs, batch"),
    ],
)
def test_a_setting_without_sense_is_one_sentence(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(TrainingError, match=text):
        Recipe().changed(**changes)


def test_json_says_a_recipe_whole() -> None:
    recipe = Recipe(epochs=3, patience=2, average=0.9, savings=Savings(parts=2, precision="bfloat16", pack=True))
    assert Recipe.from_json(json.loads(json.dumps(recipe.to_json()))) == recipe
    for wrong in ({}, {"savings": {"part": 2}}, {**recipe.to_json(), "zeal": 1}):
        with pytest.raises(TrainingError, match="these settings are no recipe"):
            Recipe.from_json(wrong)


def test_a_checkpoint_holds_the_recipe_and_names_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "state.safetensors"
    recipe = Recipe(epochs=1, batch=3, seed=7)
    network = SpikingClassifier(DIGITS, 0)
    fit(Labelled(network), PICTURES, LABELS, recipe, checkpoint=str(path))
    assert Recipe.from_json(read_checkpoint(path).settings["plan"]["recipe"]) == recipe
    with pytest.raises(CheckpointError, match=r"another training \(batch 3, not 2, parts 1, not 2\)"):
        fit(Labelled(network), PICTURES, LABELS, recipe, batch=2, savings=Savings(parts=2), checkpoint=str(path))


def test_a_recipe_and_its_settings_train_alike() -> None:
    losses = [
        fit(Labelled(SpikingClassifier(DIGITS, 0)), PICTURES, LABELS, *given, **changes).epochs[0].loss
        for given, changes in (
            ((Recipe(epochs=1, batch=3, seed=7),), {}),
            ((), {"epochs": 1, "batch": 3, "seed": 7}),
            ((Recipe(epochs=5, batch=3),), {"epochs": 1, "seed": 7}),
        )
    ]  # pyright: ignore[reportArgumentType] - settings by name
    assert losses[0] == losses[1] == losses[2]


class Arrays(Dataset[Any]):
    """Pictures as arrays, as other people's data sets give them."""

    def __len__(self) -> int:
        return len(PICTURES)

    def __getitem__(self, place: int) -> Any:
        return PICTURES[place].numpy(), torch.tensor(LABELS[place])


def weights_after(samples: Any, **changes: Any) -> Tensor:
    network = SpikingClassifier(DIGITS, 0, steps=2, channels=(2, 2), hidden=8)
    if "rate" in changes:
        changes["optimizer"] = torch.optim.SGD(network.parameters(), changes.pop("rate"))
        if "schedule" in changes:
            changes["scheduler"] = changes.pop("schedule")(changes["optimizer"])
    settings: dict[str, Any] = {"epochs": 2, "batch": 6, **changes}
    fit(Labelled(network), samples, **settings)
    return torch.nn.utils.parameters_to_vector(network.parameters()).detach()


def test_any_data_set_or_loader_of_torch_is_trained_on() -> None:
    pairs = TensorDataset(PICTURES, torch.tensor(LABELS))
    expected = weights_after(pairs)
    assert torch.equal(weights_after(Arrays()), expected)
    assert torch.equal(weights_after(Subset(pairs, range(6))), expected)
    assert torch.equal(weights_after([*zip(PICTURES, LABELS, strict=True)]), expected)
    torch.testing.assert_close(weights_after(DataLoader(Arrays(), 6, num_workers=1)), expected)  # in another order


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        ([{"image": PICTURES[0]}], "a Labelled is trained on pictures and answers, and sample 0 is a dict"),
        ([("picture.png", 0)], "the picture of sample 0 is a str; let the data set make tensors"),
        ([(PICTURES[0], 0), (PICTURES[1, :, :9], 1)], "pictures of one size are needed"),
        ([(PICTURES[0], 0.5)], "0.5 is no class number"),
    ],
)
def test_samples_that_are_no_pairs_are_one_sentence(samples: Any, text: str) -> None:
    with pytest.raises(TrainingError, match=text):
        weights_after(samples)


def test_an_optimizer_of_ones_own_does_what_it_does() -> None:
    pairs = TensorDataset(PICTURES, torch.tensor(LABELS))
    network = SpikingClassifier(DIGITS, 0, steps=2, channels=(2, 2), hidden=8)
    optimizer = torch.optim.SGD(network.parameters(), 0.5)
    for _ in range(2):
        optimizer.zero_grad()
        (-Labelled(network).log_probability(PICTURES, LABELS).mean()).backward()
        optimizer.step()
    by_hand = torch.nn.utils.parameters_to_vector(network.parameters()).detach()
    torch.testing.assert_close(weights_after(pairs, rate=0.5), by_hand)

    def once(optimizer: torch.optim.Optimizer) -> LambdaLR:
        return LambdaLR(optimizer, lambda epoch: float(not epoch))

    def by_step(optimizer: torch.optim.Optimizer) -> OneCycleLR:
        return OneCycleLR(optimizer, 0.1, total_steps=2)

    first = weights_after(pairs, rate=0.5, epochs=1)
    torch.testing.assert_close(weights_after(pairs, rate=0.5, schedule=once), first)  # the second epoch's rate is zero
    weights_after(pairs, rate=0.5, schedule=by_step)
    weights_after(pairs, rate=0.5, schedule=ReduceLROnPlateau)


def test_a_schedule_goes_on_where_it_was(tmp_path: Path) -> None:
    def schedule(optimizer: Any) -> Any:
        return CosineAnnealingLR(optimizer, 4)

    options: dict[str, Any] = {"rate": 0.5, "schedule": schedule}
    whole = weights_after(Arrays(), **options, epochs=4)
    weights_after(Arrays(), **options, epochs=2, checkpoint=tmp_path / "half.safetensors")
    assert torch.equal(weights_after(Arrays(), **options, epochs=4, checkpoint=tmp_path / "half.safetensors"), whole)


def test_optimizers_that_do_not_fit_are_one_sentence() -> None:
    network, other = SpikingClassifier(DIGITS, 0), torch.nn.Linear(2, 2)
    alien, own = torch.optim.Adam(other.parameters()), torch.optim.Adam(network.parameters())
    for changes, text in (
        ({"optimizer": alien}, "2 of the optimizer's 2 parameters are none of the network's"),
        ({"optimizer": own, "learning_rate": 0.1}, "has its learning rate and weight decay; tell it there"),
        ({"scheduler": LambdaLR(own, float)}, "belongs to an optimizer; give that too"),
        ({"optimizer": own, "scheduler": LambdaLR(alien, float)}, "the scheduler is of another optimizer"),
        ({"optimizer": torch.optim.LBFGS(network.parameters())}, "LBFGS looks at the loss several times"),
    ):
        with pytest.raises(TrainingError, match=text):
            fit(Labelled(network), PICTURES, LABELS, **cast(Any, changes))
