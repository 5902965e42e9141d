"""Training on plain labels: a perception network and what makes it better at naming single pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from perception import step_by_step
from perception.networks.perception import check_perception

from .errors import TrainingError


class Stepwise(Protocol):
    """A perception network that tells its logits step by step."""

    def logits(self, pictures: Tensor) -> Tensor:
        """Logits ``[T, B * N, K]`` of pictures ``[B, N, C, H, W]`` or frames ``[B, N, T, C, H, W]``."""
        ...


class TwoLabels(NamedTuple):
    """What a picture that is blended of two shows.

    Args:
        first: A class number.
        second: Another.
        share: Of the first, from 0 to 1; the rest is the second's.
    """

    first: int
    second: int
    share: float


@dataclass(frozen=True, eq=False)
class Labelled:
    """A network to be trained on class numbers by cross-entropy.

    ``mean``: of the logits averaged over time. ``tet``: ``(1 - l) mean_t CE(o[t], y) + l mean (o - 1)^2`` with
    ``l = regularity``, each step for itself, so that a network trained with T steps also works with fewer.

    Args:
        perception: Its weights are learned; any perception, or any module with a method ``logits``.
        objective: ``mean`` or ``tet``.
        smoothing: Probability that the target gives to all classes alike.
        regularity: Weight of the term that keeps all logits near 1, for ``tet``.

    Raises:
        TrainingError: if the objective makes no sense for the network.
        PerceptionError: if it is no perception.

    Example:
        >>> from neurosym import DIGITS, SpikingClassifier, fit
        >>> network = SpikingClassifier(DIGITS, 0)
        >>> pictures = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> fit(Labelled(network), pictures, [3, 1, 4, 1], epochs=1)  # doctest: +ELLIPSIS
        History(1 epoch, loss 2...)

    References:
        Deng et al., "Temporal Efficient Training of Spiking Neural Network via Gradient Re-weighting", ICLR 2022.
    """

    perception: nn.Module
    objective: Literal["mean", "tet"] = "mean"
    smoothing: float = 0.0
    regularity: float = 1e-3

    def __post_init__(self) -> None:
        check_objective(self.objective, self.smoothing, self.regularity)
        if not self._stepwise:
            check_perception(self.perception)
            if self.objective == "tet":
                raise TrainingError(
                    f"a {type(self.perception).__name__} does not tell its logits step by step; train by the mean"
                )

    @property
    def _stepwise(self) -> bool:
        return callable(getattr(self.perception, "logits", None))

    def log_probability(self, pictures: Tensor, answers: Sequence[int | TwoLabels]) -> Tensor:
        """Minus the loss of each sample, ``[B]``.

        Args:
            pictures: ``[B, C, H, W]``, or frames ``[B, T, C, H, W]``.
            answers: ``B`` class numbers, or two each with their shares.
        """
        logits = self.logits(pictures)
        return -self.losses(logits, _targets(answers, logits))

    def logits(self, pictures: Tensor) -> Tensor:
        """Logits ``[T, B, K]`` of pictures ``[B, C, H, W]`` or frames ``[B, T, C, H, W]``.

        A network that tells none has its beliefs, as if of one step.
        """
        if not self._stepwise:
            return self.perception(pictures[:, None]).symbols.log_probs[None, :, 0]
        network: Stepwise = self.perception  # pyright: ignore[reportAssignmentType] - seen to in __post_init__
        return network.logits(pictures[:, None]).float()

    def losses(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss of each sample, ``[B]``, from logits ``[T, B, K]`` and class numbers ``[B]`` or shares."""
        if self.objective == "mean":
            return functional.cross_entropy(logits.mean(0), labels, reduction="none", label_smoothing=self.smoothing)
        steps = len(logits)
        by_step = functional.cross_entropy(
            logits.flatten(0, 1),
            labels.repeat(steps, *[1] * (labels.ndim - 1)),
            reduction="none",
            label_smoothing=self.smoothing,
        )
        entropy = by_step.unflatten(0, (steps, -1)).mean(0)
        return (1 - self.regularity) * entropy + self.regularity * (logits - 1).square().mean((0, 2))

    def send_back_online(
        self,
        pictures: Tensor,
        answers: Sequence[int | TwoLabels],
        *,
        scale: float,
        steps_back: int,
        generator: torch.Generator,
    ) -> float:
        """Adds the gradients of single steps (SLTT-K) and returns the sum of the samples' losses.

        Of all steps, ``steps_back`` random ones are sent back, weighted so that the expectation is that of all.

        Args:
            pictures: ``[B, C, H, W]``, shown at each step, or frames ``[B, T, C, H, W]``.
            answers: ``B`` class numbers.
            scale: What each sample's loss is multiplied with before it is sent back.
            steps_back: K; at most T.
            generator: Source of the choice.

        Raises:
            TrainingError: if there are fewer steps than ``steps_back``, or the network is not a stepwise one.
            OnlineError: if the network has no neurons that can be stepped.
        """
        network, steps = getattr(self.perception, "network", None), getattr(self.perception, "steps", 0)
        if not isinstance(network, nn.Module):
            raise TrainingError(
                f"{type(self.perception).__name__} cannot be trained step by step; use a SpikingVision, or all steps"
            )
        frames = pictures.unbind(1) if pictures.ndim == 5 else [pictures] * int(steps)
        if not 1 <= steps_back <= len(frames):
            raise TrainingError(f"{steps_back} of {len(frames)} steps cannot be sent back; choose 1 to {len(frames)}")
        chosen = set(torch.randperm(len(frames), generator=generator)[:steps_back].tolist())
        total = 0.0
        with step_by_step(network) as runner:
            for step, frame in enumerate(frames):
                with torch.set_grad_enabled(step in chosen):
                    logits = runner(frame).float()[None]
                    losses = self.losses(logits, _targets(answers, logits))
                if step in chosen:
                    (losses.sum() * (scale / steps_back)).backward()
                total += float(losses.detach().sum()) / len(frames)
        return total


def check_objective(objective: str, smoothing: float, regularity: float = 0.0) -> None:
    """Whether an objective makes sense, before any network is at hand.

    Raises:
        TrainingError: if not.
    """
    if objective not in ("mean", "tet"):
        raise TrainingError(f"unknown objective {objective!r}; choose mean or tet")
    if not (0 <= smoothing < 1 and 0 <= regularity < 1):
        raise TrainingError(f"smoothing and regularity lie in [0, 1), got {smoothing} and {regularity}")


def class_numbers(labels: Sequence[Any]) -> list[Any]:
    """Labels as class numbers: of one-hot rows the place of the one, of floats the number if it is whole.

    Args:
        labels: Numbers, rows of numbers, or :class:`TwoLabels`, which stay.

    Raises:
        TrainingError: if a row is not one-hot or a number not whole.

    Example:
        >>> class_numbers([[0, 0, 1], [1.0, 0.0, 0.0], [2], 1.0])
        [2, 0, 2, 1]
    """
    return [_class_number(one, place) for place, one in enumerate(labels)]


def _class_number(label: Any, place: int) -> Any:
    if isinstance(label, list):
        row = cast("list[Any]", label)
        if len(row) == 1:
            return _class_number(row[0], place)
        if sorted(set(row)) != [0, 1] or sum(row) != 1:
            raise TrainingError(
                f"label {place} is a row of {len(row)} numbers that is not one-hot; give class numbers [M], or rows "
                f"with a single 1"
            )
        return row.index(1)
    if isinstance(label, float):
        if not label.is_integer():
            raise TrainingError(f"{label:g} is no class number (label {place}); give whole numbers from 0 on")
        return int(label)
    return label


def _targets(answers: Sequence[int | TwoLabels], logits: Tensor) -> Tensor:
    """Class numbers ``[B]``, or the shares of all classes ``[B, K]`` if any sample has two, where the logits are."""
    classes, known = logits.shape[-1], class_numbers(answers)
    both = [answer if isinstance(answer, TwoLabels) else TwoLabels(answer, answer, 1.0) for answer in known]
    for label in {label for answer in both for label in answer[:2]}:
        if label not in range(classes):
            raise TrainingError(f"{label!r} is no class number; the network has the classes 0 to {classes - 1}")
    first, second = (torch.tensor([int(answer[place]) for answer in both]) for place in (0, 1))
    if torch.equal(first, second):
        return first.to(logits.device)
    share = torch.tensor([answer.share for answer in both])[:, None]
    mixed = share * functional.one_hot(first, classes) + (1 - share) * functional.one_hot(second, classes)
    return mixed.to(logits.device)
