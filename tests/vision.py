"""A small spiking network without batch norm, and pictures that it can learn, for the tests of training."""

import torch
from torch import Tensor, nn

from perception import neuron


class SmallNetwork(nn.Module):
    """Convolution, neurons, two blocks of linear layer and neurons, readout: ``[T, B, 1, 8, 8]`` to ``[T, B, 3]``.

    Args:
        seed: Of the weights.
        beta: Of the neurons.
        norm: Whether batch norms stand before the neurons of the blocks.
    """

    def __init__(self, seed: int = 0, beta: float = 0.5, norm: bool = False) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(1, 8, 3, stride=2, bias=False)
        self.fire = neuron("lif", beta=beta)
        self.blocks = nn.Sequential(*(Block(beta, norm) for _ in range(2)))
        self.readout = nn.Linear(72, 3)
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, 0, (2 / parameter[0].numel()) ** 0.5, generator=generator)
            elif "norm" not in name:
                nn.init.zeros_(parameter)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits of each step."""
        current = self.convolution(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return self.readout(self.blocks(self.fire(current).flatten(2)))


class Block(nn.Module):
    """Linear layer, perhaps norm, and neurons."""

    def __init__(self, beta: float, norm: bool) -> None:
        super().__init__()
        self.linear = nn.Linear(72, 72)
        self.norm = nn.BatchNorm1d(72) if norm else nn.Identity()
        self.fire = neuron("lif", beta=beta)

    def forward(self, signal: Tensor) -> Tensor:
        """Spikes ``[T, B, 72]`` of spikes of that shape."""
        current = self.norm(self.linear(signal).flatten(0, 1))
        return self.fire(current.unflatten(0, signal.shape[:2]))


class SmallVision(nn.Module):
    """The small network as a perception that tells its logits step by step."""

    def __init__(self, seed: int = 0, beta: float = 0.5, norm: bool = False, steps: int = 4) -> None:
        super().__init__()
        self.network = SmallNetwork(seed, beta, norm)
        self.steps = steps

    def logits(self, pictures: Tensor) -> Tensor:
        """``[T, B * N, 3]`` of ``[B, N, 1, 8, 8]`` or ``[B, N, T, 1, 8, 8]``."""
        flat = pictures.flatten(0, 1)
        return self.network(flat.transpose(0, 1) if flat.ndim == 5 else flat.expand(self.steps, *flat.shape))


def bars(count: int = 48, seed: int = 1) -> tuple[Tensor, Tensor]:
    """Pictures ``[M, 1, 8, 8]`` of a bright row, a bright column or nothing but noise, and their class numbers."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 3
    pictures = torch.rand(count, 1, 8, 8, generator=generator) * 0.3
    for number, label in enumerate(labels.tolist()):
        place = int(torch.randint(1, 6, (1,), generator=generator))
        if label == 0:
            pictures[number, 0, place : place + 2, :] = 1
        elif label == 1:
            pictures[number, 0, :, place : place + 2] = 1
    return pictures, labels
