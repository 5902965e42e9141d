"""Any module over time as a perception of recordings: spike trains ``[M, T, N]``, frames ``[M, T, C, H, W]``."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from logic import Domain, Symbols

from ..architectures import recorded_spikes
from ..integers import IntegerFormError, LayerGraph
from ..networks.neural import Neural
from ..networks.percept import Percept
from ..networks.perception import PerceptionError
from .module_layers import module_to_layers

_FRAMES = 5  # axes of pictures over time
Over = Literal["mean", "last", "max"]
"""How logits of all steps become one: their mean, those of the last step, or the largest of each value."""


class SequenceClassifier(Neural):
    """A module over time as a perception: it maps ``[T, M, ...]`` to logits of each step, ``[T, M, K]``.

    Trained like any perception: ``fit(Labelled(SequenceClassifier(module, 20)), trains, labels)`` for spike trains
    ``[M, T, N]``, or by rules in a :class:`neurosym.Model`.

    Args:
        module: Of layers of ours and :class:`perception.TimeDistributed` ones; see ``neurosym/docs/layers.md``.
        domain: The ``K`` values, in the order of the module's outputs, or how many.
        over: How the logits of all steps become one belief; training by labels takes their mean.
        shape: Of a recording, ``(T, N)`` or ``(T, C, H, W)``; needed for the integer form alone.

    Raises:
        PerceptionError: if it is no module.

    Example:
        >>> from perception import LeakyIntegrateAndFire, Recurrent, TimeDistributed
        >>> module = nn.Sequential(
        ...     TimeDistributed(nn.Linear(70, 32)), Recurrent(LeakyIntegrateAndFire(0.9), nn.Linear(32, 32)),
        ...     TimeDistributed(nn.Linear(32, 20)),
        ... )
        >>> hearing = SequenceClassifier(module, 20)
        >>> trains = torch.zeros(8, 1, 100, 70)  # eight samples of one slot: 100 steps of 70 channels
        >>> hearing(trains).symbols.log_probs.shape, hearing.logits(trains).shape
        (torch.Size([8, 1, 20]), torch.Size([100, 8, 20]))
    """

    def __init__(
        self,
        module: nn.Module,
        domain: Domain | int,
        over: Over = "mean",
        *,
        shape: Sequence[int] | None = None,
    ) -> None:
        super().__init__(module, domain)
        if over not in get_args(Over):
            raise PerceptionError(f"logits over time become one by {', '.join(get_args(Over))}, got {over!r}")
        self.over: Over = over
        self.shape = None if shape is None else tuple(shape)

    def layer_graph(self) -> LayerGraph:
        """Its layers with real weights, norms folded, to be made whole numbers; see :func:`perception.quantise`.

        Raises:
            IntegerFormError: if the shape of a recording is not known, or parts have no integer form; they are named.
        """
        if self.shape is None or self.over != "mean":
            raise IntegerFormError(
                "a SequenceClassifier has an integer form if it takes the mean over time and knows the shape of a "
                "recording; make it with shape=(T, N) or shape=(T, C, H, W)"
            )
        weight = next(self.module.parameters())
        example = torch.zeros(self.shape[0], 1, *self.shape[1:], dtype=weight.dtype, device=weight.device)
        training = self.module.training
        self.module.eval()
        try:
            return module_to_layers(self.module, example)
        finally:
            self.module.train(training)

    def logits(self, pictures: Tensor) -> Tensor:
        """Logits of each step, ``[T, B * N, K]``, of recordings ``[B, N, T, ...]``.

        Raises:
            PerceptionError: if the module gives something else.
        """
        if pictures.ndim < 4:
            raise PerceptionError(
                f"recordings have the axes [samples, slots, steps, ...], got shape {list(pictures.shape)}; give spike "
                f"trains [M, T, N] with labels to fit(Labelled(...), trains, labels), else as trains[:, None]"
            )
        shown = as_signal(pictures.flatten(0, 1).transpose(0, 1))
        found: object = self.module(shown)
        wanted = [*shown.shape[:2], len(self.domain)]
        if not isinstance(found, Tensor) or list(found.shape) != wanted:
            gave = list(found.shape) if isinstance(found, Tensor) else f"a {type(found).__name__}"
            raise PerceptionError(
                f"the {type(self.module).__name__} gave {gave}, expected logits of each step {wanted}: steps, samples "
                f"and the values of '{self.domain.name}'"
            )
        return found.float()

    def forward(self, pictures: Tensor, *others: Tensor) -> Percept:
        """What is perceived in recordings ``[B, N, T, ...]``; the percept's spikes are those of all neurons.

        Raises:
            PerceptionError: as for :meth:`logits`.
        """
        if others:
            raise PerceptionError(
                "a SequenceClassifier takes one recording for each slot; join several inputs into one"
            )
        with recorded_spikes(self.module) as spikes:
            logits = self.logits(pictures)
        one = logits.mean(0) if self.over == "mean" else logits[-1] if self.over == "last" else logits.amax(0)
        log_probs = one.log_softmax(1).unflatten(0, pictures.shape[:2])
        return Percept(Symbols(self.domain, log_probs), spikes)


def as_signal(recordings: Tensor) -> Tensor:
    """Recordings ``[T, M, ...]`` as floats: bytes of pictures ``[T, M, C, H, W]`` are brightness, others counts."""
    if recordings.is_floating_point():
        return recordings
    brightness = recordings.dtype == torch.uint8 and recordings.ndim == _FRAMES
    return recordings.to(torch.get_default_dtype()) / (255 if brightness else 1)
