"""Checkpoints: what is written is read, whole or not at all."""

import errno
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from logic import Domain, FileError
from neurosym.checkpoint import (
    Checkpoint,
    CheckpointError,
    load_perception,
    read_checkpoint,
    save_perception,
    write_checkpoint,
)
from perception import LeakyIntegrateAndFire, SpikingClassifier, SpikingVision, revive

SAMPLE = Checkpoint({"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(7)}, {"epoch": 3, "rate": 0.1})


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.safetensors"
    write_checkpoint(path, SAMPLE)
    read = read_checkpoint(path)
    assert read.settings == SAMPLE.settings
    assert read.tensors.keys() == SAMPLE.tensors.keys()
    assert all(torch.equal(read.tensors[name], SAMPLE.tensors[name]) for name in SAMPLE.tensors)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_classifier_round_trip(tmp_path: Path) -> None:
    domain = Domain("shape", ["square", "circle", "bar"])
    classifier = SpikingClassifier(domain, torch.Generator().manual_seed(0), steps=3, channels=(4, 5), hidden=7)
    save_perception(classifier, tmp_path / "net.safetensors", {"query": "seen(X)"})
    loaded, notes = load_perception(tmp_path / "net.safetensors")
    assert notes == {"query": "seen(X)"}
    assert loaded.domain == domain
    assert isinstance(loaded, SpikingClassifier)
    assert loaded.architecture() == classifier.architecture()
    pictures = torch.rand(2, 1, 1, 28, 28, generator=torch.Generator().manual_seed(1))
    assert torch.equal(loaded(pictures).symbols.log_probs, classifier(pictures).symbols.log_probs)


@pytest.mark.parametrize("remedy", ["half_start", "balanced_threshold", "learned_leak"])
def test_a_revived_network_is_what_is_saved(tmp_path: Path, remedy: str) -> None:
    options = {"size": 8, "steps": 3, "widths": (4, 6, 8), "channels": 1}
    vision = SpikingVision(2, 0, model="tiny_strided_resnet", options=options).eval()
    pictures = torch.rand(2, 1, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    name = next(name for name, layer in vision.named_modules() if isinstance(layer, LeakyIntegrateAndFire))
    current = 4 * torch.rand(3, 2, 6, 6, generator=torch.Generator().manual_seed(2)) - 1
    before = vision.get_submodule(name)(current)
    revive(vision, name, remedy, lambda: vision(pictures), 0)
    if remedy == "learned_leak":
        with torch.no_grad():
            vision.get_parameter(f"{name}.beta").fill_(0.05)
    save_perception(vision, tmp_path / "net.safetensors", {})
    loaded, _ = load_perception(tmp_path / "net.safetensors")
    assert isinstance(loaded, SpikingVision)
    spikes = loaded.get_submodule(name)(current)
    assert torch.equal(spikes, vision.get_submodule(name)(current))
    assert not torch.equal(spikes, before)


@pytest.mark.parametrize("length", [0, 5, 60, 200])
def test_a_damaged_file_is_one_clear_error(tmp_path: Path, length: int) -> None:
    path = tmp_path / "state.safetensors"
    write_checkpoint(path, SAMPLE)
    assert length < path.stat().st_size
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CheckpointError, match="damaged"):
        read_checkpoint(path)


def test_foreign_and_missing_files(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(1)}, tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match="no checkpoint of neurosym"):
        read_checkpoint(tmp_path / "foreign.safetensors")
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        read_checkpoint(tmp_path / "missing.safetensors")
    write_checkpoint(tmp_path / "state.safetensors", SAMPLE)
    with pytest.raises(CheckpointError, match="does not hold a perception network"):
        load_perception(tmp_path / "state.safetensors")


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.safetensors"
    write_checkpoint(path, SAMPLE)
    before = path.read_bytes()

    def full(tensors: Any, filename: Path, metadata: Any) -> None:
        filename.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("neurosym.checkpoint.save_file", full)
    with pytest.raises(FileError, match="No space left on device"):
        write_checkpoint(path, Checkpoint({"a": torch.ones(3)}, {}))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
