"""The networks that are converted: a VGG type, a residual net, a small vision transformer and a narrow ResNet-18."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES = 10


def block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution without a bias and the normalisation after it."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))


class Vgg(nn.Module):
    """A VGG type for pictures ``[B, 1, 28, 28]``: four convolutions, two max-pools, a hidden layer; five activations.

    Without dropout on the activations, a network that reads 99.4 % of held-out digits loses more than half of them when
    its neurons send binary spikes for eight steps: each answer hangs on fine differences of single units.

    Args:
        widths: Channels of the two stages.
        hidden: Units of the hidden layer.
        dropout: Share of the activations that training leaves out.
    """

    def __init__(self, widths: tuple[int, int] = (12, 24), hidden: int = 64, dropout: float = 0.15) -> None:
        super().__init__()
        narrow, wide = widths

        def fire() -> tuple[nn.Module, nn.Module]:
            return nn.ReLU(), nn.Dropout(dropout)

        self.features = nn.Sequential(
            block(1, narrow), *fire(), block(narrow, narrow), *fire(), nn.MaxPool2d(2),
            block(narrow, wide), *fire(), block(wide, wide), *fire(), nn.MaxPool2d(2),
        )  # fmt: skip
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(wide * 49, hidden), *fire(), nn.Linear(hidden, CLASSES))

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[B, 10]``."""
        return self.head(self.features(pictures))


class Residual(nn.Module):
    """Two convolutions and a shortcut, an activation after the first and after the sum."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first, self.fire_first = block(inputs, outputs, stride), nn.ReLU()
        self.second, self.fire_second = block(outputs, outputs), nn.ReLU()
        same = inputs == outputs and stride == 1
        self.shortcut = (
            nn.Identity()
            if same
            else nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        )

    def forward(self, inputs: Tensor) -> Tensor:
        """``[B, C, H, W]`` to ``[B, C', H', W']``."""
        return self.fire_second(self.second(self.fire_first(self.first(inputs))) + self.shortcut(inputs))


class ResNet(nn.Module):
    """A residual net for pictures ``[B, 1, 28, 28]`` whose stem has stride 2; ``1 + 2 * blocks`` activations.

    Args:
        widths: Channels of each stage; every stage but the first halves the picture.
        blocks: Blocks of each stage.
    """

    def __init__(self, widths: Sequence[int] = (8, 16, 32), blocks: int = 2) -> None:
        super().__init__()
        self.stem, self.fire = block(1, widths[0], 2), nn.ReLU()
        shape = [(stage, number) for stage in range(len(widths)) for number in range(blocks)]
        before = widths[0]
        stages = list[nn.Module]()
        for stage, number in shape:
            stages.append(Residual(before, widths[stage], 2 if stage and not number else 1))
            before = widths[stage]
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(before, CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[B, 10]``."""
        return self.head(self.stages(self.fire(self.stem(pictures))).mean((2, 3)))


class Attention(nn.Module):
    """Softmax attention between tokens, written in products so that each operation is seen."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.join = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """``[B, N, C]`` to the same."""
        batch, count, width = tokens.shape
        query, key, value = (
            part(tokens).view(batch, count, self.heads, width // self.heads).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        weights = torch.softmax(query @ key.transpose(2, 3) * (width // self.heads) ** -0.5, dim=-1)
        return self.join((weights @ value).transpose(1, 2).reshape(batch, count, width))


class Layer(nn.Module):
    """Attention and two linear layers with GELU between them, each behind a norm and added to what came."""

    def __init__(self, width: int, heads: int, wide: int) -> None:
        super().__init__()
        self.before_attention, self.attention = nn.LayerNorm(width), Attention(width, heads)
        self.before_mixing = nn.LayerNorm(width)
        self.mixing = nn.Sequential(nn.Linear(width, wide), nn.GELU(), nn.Linear(wide, width))

    def forward(self, tokens: Tensor) -> Tensor:
        """``[B, N, C]`` to the same."""
        tokens = tokens + self.attention(self.before_attention(tokens))
        return tokens + self.mixing(self.before_mixing(tokens))


class VisionTransformer(nn.Module):
    """A small vision transformer for pictures ``[B, 1, 28, 28]``: 16 patches of 7x7, mean of the tokens read."""

    def __init__(self, width: int = 64, depth: int = 3, heads: int = 4) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, width, 7, 7)
        self.places = nn.Parameter(0.02 * torch.randn(1, 16, width))
        self.layers = nn.Sequential(*(Layer(width, heads, 2 * width) for _ in range(depth)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[B, 10]``."""
        tokens = self.patches(pictures).flatten(2).transpose(1, 2) + self.places
        return self.head(self.norm(self.layers(tokens)).mean(1))


def loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy with a little smoothing, in nats."""
    return functional.cross_entropy(logits, labels, label_smoothing=0.05)
