"""The recipe: one list of settings, checked once, and the same from the command to the checkpoint."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
import torch

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
