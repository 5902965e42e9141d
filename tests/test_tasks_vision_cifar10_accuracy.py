"""The CIFAR-10 task on a few made-up pictures, so that its command is known to work before a GPU is at hand."""

import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image
from rich.console import Console

from logic import NeurosymError
from perception.datasets.colour import CLASSES
from tasks.vision.cifar10_accuracy import RECIPES, epochs_within, run, seconds_per_epoch, settings_of


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Forty pictures of ten colours, four to a class, in the form of the JPEG copy."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("NEUROSYM_DATA", str(tmp_path))
    path = tmp_path / "cifar10_jpeg" / "cifar10_jpeg_q75.tar.xz"
    path.parent.mkdir()
    with tarfile.open(path, "w:xz") as file:
        for number in range(40):
            buffer = io.BytesIO()
            Image.new("RGB", (32, 32), (25 * (number % 10), 250 - 25 * (number % 10), 128)).save(buffer, "JPEG")
            for split in ("train", "test"):
                member = tarfile.TarInfo(f"{split}/{CLASSES[number % 10]}/{number:04}.jpg")
                member.size = len(buffer.getvalue())
                file.addfile(member, io.BytesIO(buffer.getvalue()))
    return path


@pytest.mark.usefixtures("archive")
def test_a_small_run_ends_with_a_result_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    small = replace(
        settings_of(RECIPES["max_resnet"], "cifar10-jpeg", 10, 0, "cpu", choose=False),
        options={"widths": (4, 8), "depths": (1, 1), "stem_width": 4},
        steps=2,
    )
    outcome = run(small, 2, 1.0, tmp_path, Console(quiet=True))
    assert outcome.count == 40
    assert len(outcome.history.epochs) == 2
    line = json.loads((tmp_path / "cifar10_accuracy.jsonl").read_text())
    assert (line["correct"], line["part"], line["device"]) == (outcome.correct, "test", "cpu")
    again = run(small, 0, 1.0, tmp_path, Console(quiet=True))  # the epochs are those of the checkpoint
    assert again.history == outcome.history
    page = (tmp_path / "cifar10-jpeg-max_resnet18-0-training" / "report.html").read_text()
    assert "40 test pictures right" in page
    assert page.count('<svg role="img"') == 6  # curves, confusion, prediction, raster, membranes, rates
    assert 0 < seconds_per_epoch(small) < 600


def test_epochs_fill_the_minutes() -> None:
    assert epochs_within(25, 12.0) == 115  # 92 % of 1,500 seconds
    assert epochs_within(25, 0.01) == 300
    with pytest.raises(NeurosymError, match=r"an epoch takes 26.0 minutes here; allow more with --minutes"):
        epochs_within(25, 1560.0)


def test_recipes_fit_their_presets() -> None:
    from perception import build, preset

    for recipe in RECIPES.values():
        with torch.device("meta"):
            network = build(preset(recipe.preset, steps=recipe.steps, **recipe.options))
            logits = network(torch.rand(2, 3, 32, 32))
        assert logits.shape == (recipe.steps, 2, 10)
