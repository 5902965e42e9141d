"""Spiking Transformers: an embedding, stages of blocks of attention and feed-forward, a readout."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from torch import Tensor, nn

from .attention import Attention, Compensation, GatedFeedForward, SpikingAttention
from .embedding import PoolOrder, patch_splitting, stage_embedding
from .fusing import Chain, present_to
from .layers import ArchitectureError, ConvNorm, NeuronFactory, Readout
from .shortcuts import Residual, Shortcut
from .tokens import AnchorToken, InformationRetaining, Selected, TokenPolicy

Mixer = Attention | Literal["identity", "depthwise"]
"""What mixes tokens in a block: a kind of attention, nothing, or a 3x3 convolution of each channel for itself."""

Tokens = Literal["all", "information-retaining", "anchor"]


class Stage(NamedTuple):
    """Blocks of one width.

    Args:
        width: Channels of a token, ``D``.
        depth: Number of blocks.
        mixer: What mixes their tokens.
    """

    width: int
    depth: int
    mixer: Mixer


@dataclass(frozen=True)
class TransformerPlan:
    """The shape of a spiking Transformer.

    Args:
        stages: One, behind a patch splitting as ``pools`` says, or several, each behind an embedding that halves the
            map (the first does not).
        shortcut: Form of all residual connections.
        heads: Heads of an attention.
        ratio: Hidden channels of the feed-forward layers over the token's channels.
        pools: At which convolutions of the patch splitting the map is halved.
        order: Of neurons and pools in it.
        scale: Of the attention product; 0 for ``1 / sqrt(N)``.
        gate: Threshold behind the attention product, or of the attention's gates.
        chunk: Steps of a chunk, for ``statten``.
        inner: Channels of queries and keys; 0 for those of a token.
        gated: Whether the feed-forward layers are gated by spikes.
        compensation: Thresholds side by side in each neuron of the blocks.
        compress: Whether the embedding's spikes are summed over time, so that the blocks run for one step.
        tokens: Which tokens a block works on.
        keep: Part of the tokens that is kept, if not all are.
        fire_last: Whether neurons stand before the readout; before the mean over tokens, or behind it.
        norm_readout: Whether the pooled rates are normalised before the readout; tiny networks need it.
    """

    stages: tuple[Stage, ...]
    shortcut: Shortcut = "ms"
    heads: int = 8
    ratio: int = 4
    pools: str = "0011"
    order: PoolOrder = "fire-pool"
    scale: float = 0.125
    gate: float = 0.5
    chunk: int = 1
    inner: int = 0
    gated: bool = False
    compensation: int = 1
    compress: bool = False
    tokens: Tokens = "all"
    keep: float = 1.0
    fire_last: Literal["no", "before-mean", "behind-mean"] = "no"
    norm_readout: bool = False


class Looking(NamedTuple):
    """What a Transformer returns, and what its token policies thought.

    Args:
        logits: ``[T, B, K]``; one step if it compresses time.
        scores: ``[T, B, N]`` of each block that chooses tokens, for :func:`alignment_loss`.
    """

    logits: Tensor
    scores: list[Tensor]


class SpikingTransformer(nn.Module):
    """A spiking Transformer from pictures or frames to logits of each step.

    Args:
        plan: Its shape.
        neuron: Makes its neurons.
        channels: Channels of a picture.
        classes: Values that a picture can show.
        steps: Steps for which still pictures are shown, ``T``.

    Raises:
        ArchitectureError: if the plan does not fit together.
    """

    def __init__(
        self, plan: TransformerPlan, neuron: NeuronFactory, *, channels: int, classes: int, steps: int
    ) -> None:
        super().__init__()
        _check(plan, steps)
        self.steps, self.compress = steps, plan.compress
        stages = tuple(Stage(*stage) for stage in plan.stages)  # a checkpoint gives lists
        layers: list[nn.Module] = []
        if len(stages) == 1:
            self.first, layers = patch_splitting(
                stages[0].width, plan.pools, plan.order, plan.shortcut, neuron, channels=channels
            )
        else:
            half = stages[0].width // 2
            self.first = ConvNorm(channels, half, 3)
            layers = [] if plan.shortcut == "ms" else [neuron()]
            layers.append(stage_embedding(half, stages[0].width, plan.shortcut, neuron, halve=False))
        self.embedding = Chain(*layers)
        inside = neuron if plan.compensation == 1 else _compensated(neuron, plan.compensation)
        at_once = 1 if plan.compress else steps
        trunk: list[nn.Module] = []
        for number, stage in enumerate(stages):
            if number:
                trunk.append(stage_embedding(stages[number - 1].width, stage.width, plan.shortcut, neuron))
            trunk += [Selected(_block(plan, stage, inside), _policy(plan, stage, at_once)) for _ in range(stage.depth)]
        self.trunk = nn.ModuleList(trunk)
        self.fire_tokens = neuron() if plan.fire_last == "before-mean" else nn.Identity()
        self.fire_mean = neuron() if plan.fire_last == "behind-mean" else None
        self.readout = Readout(stages[-1].width, classes, norm=plan.norm_readout)

    def look(self, pictures: Tensor) -> Looking:
        """Logits and token scores of still pictures ``[B, C, H, W]`` or frames ``[T, B, C, H, W]``."""
        signal = present_to(self.embedding, self.first, pictures, self.steps)
        if self.compress:
            signal = signal.sum(0, keepdim=True)
        scores: list[Tensor] = []
        for layer in self.trunk:
            if isinstance(layer, Selected):
                signal, found = layer(signal)
                scores += [] if found is None else [found]
            else:
                signal = layer(signal)
        signal = self.fire_tokens(signal)
        if self.fire_mean is not None:
            signal = self.fire_mean(signal.flatten(3).mean(3))
        return Looking(self.readout(signal), scores)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits ``[T, B, K]`` of still pictures ``[B, C, H, W]`` or frames ``[T, B, C, H, W]``."""
        return self.look(pictures).logits


def _check(plan: TransformerPlan, steps: int) -> None:
    if not plan.stages:
        raise ArchitectureError("a Transformer needs at least one stage")
    if plan.shortcut == "spiking":
        raise ArchitectureError("a Transformer needs an identity shortcut; use 'ms' or one of 'sew-*'")
    if plan.tokens not in get_args(Tokens):
        raise ArchitectureError(f"unknown token policy {plan.tokens!r}; use one of {', '.join(get_args(Tokens))}")
    if steps < 1 or plan.chunk < 1 or steps % plan.chunk:
        raise ArchitectureError(f"{steps} steps cannot be cut into chunks of {plan.chunk}; choose a divisor")
    if plan.tokens != "all" and any(Stage(*stage).mixer == "depthwise" for stage in plan.stages):
        raise ArchitectureError("a depthwise mixer needs every token's neighbours; keep all tokens")


def _compensated(neuron: NeuronFactory, levels: int) -> NeuronFactory:
    def make(*, threshold: float = 1.0) -> nn.Module:  # it has thresholds of its own
        return Compensation(neuron, levels)

    return make


def _policy(plan: TransformerPlan, stage: Stage, steps: int) -> TokenPolicy | None:
    match plan.tokens:
        case "all":
            return None
        case "information-retaining":
            return InformationRetaining(plan.keep)
        case "anchor":
            return AnchorToken(stage.width, plan.keep, steps)


def _block(plan: TransformerPlan, stage: Stage, neuron: NeuronFactory) -> nn.Sequential:
    """A mixer and a feed-forward layer, each with a residual connection of its own."""
    width = stage.width
    mixer: list[nn.Module] = []
    if stage.mixer == "depthwise":
        mixer.append(Residual(ConvNorm(width, width, 3, groups=width), plan.shortcut, neuron))
    elif stage.mixer != "identity":
        attention = SpikingAttention(
            width,
            stage.mixer,
            neuron,
            heads=plan.heads,
            scale=plan.scale,
            gate=plan.gate,
            chunk=plan.chunk,
            inner=plan.inner,
        )
        mixer.append(Residual(attention, plan.shortcut, neuron))
    if plan.gated:
        forward: nn.Module = GatedFeedForward(width, plan.ratio, neuron)
    else:
        forward = Chain(ConvNorm(width, plan.ratio * width), neuron(), ConvNorm(plan.ratio * width, width))
    return nn.Sequential(*mixer, Residual(forward, plan.shortcut, neuron))
