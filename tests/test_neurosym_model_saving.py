"""Saved models of users' own modules: what is loaded answers alike, and what cannot be made again is told how to be."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from neurosym import Domain, Model, Neural, NeurosymError, Program, load_model, save_model
from neurosym.blueprints import blueprint_of, build
from neurosym.checkpoint import (
    Checkpoint,
    CheckpointError,
    load_perception,
    read_checkpoint,
    save_perception,
    write_checkpoint,
)

SIGNS = Domain("sign", ["plus", "minus"])
TEXT = """nn(digit_net, [X], Y, [0, 1, 2]) :: digit(X, Y).
nn(sign_net, [X], Y, [plus, minus]) :: sign(X, Y).
calc(A, O, B, Z) :- digit(A, X), sign(O, P), digit(B, Y), (P == plus -> Z is X + Y ; Z is X - Y).
"""


class Told(nn.Module):
    """Tells the arguments with which another is made."""

    def __init__(self, width: int, hidden: int = 3) -> None:
        super().__init__()
        self.sizes = width, hidden
        self.layers = nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, 3))

    def architecture(self) -> dict[str, int]:
        return {"width": self.sizes[0], "hidden": self.sizes[1]}

    def forward(self, seen: Tensor) -> Tensor:
        return self.layers(seen)


class Bare(nn.Module):
    """Needs no arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(5, 2)

    def forward(self, seen: Tensor) -> Tensor:
        return self.layer(seen)


class Untold(Bare):
    """Does not tell its argument."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = nn.Linear(width, 2)


class Head(nn.Module):
    """Stands on an encoder that it may share."""

    def __init__(self, values: int, encoder: nn.Module | None = None) -> None:
        super().__init__()
        self.values = values
        self.encoder = encoder or nn.Linear(4, 4)
        self.layer = nn.Linear(4, values)

    def architecture(self) -> dict[str, int]:
        return {"values": self.values}

    def forward(self, seen: Tensor) -> Tensor:
        return self.layer(self.encoder(seen).relu())


def calculator(digit: nn.Module, sign: nn.Module) -> Model:
    seeing = {"digit_net": Neural(digit, Domain("digit", range(3))), "sign_net": Neural(sign, SIGNS)}
    return Model(seeing, Program.parse(TEXT, ()), "calc(left, op, right, Z)")


def samples(width: int = 5) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        name: torch.randn(6, size, generator=generator) for name, size in (("left", 4), ("op", width), ("right", 4))
    }


def test_users_modules_are_saved_and_loaded(tmp_path: Path) -> None:
    model, file = calculator(Told(4), Bare()), tmp_path / "model.safetensors"
    save_model(model, file)
    before = torch.random.get_rng_state()
    loaded = load_model(file, kinds=[Told, Bare])
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (loaded.query, loaded.program.text, repr(loaded)) == (model.query, model.program.text, repr(model))
    assert torch.equal(loaded(samples()).log_probs, model(samples()).log_probs)
    assert [*loaded.state_dict()] == [*model.state_dict()]


def test_layers_of_torch_are_saved_as_they_are(tmp_path: Path) -> None:
    digit = nn.Sequential(nn.Unflatten(1, (1, 4)), nn.Conv1d(1, 2, 3, padding=1), nn.GELU("tanh"), nn.Flatten())
    digit.add_module("out", nn.Linear(8, 3, bias=False))
    model = calculator(digit.append(nn.Dropout(0.25)), nn.Sequential(nn.BatchNorm1d(5, momentum=None), nn.Linear(5, 2)))
    model(samples())  # moves running statistics
    save_model(model, tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    assert str(loaded.networks) == str(model.networks)
    assert torch.equal(loaded.eval()(samples()).log_probs, model.eval()(samples()).log_probs)


LAYERS = [
    nn.Linear(3, 4), nn.Linear(3, 4, bias=False), nn.Bilinear(2, 3, 4), nn.Conv2d(2, 4, (3, 5), 2, 1, groups=2),
    nn.Conv2d(1, 2, 3, padding="same", padding_mode="reflect", bias=False), nn.MaxPool2d(2, ceil_mode=True),
    nn.ConvTranspose2d(2, 3, 3, output_padding=1, stride=2), nn.AvgPool2d(3, 1, count_include_pad=False),
    nn.AdaptiveAvgPool2d((2, None)), nn.BatchNorm2d(3, eps=1e-3, affine=False), nn.GroupNorm(2, 4),
    nn.LayerNorm([3, 4], bias=False), nn.InstanceNorm1d(3), nn.Dropout(0.3), nn.Flatten(2), nn.Unflatten(1, (2, 3)),
    nn.ReLU(inplace=True), nn.LeakyReLU(0.3), nn.ELU(0.5), nn.Softplus(2.0), nn.LogSoftmax(1), nn.Identity(),
    nn.Embedding(7, 3, padding_idx=2), nn.GRU(3, 4, 2, bidirectional=True, batch_first=True), nn.GRUCell(3, 4),
    nn.LSTM(3, 4, proj_size=2), nn.RNN(3, 4, nonlinearity="relu"), nn.Upsample(scale_factor=2.0),
    nn.PReLU(3, 0.1), nn.Hardtanh(-2.0, 2.0), nn.ZeroPad2d((1, 0, 2, 0)), nn.PixelShuffle(2), nn.ReflectionPad1d(2),
]  # fmt: skip


@pytest.mark.parametrize("layer", LAYERS, ids=str)
def test_a_layer_made_from_its_blueprint_is_the_same(layer: nn.Module) -> None:
    made = build(json.loads(json.dumps(blueprint_of(layer))))
    assert type(made) is type(layer)
    assert repr(made) == repr(layer)
    assert {n: t.shape for n, t in made.state_dict().items()} == {n: t.shape for n, t in layer.state_dict().items()}
    own = {name: value for name, value in vars(layer).items() if isinstance(value, bool | int | float | str | tuple)}
    assert {name: getattr(made, name) for name in own} == own


@pytest.mark.parametrize(
    "layer",
    [
        nn.TransformerEncoderLayer(4, 2, 8),
        nn.MultiheadAttention(4, 2),
        nn.LazyLinear(3),
        nn.ModuleList([nn.Linear(2, 2)]),
    ],
    ids=str,
)
def test_a_layer_that_does_not_tell_its_arguments_is_refused(layer: nn.Module) -> None:
    with pytest.raises(NeurosymError, match=r"cannot be saved, since .* put it into a class of your own"):
        blueprint_of(layer)


def test_what_is_shared_is_one_again(tmp_path: Path) -> None:
    encoder = nn.Linear(4, 4)
    model = calculator(Head(3, encoder), Head(2, encoder))
    save_model(model, tmp_path / "model.safetensors")
    assert sum("encoder" in name for name in read_checkpoint(tmp_path / "model.safetensors").tensors) == 2
    loaded = load_model(tmp_path / "model.safetensors", kinds=[Head])
    assert torch.equal(loaded(samples(4)).log_probs, model(samples(4)).log_probs)
    assert len([*loaded.parameters()]) == len([*model.parameters()]) == 6
    loaded(samples(4)).log_probs[:, 0].sum().backward()
    model(samples(4)).log_probs[:, 0].sum().backward()
    for one, other in zip(loaded.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad)


def test_embeddings_are_saved(tmp_path: Path) -> None:
    text = "nn(likes, [X, Y], L, [yes, no]) :: likes(X, Y, L). nn(code, [X], E) :: code(X, E). "
    rule = "friends(A, B, L) :- code(A, X), code(B, Y), likes(X, Y, L)."
    model = Model(
        Neural(nn.Bilinear(2, 2, 2), Domain("likes", ["yes", "no"])),
        Program.parse(text + rule, ()),
        embeddings={"code": nn.Linear(3, 2), "person": nn.Parameter(torch.randn(4, 3)), "guest": torch.randn(3)},
    )
    save_model(model, tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    asked = "friends(person(2), guest, L)"
    assert torch.equal(loaded({}, query=asked).log_probs, model({}, query=asked).log_probs)
    assert [p.shape for p in loaded.parameters()] == [p.shape for p in model.parameters()]
    assert "embedded.guest.value" in loaded.state_dict()


def test_what_cannot_be_made_again_is_told_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    with pytest.raises(
        CheckpointError, match=r"model.safetensors: a Untold cannot be saved.* method architecture\(self"
    ):
        save_model(calculator(Told(4), Untold(5)), file)
    wrong = Told(4)
    wrong.sizes = 4, 9
    with pytest.raises(CheckpointError, match=r"a Told cannot be saved, since its arguments make another: tensor"):
        save_model(calculator(wrong, Bare()), file)
    assert not file.exists()
    save_model(calculator(Told(4), Bare()), file)
    with pytest.raises(CheckpointError, match=r"the class '.*Told', which is none of .* name it: kinds=\[Told\]"):
        load_model(file)
    with pytest.raises(CheckpointError, match=r"holds the perceptions digit_net, sign_net; load them by load_model"):
        load_perception(file, kinds=[Told, Bare])


@pytest.mark.parametrize(
    "kind", ["torch.nn.Module", "torch.nn.ModuleDict", "torch.nn.functional", "os.system", "torch.nn.Linear.x"]
)
def test_a_file_cannot_ask_for_anything_else(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "net.safetensors"
    save_perception(Neural(nn.Linear(2, 2), 2), file)
    raw: dict[str, Any] = json.loads(json.dumps(dict(read_checkpoint(file).settings)))
    raw["perceptions"]["class"]["module"]["kind"] = kind
    write_checkpoint(file, Checkpoint(read_checkpoint(file).tensors, raw))
    with pytest.raises(CheckpointError, match=r"net.safetensors: "):
        load_perception(file)
