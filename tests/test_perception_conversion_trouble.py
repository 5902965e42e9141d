"""What users of other converters report, each with a minimal input and the right result."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from perception.conversion import ConversionWarning, ConvertedNetwork, convert

from .test_perception_conversion_forms import FORMS, PICTURES, Form, made


def relative_error(converted: ConvertedNetwork, wanted: Tensor, steps: int) -> float:
    return float((torch.as_tensor(converted(PICTURES, steps)) - wanted).norm() / wanted.norm())


class Functional(nn.Module):
    """An activation without a module, another in each place."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(2, 4, 3), nn.Linear(144, 3)
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        if self.kind == "F.relu":
            x = functional.relu(x)
        elif self.kind == "x.relu()":
            x = x.relu()
        else:
            x = x.clamp(0, 6)
        return self.last(x.flatten(1))


@pytest.mark.parametrize("kind", ["F.relu", "x.relu()", "clamp"])
def test_functional_activations_become_one_layer_of_neurons(kind: str) -> None:
    assert len(convert(Functional(kind), PICTURES, "robust").layers) == 1


def test_max_pools_lose_nothing_as_steps_grow() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(2, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 1), nn.Flatten(), nn.Linear(24, 4),
    )  # fmt: skip
    converted = convert(network, PICTURES, "max-norm", start=0.5)
    wanted = network(PICTURES).detach()
    errors = [relative_error(converted, wanted, steps) for steps in (8, 64, 512)]
    assert errors[0] > 3 * errors[1] > 9 * errors[2]
    assert errors[2] < 0.002


@pytest.mark.parametrize("name", ["convolution and norm called twice", "norms folded at two calls of one convolution"])
def test_a_shared_convolution_is_folded_once_for_each_call(name: str) -> None:
    network = made(name).eval()
    converted = convert(network, PICTURES, "max-norm", start=0.5)
    wanted = network(PICTURES).detach()
    assert relative_error(converted, wanted, 512) < 0.01
    assert bool((torch.as_tensor(converted(PICTURES, 512)).argmax(1) == wanted.argmax(1)).all())


def test_branches_of_different_scale_join_without_rescaling() -> None:
    torch.manual_seed(0)
    network = Form(lambda f, x: (f.again(30 * x.relu()) + 0.1 * x.relu()).relu())
    network(PICTURES)
    converted = convert(network.eval(), PICTURES, "max-norm", start=0.5)
    assert relative_error(converted, network(PICTURES).detach(), 512) < 0.01


def test_a_clamp_is_a_neuron_that_sends_no_more_than_its_ceiling() -> None:
    network = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Hardtanh(0.0, 1.0)).eval()
    nn.init.constant_(network[0].get_parameter("weight"), 1.0)
    pictures = torch.tensor([[0.25], [0.75], [3.0]])
    converted = convert(network, pictures, "max-norm", steps=4)
    assert converted.layers[0].threshold == (1.0,)
    assert torch.as_tensor(converted(pictures)).flatten().tolist() == [0.25, 0.75, 1.0]


def test_concatenation_and_upsampling_are_exact_for_exact_spikes() -> None:
    network = made("cat and nearest upsample").eval()
    converted = convert(network, PICTURES, "group", steps=1, levels=4096)
    assert relative_error(converted, network(PICTURES).detach(), 1) < 1e-3


def test_a_regression_head_answers_in_the_units_of_the_network() -> None:
    torch.manual_seed(2)
    network = nn.Sequential(nn.Flatten(), nn.Linear(128, 32), nn.ReLU(), nn.Linear(32, 1))
    network[3].get_parameter("weight").data *= 40
    converted = convert(network, PICTURES, "max-norm", start=0.5)
    wanted, steps = network(PICTURES).detach(), 64
    bound = (
        float(network[3].get_parameter("weight").detach().abs().sum()) * converted.layers[0].threshold[0] / (2 * steps)
    )
    assert float((torch.as_tensor(converted(PICTURES, steps)) - wanted).abs().max()) <= bound + 1e-4


def test_inputs_of_any_range_keep_their_answers() -> None:
    network = made("F.relu").eval()
    pictures = 46 * PICTURES
    converted = convert(network, pictures, "max-norm", start=0.5)
    wanted = network(pictures).detach()
    answer = torch.as_tensor(converted(pictures, 64))
    assert float((answer - wanted).norm() / wanted.norm()) < 0.05
    best, second = wanted.topk(2, 1).values.unbind(1)
    clear = best - second > 0.1 * best.abs()
    assert bool((answer.argmax(1) == wanted.argmax(1))[clear].all())
    assert int(clear.sum()) > 2


def test_a_table_tells_of_each_layer() -> None:
    converted = convert(made("residual sum"), PICTURES, "robust", steps=16)
    first, second = converted.layers
    assert (first.name, first.neuron, first.alphabet) == ("relu", "IntegrateAndFire", "binary")
    assert first.source_line.startswith("test_perception_conversion_forms.py:")
    assert 0 < first.clipped_share < 0.02
    assert 0 <= first.dead_share < 0.5
    assert 0 < first.error < 0.2
    assert second.error > 0
    assert FORMS["residual sum"][1] == len(converted.layers)


def test_neurons_that_never_fire_are_reported_and_do_no_harm() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    nn.init.constant_(network[0].get_parameter("bias"), -100.0)
    pictures = torch.rand(5, 3)
    with pytest.warns(ConversionWarning, match="no neuron of 1 fired on 5 calibration pictures"):
        converted = convert(network, pictures, "robust")
    assert converted.layers[0].threshold == (1.0,)
    assert converted.layers[0].dead_share == 1.0
    torch.testing.assert_close(torch.as_tensor(converted(pictures)), network(pictures).detach())


def test_a_detector_with_prelu_and_two_heads_converts_without_islands() -> None:
    torch.manual_seed(0)
    network = Detector().eval()
    converted = convert(network, PICTURES, "differential-multi", steps=64)
    assert converted.islands == ()
    for answer, wanted in zip(converted(PICTURES), network(PICTURES), strict=True):
        assert float(((answer - wanted).norm() / wanted.norm()).detach()) < 0.01


class Detector(nn.Module):
    """A small detector as face packages have them: PReLU, a pool with ceilings, a softmax at one of two ends."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(2, 10, 3), nn.PReLU(10), nn.MaxPool2d(3, 2, ceil_mode=True), nn.Conv2d(10, 16, 2), nn.PReLU(16)
        )
        self.face, self.box = nn.Conv2d(16, 2, 1), nn.Conv2d(16, 4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.body(x)
        return self.box(x), functional.softmax(self.face(x), 1)


@pytest.mark.parametrize(("name", "size"), [("PNet", 16), ("RNet", 24), ("ONet", 48)])
def test_the_detectors_of_a_public_face_package_stay_within_a_hundredth(name: str, size: int) -> None:
    home = next((Path(place) / "facenet_pytorch" for place in __import__("sys").path
                 if (Path(place) / "facenet_pytorch").is_dir()), None)  # fmt: skip
    if home is None:
        pytest.skip("facenet-pytorch is not installed")
    source = (home / "models" / "mtcnn.py").read_text()
    scope: dict[str, object] = {"__file__": str(home / "models" / "mtcnn.py")}
    alone = source[: source.index("class MTCNN")].replace(
        "from .utils.detect_face import detect_face, extract_face", ""
    )
    exec(alone, scope)  # the package itself imports torchvision, which these classes do not need
    network = scope[name]().eval()  # type: ignore[operator]
    pictures = 2 * torch.rand(4, 3, size, size, generator=torch.Generator().manual_seed(0)) - 1
    converted = convert(network, pictures, "differential-multi", steps=64)
    assert converted.islands == ()
    for answer, wanted in zip(converted(pictures), network(pictures), strict=True):
        assert float(((answer - wanted).norm() / wanted.norm()).detach()) < 0.01
