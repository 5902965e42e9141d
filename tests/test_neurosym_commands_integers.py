"""The command `integers`: presets with and without an integer form, a trained file in figures, and its refusals."""

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from neurosym.checkpoint import load_perception, save_perception
from neurosym.commands import cli as cli
from neurosym.commands.vision import MODEL, MODEL_OF_SMALL
from perception import QuantisedPerception, SpikingVision, load_dataset, settle_norms


def command(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    options = {"size": 8, "steps": 2, "widths": (4, 6), "depths": (1, 1)}
    digits = load_dataset("digits")
    vision = SpikingVision(digits.classes, 0, model="tiny_strided_resnet", options=options)
    settle_norms(vision, lambda: vision.logits(digits.pictures[:64, None]))
    save_perception(vision, tmp_path / "net.safetensors", {"dataset": "digits"})
    return tmp_path / "net.safetensors"


def test_presets_say_whether_they_have_integers() -> None:
    code, out, _ = command("integers", "tiny_resnet", "--json")
    assert code == 1
    assert json.loads(out)["first_layer_without"].startswith("blocks.0.branch.0: a max-pool of currents")
    code, out, _ = command("integers", "tiny_strided_resnet", "--json")
    told = json.loads(out)
    assert (code, told["neurons"], told["latency"]) == (0, 17738, 9)
    assert [layer["name"] for layer in told["layers"]][-1] == "evidence"


@pytest.mark.parametrize("model", [MODEL, MODEL_OF_SMALL])
def test_the_defaults_of_training_have_integers(model: str) -> None:
    code, _, _ = command("integers", model, "--json")
    assert code == 0


def test_a_trained_file_is_rounded_tuned_and_saved(trained: Path, tmp_path: Path) -> None:
    output = tmp_path / "integers.safetensors"
    words = ("integers", str(trained), "--samples", "50", "--bits", "4", "--output", str(output), "--fine-tune", "1")
    code, out, _ = command(*words, "--json")
    told = json.loads(out)
    assert code == 0
    assert told["pictures"] == 50
    assert 0 <= told["flips"] <= 50
    quantised, notes = load_perception(output)
    assert isinstance(quantised, QuantisedPerception)
    assert (quantised.bits, notes["dataset"]) == (4, "digits")
    code, out, _ = command("integers", str(output), "--samples", "50", "--layers")
    assert code == 0
    assert "evidence" in out
    held = load_dataset("digits").pictures[:3, None]
    assert torch.isfinite(quantised(held).symbols.log_probs).all()


def test_what_makes_no_sense_is_refused(trained: Path, tmp_path: Path) -> None:
    assert command("integers", "no_such_model")[0] == 2
    code, _, err = command("integers", "tiny_strided_resnet", "--fine-tune", "1")
    assert (code, "has no trained weights" in err) == (2, True)
    vision, _ = load_perception(trained)
    save_perception(vision, tmp_path / "nameless.safetensors")
    code, _, err = command("integers", str(tmp_path / "nameless.safetensors"))
    assert (code, "name it by --dataset" in err) == (2, True)
