"""The commands train, models and profile: what they write, what they say, and how they refuse."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from logic import Domain
from neurosym.checkpoint import load_perception, save_perception
from neurosym.commands import cli as cli
from neurosym.commands.vision import (
    RECIPE,
    Settings,
    count_right,
    make_vision,
    train_on_labels,
)
from neurosym.interval import wilson
from neurosym.profiling import profile, profile_model, reached
from perception import LeakyIntegrateAndFire, SpikingClassifier, load_dataset, measure_activity
from perception.architectures import Readout


def command(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_training_writes_a_network_its_course_and_its_result(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    quick = "--quick", "--epochs", "2", "--steps", "2"
    code, out, err = command("train", "digits", "--output", str(file), "--json", *quick)
    assert code == 0
    assert "Note: a quick run, 2 epochs on at most 256 pictures" in err
    told = json.loads(out)
    vision, notes = load_perception(file)
    test = load_dataset("digits", split="test")
    chosen = torch.randperm(360, generator=torch.Generator().manual_seed(0))[:256]
    assert count_right(vision, test.pictures[chosen], test.labels[chosen]) == told["test_correct"]  # pyright: ignore[reportArgumentType]
    assert notes["dataset"] == "digits"
    folder = tmp_path / "net-training"
    result = json.loads((folder / "result.json").read_text())
    assert result["settings"]["steps"] == 2
    assert result["test_accuracy"] == told["test_accuracy"] == told["test_correct"] / told["test_count"]
    assert len((folder / "training.csv").read_text().splitlines()) == 1 + told["epochs"]
    assert (folder / "curves.svg").read_text().startswith("<?xml")
    assert json.loads((folder / "settings.json").read_text()) == result["settings"]
    page = (folder / "report.html").read_text()
    assert f"{told['test_correct']} of {told['test_count']} test pictures right" in page
    assert page.count('<svg role="img"') == 6  # curves, confusion, prediction, raster, membranes, rates
    code, _, err = command("train", "digits", "--output", str(file), *quick)
    assert (code, "holds a training already" in err) == (2, True)
    code, out, _ = command("train", "digits", "--output", str(file), "--json", *quick, "--resume")
    assert json.loads(out) == told
    code, _, err = command("train", "digits", "--output", str(file), *quick, "--seed", "1", "--resume")
    assert (code, "belongs to another training" in err) == (2, True)


def test_a_trained_network_is_profiled(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    train_on_labels(Settings("digits", recipe=RECIPE.changed(epochs=1), steps=2).quickly(), file)
    code, out, _ = command("profile", str(file), "--json")
    told = json.loads(out)
    assert code == 0
    assert told["steps"] == 2
    assert told["parameters"] == sum(p.numel() for p in load_perception(file)[0].parameters())
    assert 0 < told["mean_rate"] < 1
    assert told["spiking_microjoules"] == pytest.approx(0.9e-6 * told["additions"] + 4.6e-6 * told["multiplications"])


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("train", "digts"), "there is no data set 'digts'"),
        (("train", "digits", "--model", "tiny"), "unknown model 'tiny'"),
        (("train", "digits", "--quick", "--objective", "best"), "choose mean or tet"),
        (("train", "digits", "--quick", "--precision", "float8"), "choose float32, bfloat16 or auto"),
        (("train", "digits", "--quick", "--learning-rate", "-1"), "learning rate must be positive"),
        (("train", "digits", "--quick", "--steps", "2", "--steps-back", "3"), "3 of 2 steps"),
        (("train", "digits", "--model", "tiny_statten", "--steps", "3", "--quick"), "chunk"),
        (("train", "digits", "--quick", "--optimizer", "adam"), "choose adamw or sgd"),
        (("train", "digits", "--quick", "--device", "gpu"), "there is no device 'gpu' here"),
        (("train", "digits", "--quick", "--device", "cuda:77"), "there is no device 'cuda:77' here"),
        (("train", "mnist", "--data", "/nowhere"), "there is no folder"),
        (("profile", "nothing"), "neither a preset nor a file"),
        (("profile", __file__), "no checkpoint of neurosym"),
    ],
)
def test_whatever_is_wrong_is_one_line(words: tuple[str, ...], text: str, tmp_path: Path) -> None:
    place = ("--output", str(tmp_path / "net.safetensors")) if words[0] == "train" else ()
    code, out, err = command(*words, *place)
    assert (code, out) == (2, "")
    assert err.startswith("Error: ")
    assert text in err
    assert err.count("\n") == 1


def test_models_are_listed() -> None:
    code, out, _ = command("models")
    assert code == 0
    assert "tiny_resnet" in out.splitlines()
    code, table, _ = command("models", "--json")
    rows = {row["name"]: row for row in json.loads(table) if row["kind"] == "preset"}
    assert list(rows) == out.split()
    assert rows["tiny_resnet"]["binary"] is True
    assert (rows["tiny_resnet"]["nir"], rows["tiny_ms_resnet"]["nir"]) == (False, True)
    assert rows["sew_resnet34"]["parameters"] == pytest.approx(21.8e6, rel=0.01)


def test_the_same_seed_trains_the_same_network(tmp_path: Path) -> None:
    settings = Settings("digits", recipe=RECIPE.changed(epochs=1), steps=2).quickly()
    outcomes = [train_on_labels(settings, tmp_path / f"{n}.safetensors") for n in range(2)]
    assert outcomes[0].history.epochs[0].loss == outcomes[1].history.epochs[0].loss
    assert outcomes[0].correct == outcomes[1].correct


def test_operations_are_counted_synapse_by_synapse() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = nn.Conv2d(2, 3, 3, stride=2, padding=1, bias=False)
    signal = (torch.rand(1, 2, 5, 5, generator=generator) < 0.4).float()
    expected = 0
    for c, y, x in signal[0].nonzero().tolist():
        alone = torch.zeros_like(signal)
        alone[0, c, y, x] = 1
        with torch.no_grad():
            nn.init.constant_(layer.weight, 1)
            expected += int((layer(alone) != 0).sum())
    assert reached(layer, signal) == expected > 50
    assert reached(nn.Linear(4, 7), torch.tensor([[1.0, 0, 2, 0]])) == 21


class Tiny(nn.Module):
    """One convolution, neurons and a readout, with numbers that can be checked by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 1, 1, bias=False)
        self.fire = LeakyIntegrateAndFire(beta=0.5)
        self.readout = Readout(1, 3)
        nn.init.constant_(self.convolution.weight, 1.0)

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Logits ``[2, B, 3]``."""
        return self.readout(self.fire(self.convolution(pictures).expand(2, *pictures.shape)))


def test_a_profile_by_hand() -> None:
    pictures = torch.tensor([[1.0, 0.7], [0.25, 0.0]]).reshape(1, 1, 2, 2)

    class Vision(nn.Module):
        domain = Domain("kind", range(3))

        def __init__(self) -> None:
            super().__init__()
            self.network = Tiny()

        def logits(self, given: torch.Tensor) -> torch.Tensor:
            return self.network(given.flatten(0, 1))

    found: Any = profile(Vision(), pictures)  # pyright: ignore[reportArgumentType]
    first, last = found.layers
    assert (first.synapses, first.additions, first.multiplications) == (4, 0, 4)
    # Brightness 1 fires at both steps, 0.7 at the second (0.35 + 0.7), the others never: 3 spikes to 3 classes.
    assert (last.synapses, last.additions, last.multiplications) == (3, 9, 0)
    assert found.rates == {"fire": 3 / 8}
    assert found.parameters == 1 + 6
    assert found.steps == 2
    assert found.spiking_joules == pytest.approx(9 * 0.9e-12 + 4 * 4.6e-12)
    assert found.analog_joules == pytest.approx(7 * 4.6e-12)
    assert found.kept_bytes > 0


def test_a_still_picture_is_multiplied_and_attention_is_counted() -> None:
    """Also a picture of black and white, whose brightness happens to be whole numbers."""
    dataset = load_dataset("digits")
    vision = make_vision("tiny_sdt", dataset, 2, 0)
    white = torch.ones(2, 1, 8, 8)
    layers = {layer.name: layer for layer in profile(vision, white).layers}
    first = layers["first.convolution"]
    assert (first.additions, first.multiplications) == (0, first.synapses)
    frames = {layer.name: layer for layer in profile(vision, white[:, None].expand(2, 2, 1, 8, 8)).layers}
    assert frames["first.convolution"].multiplications == 0  # frames of events are spikes
    products = [layer for name, layer in layers.items() if name.endswith(".products")]
    assert [layer.synapses for layer in products] == [2 * 2 * 2 * 64] * 2  # 2 x 2 tokens of 64 channels


def test_profiles_of_presets_are_alive() -> None:
    found = profile_model("tiny_transformer", steps=2, samples=4)
    assert len(found.rates) > 5
    assert sum(rate > 0.01 for rate in found.rates.values()) > len(found.rates) / 2


def test_wilsons_interval() -> None:
    low, high = wilson(81, 263)  # Newcombe, Statistics in Medicine 1998: 0.2553 to 0.3662
    assert (low, high) == (pytest.approx(0.2553, abs=1e-4), pytest.approx(0.3662, abs=1e-4))
    assert wilson(10, 10)[1] == 1
    assert wilson(0, 10)[0] == 0


def test_a_classifier_costs_what_its_activity_says(tmp_path: Path) -> None:
    """Counted by hooks on the layers here, from the spikes of the percept there."""
    file = tmp_path / "net.safetensors"
    classifier = SpikingClassifier(Domain("digit", range(10)), torch.Generator().manual_seed(0))
    pictures = torch.rand(8, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    activity = measure_activity(classifier, classifier(pictures[:, None]))
    found = profile(classifier, pictures)
    assert found.additions == pytest.approx(activity.synaptic_operations)
    assert (found.multiplications, found.steps) == (0, 4)
    assert found.rates["hidden"] == pytest.approx({layer.name: layer.rate for layer in activity.layers}["hidden"])
    assert found.analog_joules == pytest.approx(activity.analog_joules)
    save_perception(classifier, file)
    assert profile_model(str(file)).parameters == found.parameters


def test_pictures_decide_the_shape() -> None:
    vision = make_vision("tiny_resnet", load_dataset("digits"), 3, 0)
    assert (vision.preset.channels, vision.preset.size, vision.steps) == (1, 8, 3)


@pytest.mark.parametrize(("count", "epochs"), [(60_000, 10), (5_000, 16), (108, 300), (1, 300)])
def test_a_small_data_set_is_looked_at_more_often(count: int, epochs: int) -> None:
    settings = Settings("digits", least_steps=1200)
    assert settings.recipe_for(count).epochs == epochs
    assert settings.quickly().recipe_for(count).epochs == 8
    small = replace(settings, small_batches=True).recipe_for(count)
    assert small.batch == {60_000: 64, 5_000: 64, 108: 16, 1: 16}[count]


def test_more_epochs_go_on_from_where_a_training_ended(tmp_path: Path) -> None:
    file = str(tmp_path / "net.safetensors")
    short = "train", "digits", "--quick", "--steps", "1", "--json", "--output", file
    assert command(*short, "--epochs", "1")[0] == 0
    code, out, _ = command(*short, "--epochs", "2", "--resume")
    assert (code, json.loads(out)["epochs"]) == (0, 2)
    code, _, err = command(*short, "--epochs", "1", "--resume")
    assert (code, "epochs 2, not 1" in err) == (2, True)


def test_few_samples_are_learned_better_than_by_the_nearest_neighbour(tmp_path: Path) -> None:
    """Strokes that lean to the left or to the right, anywhere in the picture; a mirror would make one of the other."""
    random = np.random.default_rng(0)
    for number in range(80):
        pixels = np.full((12, 12), 220) + random.integers(-30, 30, (12, 12))
        y, x = random.integers(3, 9, 2)
        for step in range(-3, 4):
            pixels[y + step, np.clip(x + step * (1 - 2 * (number % 2)), 0, 11)] = random.integers(0, 60)
        folder = tmp_path / "own" / ("train" if number < 40 else "test") / "ab"[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number}.png")
    settings = Settings(str(tmp_path / "own"), steps=2, least_steps=150, small_batches=True)
    found = train_on_labels(settings, tmp_path / "net.safetensors")
    assert found.neighbour is not None
    assert found.accuracy > 0.9 > found.neighbour
