"""What every perception network promises, ours and a user's alike: belief, gradients, saving, pickling, refusals."""

import copy
import io
import pickle
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from logic import Domain, Symbols
from logic.randomness import Seed, SeedError, to_generator
from neurosym.checkpoint import (
    Checkpoint,
    CheckpointError,
    load_perception,
    read_checkpoint,
    save_perception,
    write_checkpoint,
)
from perception import Percept, PictureError, SpikingClassifier, SpikingVision
from perception.networks.network_catalogue import PERCEPTIONS
from perception.networks.perception import Perception, PerceptionError, check_perception, check_remakable

DIGITS = Domain("digit", range(10))


class Plain(nn.Module):
    """A user's own network: nothing of it is ours but the contract."""

    def __init__(self, domain: Domain, generator: Seed, *, hidden: int = 6) -> None:
        super().__init__()
        self.domain, self.hidden = domain, hidden
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(784, hidden), nn.Tanh(), nn.Linear(hidden, len(domain)))
        source = to_generator(generator)
        for parameter in self.layers.parameters():
            with torch.no_grad():
                parameter.normal_(0, 0.1, generator=source)

    def architecture(self) -> dict[str, Any]:
        return {"hidden": self.hidden}

    def forward(self, pictures: Tensor) -> Percept:
        seen = pictures / 255 if pictures.dtype == torch.uint8 else pictures.to(torch.float32)
        log_probs = self.layers(seen.flatten(0, 1)).log_softmax(1).unflatten(0, pictures.shape[:2])
        return Percept(Symbols(self.domain, log_probs), {})


class Deeper(SpikingVision):
    """A subclass that changes nothing about how it is made."""


class Silent(Plain):
    """One that does not say how it is made."""

    architecture = None  # type: ignore[assignment] - taken away


class Forgetful(Plain):
    """One that does not tell all."""

    def architecture(self) -> dict[str, Any]:
        return {}


OWN = (Plain, Deeper)
MAKERS: dict[str, Callable[..., Any]] = {**PERCEPTIONS, "own": Plain, "subclass": Deeper}


def pictures(batch: int = 3, slots: int = 2, seed: int = 0) -> Tensor:
    return torch.rand(batch, slots, 1, 28, 28, generator=torch.Generator().manual_seed(seed))


def with_part(kept: Checkpoint, part: str, value: Any) -> Checkpoint:
    """Another value in the header of a file that holds one perception of digits."""
    if part in kept.settings:
        return Checkpoint(kept.tensors, {**kept.settings, part: value})
    made = {**kept.settings["perceptions"]["digit"], part: value}
    return Checkpoint(kept.tensors, {**kept.settings, "perceptions": {"digit": made}})


def log_probs_elsewhere(perception: Any, seen: Tensor) -> np.ndarray:
    with torch.no_grad():
        return perception(seen).symbols.log_probs.numpy()


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[..., Any]:
    return MAKERS[request.param]


class TestPerception:
    """The contract, run by every implementation."""

    def test_a_belief_of_each_slot_and_spikes_time_first(self, make: Callable[..., Any]) -> None:
        perception = make(DIGITS, 0)
        assert isinstance(check_perception(perception), Perception)
        percept = perception(pictures())
        assert percept.symbols.domain == DIGITS
        assert percept.symbols.log_probs.shape == (3, 2, 10)
        for train in percept.spikes.values():
            assert train.shape[1] == 6
            assert set(train.unique().tolist()) <= {0.0, 1.0}

    def test_each_picture_is_read_for_itself_and_no_call_remembers_another(self, make: Callable[..., Any]) -> None:
        perception, seen = make(DIGITS, 0).eval(), pictures()
        whole = perception(seen).symbols.log_probs
        assert torch.equal(whole, perception(seen).symbols.log_probs)
        torch.testing.assert_close(perception(seen[:, 1:]).symbols.log_probs, whole[:, 1:])

    def test_bytes_are_brightness(self, make: Callable[..., Any]) -> None:
        perception, seen = make(DIGITS, 0).eval(), (pictures() * 255).to(torch.uint8)
        torch.testing.assert_close(perception(seen).symbols.log_probs, perception(seen / 255).symbols.log_probs)

    def test_every_parameter_gets_a_gradient(self, make: Callable[..., Any]) -> None:
        perception = make(DIGITS, 0)
        perception(pictures(8)).symbols.log_probs[..., 3].sum().backward()
        assert all(parameter.grad is not None for parameter in perception.parameters())

    def test_the_seed_decides_the_weights(self, make: Callable[..., Any]) -> None:
        first, again, other = make(DIGITS, 0), make(DIGITS, torch.Generator().manual_seed(0)), make(DIGITS, 1)
        weights = [torch.cat([p.flatten() for p in network.parameters()]) for network in (first, again, other)]
        assert torch.equal(weights[0], weights[1])
        assert not torch.equal(weights[0], weights[2])

    def test_saved_and_loaded_it_reads_alike(self, make: Callable[..., Any], tmp_path: Path) -> None:
        perception, seen = make(DIGITS, 0), pictures()
        perception(seen)  # moves running statistics
        save_perception(perception, str(tmp_path / "net.safetensors"), {"query": "seen(X)"})
        loaded, notes = load_perception(str(tmp_path / "net.safetensors"), OWN)
        assert type(loaded) is type(perception)
        assert notes == {"query": "seen(X)"}
        assert torch.equal(loaded.eval()(seen).symbols.log_probs, perception.eval()(seen).symbols.log_probs)

    def test_copied_and_pickled_it_reads_alike(self, make: Callable[..., Any]) -> None:
        perception, seen = make(DIGITS, 0).eval(), pictures()
        wanted = perception(seen).symbols.log_probs
        kept = io.BytesIO()
        torch.save(perception, kept)
        kept.seek(0)
        loaded = torch.load(kept, weights_only=False)
        for again in (pickle.loads(pickle.dumps(perception)), copy.deepcopy(perception), loaded):
            assert torch.equal(again(seen).symbols.log_probs, wanted)

    def test_another_header_is_refused_before_anything_is_built(self, make: Callable[..., Any], tmp_path: Path) -> None:
        file = tmp_path / "net.safetensors"
        save_perception(make(DIGITS, 0), file)
        kept = read_checkpoint(file)
        values = list(range(300_000_000, 300_000_011))
        write_checkpoint(file, with_part(kept, "domain", {"name": "digit", "values": values}))
        with pytest.raises(CheckpointError, match=r"net.safetensors: does not hold .* here and .* there"):
            load_perception(file, OWN)


def test_a_spawned_worker_reads_alike() -> None:
    classifier, seen = SpikingClassifier(DIGITS, 0), pictures(1)
    with get_context("spawn").Pool(1) as workers:
        found = workers.apply(log_probs_elsewhere, (classifier, seen))
    assert np.array_equal(found, log_probs_elsewhere(classifier, seen))


@pytest.mark.parametrize("make", PERCEPTIONS.values())
@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (pictures() * 255, "floats from .* expected 0 to 1; divide"),
        (pictures().double() * 255, "floats from .* expected 0 to 1; divide"),
        (pictures() - 1, "floats from -"),
        (torch.full((1, 1, 1, 28, 28), torch.nan), "NaN or infinite"),
        (torch.full((1, 1, 1, 28, 28), torch.inf), "NaN or infinite"),
        ((pictures() * 255).long(), "torch.int64; give bytes"),
        ([[0.0]], "got a list"),
    ],
)
def test_pixels_that_mean_something_else_are_refused(make: Callable[..., Any], seen: Any, said: str) -> None:
    with pytest.raises(PictureError, match=said):
        make(DIGITS, 0)(seen)


@pytest.mark.parametrize("make", PERCEPTIONS.values())
def test_arrays_doubles_and_bits_are_read(make: Callable[..., Any]) -> None:
    perception, seen = make(DIGITS, 0).eval(), pictures()
    wanted = perception(seen).symbols.log_probs
    torch.testing.assert_close(perception(seen.numpy()).symbols.log_probs, wanted)
    torch.testing.assert_close(perception(seen.double()).symbols.log_probs, wanted)
    assert torch.equal(perception(seen > 0.5).symbols.log_probs, perception((seen > 0.5).float()).symbols.log_probs)


@pytest.mark.parametrize("make", PERCEPTIONS.values())
def test_a_number_of_values_is_a_domain(make: Callable[..., Any]) -> None:
    assert make(10, 0).domain == Domain("class", range(10))
    for wrong in (1, "digit", 2.5, None):
        with pytest.raises(PerceptionError, match=r"needs a domain, such as Domain"):
            make(wrong, 0)
    for seed in (None, "0", 1.5, True):
        with pytest.raises(SeedError, match=r"torch.Generator or a whole number"):
            make(10, seed)


@pytest.mark.parametrize("make", [SpikingClassifier, PERCEPTIONS["lee"], PERCEPTIONS["twin"]])
@pytest.mark.parametrize("wrong", [{"size": "28"}, {"hidden": 0}, {"hidden": True}, {"size": 28.0}])
def test_sizes_are_whole_numbers(make: Callable[..., Any], wrong: dict[str, Any]) -> None:
    with pytest.raises(PerceptionError, match=r"must be a whole number"):
        make(10, 0, **wrong)


def test_what_is_no_perception_hears_what_it_lacks() -> None:
    with pytest.raises(PerceptionError, match=r"a Linear is no perception network, it lacks a 'domain'.*Percept"):
        check_perception(nn.Linear(784, 10))
    with pytest.raises(PerceptionError, match=r"a str is no perception network"):
        check_perception("net")


def test_what_cannot_be_made_again_is_not_saved(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    with pytest.raises(CheckpointError, match=r"net.safetensors: a Silent cannot be saved.* method architecture\(self"):
        save_perception(Silent(DIGITS, 0), file)
    with pytest.raises(CheckpointError, match=r"architecture makes another: tensor 'layers.1.weight' is \[7, 784\]"):
        save_perception(Forgetful(DIGITS, 0, hidden=7), file)
    assert not file.exists()
    assert check_remakable(Forgetful(DIGITS, 0, hidden=6)).architecture() == {}


def test_classes_are_never_looked_up_by_a_name_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    save_perception(Plain(DIGITS, 0), file)
    with pytest.raises(CheckpointError, match=r"holds a module of the class '.*Plain'.* name it: kinds=\[Plain\]"):
        load_perception(file)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("architecture", {"model": "tiny_resnet", "options": "9" * 90}),
        ("architecture", {"model": "tiny_resnet", "options": {"widths": [8, 16, 10**9]}}),
        ("architecture", {"model": "tiny_resnet", "options": {"depths": [1, 1, 10**9]}}),
        ("architecture", {"model": "tiny_resnet", "options": {"steps": 10**9}}),
        ("architecture", {"model": "tiny_resnet", "options": {"neuron": {"options": {"beta": "x"}}}}),
        ("architecture", {"model": 5}),
        ("architecture", [1]),
        ("domain", {"name": 1e308, "values": [0, 1]}),
        ("domain", None),
        ("notes", 5),
        ("shared", {"perceptions.digit.network": "elsewhere"}),
        ("perceptions", [1]),
        ("embeddings", {"people": {"kind": "tensor", "shape": [10**12], "dtype": "float32", "learned": True}}),
        ("embeddings", {"people": {"kind": "torch.nn.Module", "arguments": {}}}),
        ("kind", "os.system"),
        ("kind", None),
    ],
)
def test_damaged_settings_end_in_one_sentence_at_once(part: str, value: Any, tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    save_perception(SpikingVision(DIGITS, 0), file)
    kept = read_checkpoint(file)
    write_checkpoint(file, with_part(kept, part, value))
    with pytest.raises(CheckpointError, match=r"net.safetensors: .*"):
        load_perception(file)
