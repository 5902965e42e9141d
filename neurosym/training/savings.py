"""How a batch becomes gradients: in one go, in parts, in lower precision, or with less kept in memory."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

import torch
from torch import Tensor, nn

from perception import packed_activations, recomputed
from perception.networks.perception import Perception

from ..model import Model
from .errors import TrainingError
from .examples import Examples, Pairs
from .labelled import Labelled


class Trainable(Protocol):
    """What can be trained: a perception network, and the log-probability of answers given pictures."""

    @property
    def perception(self) -> nn.Module | Perception:
        """The network whose weights are learned."""
        ...

    def log_probability(self, pictures: Tensor, answers: Sequence[Any], /) -> Tensor:
        """Log-probability ``[B]`` of ``B`` answers, given pictures ``[B, ...]``; training makes it larger."""
        ...


@dataclass(frozen=True)
class Savings:
    """What training may spend less memory or time on.

    ``pack`` and ``recompute`` change nothing in the gradients. ``parts`` changes nothing but for batch norms, which
    see a part at a time. ``precision`` and ``steps_back`` do change them.

    Args:
        parts: Into how many parts a batch is split, whose gradients are added up.
        precision: Of convolutions and matrix products; ``bfloat16`` takes half the memory and, where the processor
            knows it, less time, elsewhere far more; ``auto`` takes it where it is the faster. Weights, neurons of ours
            and losses stay ``float32``.
        pack: Whether spikes that wait for the backward pass are packed to bits.
        recompute: Whether each block of the network keeps its input only.
        steps_back: Train step by step without gradients through time, and send so many random steps back (SLTT-K);
            none for ordinary training through time.

    Raises:
        TrainingError: if they make no sense.

    Example:
        >>> Savings(parts=4, precision="auto")
        Savings(parts=4, precision='auto', pack=False, recompute=False, steps_back=None)
    """

    parts: int = 1
    precision: Literal["float32", "bfloat16", "auto"] = "float32"
    pack: bool = False
    recompute: bool = False
    steps_back: int | None = None

    def __post_init__(self) -> None:
        if self.parts < 1 or (self.steps_back is not None and self.steps_back < 1):
            raise TrainingError(f"parts and steps_back must be at least 1, got {self.parts} and {self.steps_back}")
        if self.precision not in ("float32", "bfloat16", "auto"):
            raise TrainingError(f"unknown precision {self.precision!r}; choose float32, bfloat16 or auto")
        if self.recompute and self.steps_back is not None:
            raise TrainingError("step by step there is nothing to recompute; choose recompute or steps_back")


@contextmanager
def cheaper(network: nn.Module, savings: Savings) -> Generator[None]:
    """Within it, forward and backward passes of the network spend less.

    Raises:
        TrainingError: if blocks shall be recomputed and the network has none.
    """
    device = next(network.parameters()).device.type
    short = savings.precision == "bfloat16" or (savings.precision == "auto" and _multiplies_bfloat16(device))
    with ExitStack() as stack:
        if savings.recompute:
            stack.enter_context(recomputed(blocks(network)))
        if savings.pack:
            stack.enter_context(packed_activations())
        stack.enter_context(torch.autocast(device, torch.bfloat16, enabled=short))
        yield


def _multiplies_bfloat16(device: str) -> bool:
    """Whether a kind of device multiplies bfloat16 itself; an emulation is slower than float32."""
    if device == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    known: Mapping[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # older torch cannot say
    return device == "cpu" and any(known.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def blocks(network: nn.Module) -> list[nn.Module]:
    """The blocks of a network: the members of its parts called ``blocks`` and the sequences in its ``trunk``.

    Raises:
        TrainingError: if there are none.
    """
    found = [
        block
        for path, part in network.named_modules()
        for block in part.children()
        if path.split(".")[-1] == "blocks" or (path.split(".")[-1] == "trunk" and isinstance(block, nn.Sequential))
    ]
    if not found:
        raise TrainingError(f"{type(network).__name__} has no blocks that could be recomputed; train without recompute")
    return found


def learned(model: Trainable) -> nn.Module:
    """All that training changes: the network of a model, or the model itself if it has several."""
    return cast(nn.Module, getattr(model, "learned", None) or model.perception)


def log_probability(model: Trainable, examples: Examples, impossible: float | None = None) -> Tensor:
    """Log-probability ``[B]`` of the answers of some samples.

    Raises:
        TrainingError: if what is trained takes pictures and answers only, and they are samples with queries.
    """
    if isinstance(examples, Pairs):
        return model.log_probability(examples.pictures, examples.answers)
    if isinstance(model, Model):
        return model.log_probability(examples, impossible=impossible)
    raise TrainingError(
        f"a {type(model).__name__} is trained on pictures and answers, not on samples with queries of their own; "
        f"give fit(model, pictures, answers)"
    )


def _of_several(model: Trainable, examples: Examples, impossible: float | None) -> Tensor:
    """As :func:`log_probability`; that one sample has no statistics is said in one sentence."""
    try:
        return log_probability(model, examples, impossible)
    except ValueError as fault:
        if len(examples) > 1 or "more than 1 value per channel" not in str(fault):
            raise
        raise TrainingError(
            "a batch of one sample has no statistics for batch norms; give more samples, larger batches, or a loader "
            "with drop_last=True"
        ) from None


def add_gradients(
    model: Trainable,
    examples: Examples,
    savings: Savings,
    whole: int,
    generator: torch.Generator,
    impossible: float | None = None,
) -> float:
    """Adds the gradients of a batch, or of a process's share of it, and returns the sum of the samples' losses.

    Args:
        model: Gradients are added to those of what it learns.
        examples: The share.
        savings: What to spend less on.
        whole: Number of samples of the whole batch, over which the loss is averaged.
        generator: Source of all randomness.
        impossible: What a sample costs whose answer no world gives; an error if left out.
    """
    total = 0.0
    parts = min(savings.parts, len(examples))
    if not parts:
        return total
    for chosen in torch.arange(len(examples)).tensor_split(parts):
        part = examples.part(chosen.tolist()) if parts > 1 else examples
        if savings.steps_back is not None:
            if not isinstance(model, Labelled) or not isinstance(part, Pairs):
                raise TrainingError("only training on labels works step by step; train rules with all steps at once")
            total += model.send_back_online(
                part.pictures, part.answers, scale=1 / whole, steps_back=savings.steps_back, generator=generator
            )
            continue
        losses = -_of_several(model, part, impossible)
        (losses.sum() / whole).backward()
        total += float(losses.detach().sum())
    return total
