"""The front end: forms in which users write networks, each traced exactly, and what cannot be converted refused."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from perception.conversion import ConversionError, convert, prepare
from perception.conversion.symbolic_tracing import trace_modules
from perception.conversion.tracing import export, trace, translate

PICTURES = torch.rand(6, 2, 8, 8, generator=torch.Generator().manual_seed(3))


class Form(nn.Module):
    """A network of one function between two layers with weights.

    Args:
        middle: What stands between them.
        parts: Modules that it uses.
    """

    def __init__(self, middle: Callable[["Form", Tensor], Tensor], parts: dict[str, nn.Module] | None = None) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(2, 4, 3, padding=1), nn.LazyLinear(3)
        self.parts = nn.ModuleDict(parts or {})
        self.middle = middle
        self.norm, self.second_norm = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
        self.again = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.middle(self, self.first(x)).flatten(1))


def form(
    middle: Callable[[Form, Tensor], Tensor], neurons: int = 1, **parts: nn.Module
) -> tuple[Callable[[Form, Tensor], Tensor], int, dict[str, nn.Module]]:
    return middle, neurons, parts


def in_place(form_: Form, x: Tensor) -> Tensor:
    functional.relu_(x)
    return x + 0.5 * x


def sum_in_place(form_: Form, x: Tensor) -> Tensor:
    before = x.relu()
    x = form_.again(before)
    same = x
    x += before
    return torch.flatten(functional.relu(x + same, inplace=True), 1)


def shared_relu(form_: Form, x: Tensor) -> Tensor:
    fire = form_.parts["fire"]
    return fire(form_.again(fire(x)))


def one_convolution_two_norms(form_: Form, x: Tensor) -> Tensor:
    x = torch.relu(form_.norm(form_.again(x)))
    return torch.relu(form_.second_norm(form_.again(x)))


def pair_twice(form_: Form, x: Tensor) -> Tensor:
    x = torch.relu(form_.norm(form_.again(x)))
    return torch.relu(form_.norm(form_.again(x)))


FORMS = {
    "F.relu": form(lambda _, x: functional.relu(x)),
    "x.relu()": form(lambda _, x: x.relu()),
    "nn.ReLU in place": form(lambda f, x: f.parts["fire"](x), fire=nn.ReLU(inplace=True)),
    "torch.relu_ on what is read again": form(in_place),
    "one nn.ReLU called twice": form(shared_relu, 2, fire=nn.ReLU()),
    "clamp(min=0)": form(lambda _, x: x.clamp(min=0)),
    "clamp(0, 1)": form(lambda _, x: x.clamp(0, 1)),
    "relu6": form(lambda _, x: functional.relu6(4 * x)),
    "hardtanh(-1, 1)": form(lambda _, x: functional.hardtanh(x)),
    "hardsigmoid": form(lambda _, x: functional.hardsigmoid(x)),
    "leaky_relu": form(lambda _, x: functional.leaky_relu(x, 0.1), 2),
    "nn.PReLU per channel": form(lambda f, x: f.parts["fire"](x), 2, fire=nn.PReLU(4)),
    "max_pool2d, ceil mode": form(lambda _, x: functional.max_pool2d(x.relu(), 3, 2, ceil_mode=True)),
    "amax over places": form(lambda _, x: x.relu().amax((2, 3))),
    "avg_pool and adaptive_avg_pool": form(
        lambda _, x: functional.adaptive_avg_pool2d(functional.avg_pool2d(x.relu(), 2), 2)
    ),
    "mean over places": form(lambda _, x: x.relu().mean((2, 3))),
    "cat and nearest upsample": form(
        lambda _, x: torch.cat([functional.interpolate(x.relu(), scale_factor=2.0), functional.pad(x, (4, 4, 4, 4))], 1)
    ),
    "chunk, slice and concatenation": form(
        lambda _, x: torch.cat([x.chunk(2, 1)[1], x[:, :1, ::2].relu().repeat(1, 2, 2, 1)], 1)
    ),
    "residual sum": form(lambda f, x: (f.again(x.relu()) + x).relu(), 2),
    "residual sum in place": form(sum_in_place, 2),
    "norm behind the activation": form(lambda f, x: f.norm(x.relu())),
    "norms folded at two calls of one convolution": form(one_convolution_two_norms, 2),
    "convolution and norm called twice": form(pair_twice, 2),
    "maximum of two branches": form(lambda f, x: torch.maximum(x, f.again(x))),
    "groups, dropout and permutation": form(
        lambda f, x: f.parts["drop"](f.parts["group"](x)).relu().permute(0, 2, 3, 1),
        group=nn.Conv2d(4, 8, 1, groups=2),
        drop=nn.Dropout(),
    ),
    "view with the size of the batch": form(lambda _, x: x.relu().view(x.size(0), -1)),
}  # fmt: skip


def made(name: str) -> Form:
    middle, _, parts = FORMS[name]
    torch.manual_seed(1)
    network = Form(middle, parts)
    network(PICTURES)
    network.train()
    with torch.no_grad():
        for _ in range(2):
            network(PICTURES)
        for norm in (network.norm, network.second_norm):
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.uniform_(-0.2, 0.2)
    return network


KNOWN = {
    "F.relu", "x.relu()", "nn.ReLU in place", "mean over places", "residual sum", "norm behind the activation",
}  # fmt: skip
"""Forms of well-known modules and sums alone, which no exporter is needed for."""


@pytest.mark.parametrize("name", list(FORMS))
def test_modules_tell_what_the_exporter_finds_or_nothing(name: str) -> None:
    network = made(name).eval()
    assert (trace_modules(network, PICTURES) is not None) == (name in KNOWN)
    exported, traced = translate(export(network, PICTURES)), trace(network, PICTURES)
    assert [replace(one, line="") for one in traced.operations] == [
        replace(one, line="") for one in exported.operations
    ]
    assert all(one.line for one in traced.operations[1:])
    assert all(torch.equal(tensor, exported.constants[key]) for key, tensor in traced.constants.items())


def test_modules_that_do_more_than_their_class_are_left_to_the_exporter() -> None:
    class Doubled(nn.Conv2d):
        def forward(self, input: Tensor) -> Tensor:
            return 2 * super().forward(input)

    def network(first: nn.Module) -> nn.Module:
        return nn.Sequential(first, nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(256, 3)).eval()

    plain = network(nn.Conv2d(2, 4, 3, padding=1))
    hooked, shadowed = network(nn.Conv2d(2, 4, 3, padding=1)), network(nn.Conv2d(2, 4, 3, padding=1))

    def doubled(module: nn.Module, given: Any, found: Tensor) -> Tensor:
        return 2 * found

    def forward(x: Tensor) -> Tensor:
        return 2 * x.relu()

    hooked.get_submodule("2").register_forward_hook(doubled)
    shadowed.get_submodule("2").forward = forward
    others = [
        hooked, shadowed, network(Doubled(2, 4, 3, padding=1)), network(nn.Conv2d(2, 4, 3, padding="same")),
        network(nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 4, 3, padding=1))),
    ]  # fmt: skip
    assert trace_modules(plain, PICTURES) is not None
    assert [trace_modules(one, PICTURES) for one in others] == [None] * len(others)


@pytest.mark.parametrize("name", list(FORMS))
def test_a_form_is_traced_exactly_and_approached_as_steps_grow(name: str) -> None:
    network = made(name)
    converted = convert(network, PICTURES, "max-norm", steps=8, start=0.5)
    assert network.training
    wanted = network.eval()(PICTURES).detach()
    torch.testing.assert_close(torch.as_tensor(converted.analog(PICTURES)), wanted, rtol=1e-4, atol=1e-5)
    assert len(converted.layers) == FORMS[name][1]
    assert all(layer.source_line.startswith("test_perception_conversion_forms.py:") for layer in converted.layers)

    def error(steps: int) -> float:
        return float((torch.as_tensor(converted(PICTURES, steps)) - wanted).norm() / wanted.norm())

    assert error(512) < 0.01
    assert error(512) < max(0.3 * error(16), 2e-3)


class Branching(nn.Module):
    """Takes another way by what it sees."""

    def forward(self, x: Tensor) -> Tensor:
        return x.relu() if x.sum() > 0 else x


class OfTwo(nn.Module):
    """A network for exactly two pictures."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(2, -1).relu()


class Mixing(nn.Module):
    """A picture's answer depends on the others."""

    def forward(self, x: Tensor) -> Tensor:
        return (x - x.mean(0, keepdim=True)).relu()


class Sorting(nn.Module):
    """Decides in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(x.flatten(1).topk(4).values)


class Recurrent(nn.Module):
    """An LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTM(8, 4, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.cell(x[:, 0])[0][:, -1]


class Gated(nn.Module):
    """A gate and GELU."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(2, 4, 3), nn.Linear(144, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return self.last((functional.gelu(x) * functional.sigmoid(x)).flatten(1))


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Branching(), "branches on its data"),
        (OfTwo(), "fixed number of pictures"),
        (Mixing(), "another answer when others stand beside it"),
        (Sorting(), "decides in the middle"),
        (Recurrent(), "has no spiking form"),
        (Gated(), "'gelu' has no spiking form (3 such in all)"),
        (nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3, track_running_stats=False)), "running statistics"),
    ],
)
def test_what_cannot_be_converted_is_refused_in_one_sentence(network: nn.Module, words: str) -> None:
    with pytest.raises(ConversionError, match=re.escape(words)) as fault:
        convert(network, PICTURES, "robust")
    assert "\n" not in str(fault.value)
    if not isinstance(network, nn.Sequential):
        assert "test_perception_conversion_forms.py:" in str(fault.value) or isinstance(network, Mixing | OfTwo)


def test_islands_are_named_and_the_network_approached_where_they_are_allowed() -> None:
    network = Gated().eval()
    converted = convert(network, PICTURES, "multi-threshold", steps=64, islands=True)
    assert converted.islands == ("gelu", "sigmoid", "mul")
    wanted = network(PICTURES).detach()
    assert float((torch.as_tensor(converted(PICTURES)) - wanted).norm() / wanted.norm()) < 0.02


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (PICTURES[:0], "no calibration pictures"),
        ((255 * PICTURES).byte(), "torch.uint8"),
        (PICTURES.double(), "torch.float64"),
        (PICTURES.masked_fill(PICTURES > 0.9, torch.nan), "NaN"),
    ],
)
def test_calibration_pictures_that_are_none_are_refused(pictures: Tensor, words: str) -> None:
    with pytest.raises(ConversionError, match=words):
        convert(nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU()), pictures, "robust")


def test_double_networks_stay_double() -> None:
    converted = convert(made("residual sum").double(), PICTURES.double(), "group", steps=2)
    answer = converted(PICTURES.double())
    assert isinstance(answer, Tensor)
    assert answer.dtype == torch.float64
    with pytest.raises(ConversionError, match=r"must be torch\.float64"):
        converted(PICTURES)


def test_a_method_that_needs_training_says_so_with_the_line() -> None:
    with pytest.raises(ConversionError, match=r"forms\.py:\d+: method 'qcfs' needs thresholds that were trained"):
        convert(made("F.relu"), PICTURES, "qcfs")
    with pytest.raises(ConversionError, match=r"no nn\.ReLU to replace"):
        prepare(made("F.relu"))
    with pytest.raises(ConversionError, match="there is no method 'qfcs'; choose auto, "):
        convert(made("F.relu"), PICTURES, "qfcs")
