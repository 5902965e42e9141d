"""The trained networks of this room: by fixed recipes, kept in a folder and made again where they are missing.

5,000 of the training pictures are held out; recipes and epochs were chosen on them and never on the test pictures.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import torch
from safetensors.torch import load_file, save_model
from torch import Tensor, nn

from logic.writing import whole_file
from neurosym.terminal import complain
from perception import Dataset, augment, hold_out, load_dataset, prepare
from perception.pictures.augmentation import Distortion

from .networks import ResNet, Vgg, VisionTransformer, loss

HELD_OUT = 5_000
BATCH = 128
CHUNK = 500
LEVELS = 8
DEBIAN = Path("/usr/share/datasets/fashion-mnist")  # of the package dataset-fashion-mnist


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Args:
        make: The network with random weights.
        data: ``mnist`` or ``fashion-mnist``.
        epochs: Over 55,000 pictures, with a schedule of one cycle.
        learning_rate: Its peak; a fifth of it for the twin.
        twin_epochs: Of fine-tuning with QCFS(8) in the place of each ReLU; 0 for no twin.
        distortion: Of the pictures in training.
        mirrored: Whether half of them are mirrored.
    """

    make: Callable[[], nn.Module]
    data: str
    epochs: int
    learning_rate: float
    twin_epochs: int
    distortion: Distortion = field(default_factory=Distortion)
    mirrored: bool = False


_DIGITS = Distortion(shift=2.0, turn=10.0, scale=0.1, shear=0.1)
_GARMENTS = Distortion(shift=1.0, turn=0.0, scale=0.05, shear=0.0)

RECIPES: Mapping[str, Recipe] = {
    "vgg": Recipe(Vgg, "mnist", 8, 5e-3, 2, _DIGITS),
    "residual": Recipe(ResNet, "fashion-mnist", 10, 5e-3, 3, _GARMENTS, mirrored=True),
    "transformer": Recipe(VisionTransformer, "mnist", 10, 2e-3, 0, _DIGITS),
    "resnet18": Recipe(lambda: ResNet((16, 32, 64, 128)), "fashion-mnist", 4, 3e-3, 2, _GARMENTS, mirrored=True),
}
"""The networks by name. ``resnet18`` has ResNet-18's 17 activations and 8 blocks at a quarter of its width."""


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network and what it was trained and is judged on.

    Args:
        name: One of :data:`RECIPES`.
        network: With ReLUs.
        twin: With QCFS(8), fine-tuned; none where a recipe has none.
        train: Training pictures without those held out.
        held: Held out.
        test: Test pictures.
    """

    name: str
    network: nn.Module
    twin: nn.Module | None
    train: Dataset
    held: Dataset
    test: Dataset

    def calibration(self, count: int) -> Tensor:
        """The first training pictures, ``[N, 1, 28, 28]``, from 0 to 1."""
        return to_floats(self.train.pictures[:count])


def to_floats(pictures: Tensor) -> Tensor:
    """Bytes to numbers from 0 to 1."""
    return pictures.float() / 255


def load_pictures(name: str, split: str) -> Dataset:
    """A split of a data set; garments also from where Debian's package puts them."""
    root = DEBIAN if name == "fashion-mnist" and DEBIAN.is_dir() else None
    return load_dataset(name, root, split=split)


def load_trained(name: str, folder: Path, *, twin: bool = True) -> Trained:
    """A network of :data:`RECIPES`, and its twin if asked for, from the folder, or trained now and kept there."""
    recipe = RECIPES[name]
    train, held = hold_out(load_pictures(recipe.data, "train"), HELD_OUT, torch.Generator().manual_seed(0))
    torch.manual_seed(0)
    network = _kept(folder / f"{name}.safetensors", recipe.make(), recipe, train, held, recipe.epochs, 0)
    other = None
    if twin and recipe.twin_epochs:
        path = folder / f"{name}-qcfs{LEVELS}.safetensors"
        other = with_ceilings(network, to_floats(train.pictures[:CHUNK]))
        other = _kept(path, other, recipe, train, held, recipe.twin_epochs, 1)
    return Trained(name, network, other, train, held, load_pictures(recipe.data, "test"))


def with_ceilings(network: nn.Module, pictures: Tensor) -> nn.Module:
    """A copy with QCFS in the place of each ReLU, which begins with 99.9 % of the activations below its ceiling."""
    ceilings: dict[str, float] = {}

    def note(name: str) -> Callable[[nn.Module, object, Tensor], None]:
        def hook(_: nn.Module, __: object, output: Tensor) -> None:
            values = output.flatten()
            ceilings[name] = float(torch.quantile(values[:: 1 + values.numel() // 1_000_000], 0.999))

        return hook

    named = [(name, module) for name, module in network.named_modules() if isinstance(module, nn.ReLU)]
    hooks = [module.register_forward_hook(note(name)) for name, module in named]
    with torch.no_grad():
        network.eval()(pictures)
    for one in hooks:
        one.remove()
    prepared = prepare(network, "qcfs", LEVELS)
    with torch.no_grad():
        for name, ceiling in ceilings.items():
            cast(nn.Parameter, prepared.get_submodule(name).bound).fill_(ceiling)
    return prepared


def _kept(
    path: Path, network: nn.Module, recipe: Recipe, train: Dataset, held: Dataset, epochs: int, seed: int
) -> nn.Module:
    """The network with the weights of the file, or trained and written there."""
    if path.is_file():
        network.load_state_dict(load_file(path))
        return network.eval()
    rate = recipe.learning_rate / (5 if seed else 1)
    _train(network, recipe, train, held, epochs, rate, seed, path.stem)
    with whole_file(path) as place:
        save_model(network, str(place))
    return network.eval()


def _train(
    network: nn.Module, recipe: Recipe, train: Dataset, held: Dataset, epochs: int, rate: float, seed: int, name: str
) -> None:
    """AdamW over one cycle; biases, norms and ceilings do not decay."""
    generator = torch.Generator().manual_seed(seed)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] - torch's stubs lack this form
    steps = len(train.labels) // BATCH
    wide = [weight for weight in network.parameters() if weight.ndim > 1]
    rest = [weight for weight in network.parameters() if weight.ndim <= 1]
    optimizer = torch.optim.AdamW([{"params": wide, "weight_decay": 1e-2}, {"params": rest, "weight_decay": 0.0}], rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps * epochs, pct_start=0.2)
    start = time.process_time()
    for epoch in range(1, epochs + 1):
        network.train()
        order = torch.randperm(len(train.labels), generator=generator)
        for chosen in order[: steps * BATCH].split(BATCH):
            shown = augment(train.pictures[chosen], generator, **recipe.distortion)
            if recipe.mirrored:
                flipped = torch.rand(len(shown), generator=generator) < 0.5
                shown[flipped] = shown[flipped].flip(-1)
            optimizer.zero_grad()
            loss(network(shown.contiguous(memory_format=torch.channels_last)), train.labels[chosen]).backward()
            optimizer.step()
            schedule.step()
        right = count_correct(network, held) / len(held.labels)
        complain(
            f"{name}, epoch {epoch}: {right:.2%} of held-out, {time.process_time() - start:.0f} CPU seconds", "Trained"
        )


def read_all(network: nn.Module, pictures: Tensor) -> Tensor:
    """Classes ``[M]`` that a network sees in byte pictures."""
    network.eval()
    with torch.no_grad():
        return torch.cat([network(to_floats(part)).argmax(1) for part in pictures.split(CHUNK)])


def count_correct(network: nn.Module, dataset: Dataset) -> int:
    """How many pictures are read as their labels."""
    return int((read_all(network, dataset.pictures) == dataset.labels).sum())
