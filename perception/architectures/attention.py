"""Spiking self-attention in eight kinds: who looks at whom, computed from spikes without softmax."""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

from .fusing import fire_behind
from .layers import ArchitectureError, ConvNorm, NeuronFactory

Attention = Literal["ssa", "linear", "sdsa", "statten", "qk-token", "qk-channel", "saf"]

BINARY_KINDS = ("sdsa", "qk-token", "qk-channel")  # masks and counts only: what they send is zeros and ones


def spiking_map(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """SSA, ``(Q K^T s) V``: whole-numbered attention of every token to every token.

    Args:
        query: ``[..., N, d]``.
        key: ``[..., N, d]``.
        value: ``[..., N, d]``.
        scale: Stands for softmax's normalisation.

    References:
        Zhou et al., "Spikformer: When Spiking Neural Network Meets Transformer", ICLR 2023.
    """
    return (query @ key.transpose(-1, -2) * scale) @ value


def linear_map(query: Tensor, key: Tensor, value: Tensor, scale: float) -> Tensor:
    """``Q (K^T V s)``: equal to :func:`spiking_map`, in time that grows with the tokens, not with their square.

    References:
        Yao et al., "Spike-driven Transformer V2", ICLR 2024 (SDSA-3).
    """
    return query @ (key.transpose(-1, -2) @ value * scale)


def chunked_map(query: Tensor, key: Tensor, value: Tensor, scale: float, chunk: int) -> Tensor:
    """STAtten: :func:`linear_map` among the tokens of ``chunk`` steps together.

    Args:
        query: ``[T, B, h, N, d]``.
        key: As query.
        value: As query.
        scale: As for :func:`linear_map`.
        chunk: Steps whose tokens see each other; within a chunk, a step sees later ones.

    Raises:
        ArchitectureError: if the steps are not divisible by the chunk.

    References:
        Lee et al., "Spiking Transformer with Spatial-Temporal Attention", CVPR 2025.
    """
    steps, tokens = query.shape[0], query.shape[3]
    if steps % chunk:
        raise ArchitectureError(f"{steps} steps cannot be cut into chunks of {chunk}; choose a divisor of the steps")

    def merge(signal: Tensor) -> Tensor:  # [T/c, c, B, h, N, d] -> [T/c, B, h, c N, d]
        return signal.unflatten(0, (steps // chunk, chunk)).permute(0, 2, 3, 1, 4, 5).flatten(3, 4)

    mixed = linear_map(merge(query), merge(key), merge(value), scale)
    return mixed.unflatten(3, (chunk, tokens)).permute(0, 3, 1, 2, 4, 5).flatten(0, 1)


class SpikingAttention(nn.Module):
    """Attention as the branch of a residual connection: spikes in, a current out.

    Queries, keys and values are neurons behind 1x1 convolutions; kinds ``ssa``, ``linear`` and ``statten`` fire once
    more behind the product. With ``g`` a layer of gate neurons:

    * ``sdsa``: ``Q * g(sum over tokens of K * V)``, a gate for each channel.
    * ``qk-token``: ``g(sum over channels of Q) * K``, a gate for each token; ``qk-channel`` sums over tokens.
    * ``saf``: ``Q * (sum over tokens of K * V)`` with values that are real numbers, not spikes, in ``inner`` channels.

    Args:
        width: Channels, ``D``.
        kind: Of attention.
        neuron: Makes the neurons.
        heads: Groups of channels that attend each for itself, ``h``.
        scale: Factor of the products; 0 for ``1 / sqrt(N)``, with ``N`` tokens.
        gate: Threshold of the neurons behind the product, or of the gates. At rate ``r``, the sum that an ``sdsa``
            gate hears is about ``N r^2``: a threshold far below it makes the gate always open.
        chunk: Steps of a chunk, for ``statten``.
        inner: Channels of queries, keys and values; 0 for ``width``.

    Raises:
        ArchitectureError: if the kind is unknown or the heads do not divide the channels.

    References:
        Yao et al., "Spike-driven Transformer", NeurIPS 2023 (SDSA). Zhou et al., "QKFormer", NeurIPS 2024.
        Song et al., "One-step Spiking Transformer with a Linear Complexity", IJCAI 2024 (SAF).
    """

    def __init__(
        self,
        width: int,
        kind: Attention,
        neuron: NeuronFactory,
        *,
        heads: int = 1,
        scale: float = 0.125,
        gate: float = 0.5,
        chunk: int = 1,
        inner: int = 0,
    ) -> None:
        super().__init__()
        inner = inner or width
        if kind not in get_args(Attention):
            raise ArchitectureError(f"unknown attention {kind!r}; use one of {', '.join(get_args(Attention))}")
        if inner % heads:
            raise ArchitectureError(f"{heads} heads do not divide {inner} channels")
        self.kind: Attention = kind
        self.heads, self.scale, self.chunk = heads, scale, chunk
        self.query, self.fire_query = ConvNorm(width, inner), neuron()
        self.key, self.fire_key = ConvNorm(width, inner), neuron()
        values = not kind.startswith("qk")
        self.value = ConvNorm(width, inner) if values else None
        self.fire_value = neuron() if values and kind != "saf" else nn.Identity()
        self.gate = nn.Identity() if kind == "saf" else neuron(threshold=gate)
        self.mix_heads = ConvNorm(inner, width)

    def forward(self, signal: Tensor) -> Tensor:
        """Currents ``[T, B, D, H, W]`` of spikes ``[T, B, D, H, W]``."""
        mixed = self._mix(*self.project(signal)).transpose(-1, -2).flatten(2, 3)
        return self.mix_heads(mixed.unflatten(3, signal.shape[3:]))

    def project(self, signal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, ``[T, B, h, N, d]`` each, of spikes ``[T, B, D, H, W]``."""
        query = self._split(fire_behind(self.query, self.fire_query, signal))
        key = self._split(fire_behind(self.key, self.fire_key, signal))
        value = key if self.value is None else self._split(fire_behind(self.value, self.fire_value, signal))
        return query, key, value

    def additions(self, signal: Tensor) -> float:
        """What mixing the tokens of ``[T, B, D, H, W]`` adds up: one for each pair of spikes that meet, by their value.

        Masks by single spikes are gates and add nothing.
        """
        query, key, value = self.project(signal)
        match self.kind:
            case "ssa":
                scores = query @ key.transpose(-1, -2)
                return float(scores.sum() + (scores @ value).sum())
            case "linear" | "statten":
                kept = chunked_map(query, key, value, 1.0, self.chunk if self.kind == "statten" else 1)
                return float((key.sum(-1) * value.sum(-1)).sum() + kept.sum())
            case "sdsa":
                return float((key * value).sum())
            case "qk-token" | "qk-channel":
                return float(query.sum())
            case "saf":
                return float(key.sum())  # each lets a real value in

    def products(self, tokens: int) -> int:
        """Multiplications of one pass with graded units over so many tokens."""
        inner = self.mix_heads.convolution.in_channels
        match self.kind:
            case "ssa":
                return 2 * tokens * tokens * inner
            case "linear" | "statten":
                return 2 * tokens * inner * (inner // self.heads)
            case "sdsa" | "saf":
                return 2 * tokens * inner
            case "qk-token" | "qk-channel":
                return tokens * inner

    def _split(self, signal: Tensor) -> Tensor:
        """``[T, B, h, N, d]`` of ``[T, B, D, H, W]``."""
        return signal.flatten(3).unflatten(2, (self.heads, -1)).transpose(-1, -2)

    def _mix(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        scale = self.scale or query.shape[-2] ** -0.5
        match self.kind:
            case "ssa":
                return self.gate(spiking_map(query, key, value, scale))
            case "linear":
                return self.gate(linear_map(query, key, value, scale))
            case "statten":
                return self.gate(chunked_map(query, key, value, scale, self.chunk))
            case "sdsa":
                return query * self.gate((key * value).sum(-2, keepdim=True))
            case "qk-token":
                return self.gate(query.sum(-1, keepdim=True)) * key
            case "qk-channel":
                return self.gate(query.sum(-2, keepdim=True)) * key
            case "saf":
                return query * (key * value).sum(-2, keepdim=True)


class GatedFeedForward(nn.Module):
    """SGFF, the branch ``W_o (SN(W_g x) * W_p x)``: spikes gate real-valued currents.

    Args:
        width: Channels, ``D``.
        ratio: Hidden channels over ``D``.
        neuron: Makes the neurons.

    References:
        Song et al., "One-step Spiking Transformer with a Linear Complexity", IJCAI 2024.
    """

    def __init__(self, width: int, ratio: int, neuron: NeuronFactory) -> None:
        super().__init__()
        self.gate, self.fire = ConvNorm(width, ratio * width), neuron()
        self.pass_on = ConvNorm(width, ratio * width)
        self.back = ConvNorm(ratio * width, width)

    def forward(self, signal: Tensor) -> Tensor:
        """Currents ``[T, B, D, H, W]`` of a signal of that shape."""
        return self.back(fire_behind(self.gate, self.fire, signal) * self.pass_on(signal))


class Compensation(nn.Module):
    """Neurons of ``levels`` thresholds ``0.5 + j / levels`` side by side, their spikes summed to ``0..levels``.

    Args:
        neuron: Makes the neurons.
        levels: Number of thresholds.

    References:
        Song et al., "One-step Spiking Transformer with a Linear Complexity", IJCAI 2024.
    """

    def __init__(self, neuron: NeuronFactory, levels: int) -> None:
        super().__init__()
        self.parts = nn.ModuleList(neuron(threshold=0.5 + level / levels) for level in range(levels))

    def forward(self, current: Tensor) -> Tensor:
        """Whole numbers from 0 to ``levels``, ``[T, B, ...]``."""
        return torch.stack([part(current) for part in self.parts]).sum(0)
