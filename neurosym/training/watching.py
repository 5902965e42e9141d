"""What goes wrong in a training without an error: guessing, one answer for everything, layers that never fire.

Looked at when a quarter of the steps is done and after the last, unless there are too few to tell.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from itertools import islice
from math import log
from typing import Any, cast

import torch
from torch import Tensor, nn

from perception.neurons import Neuron

from ..samples import Batch
from .examples import Pairs, Source
from .labelled import Labelled, TwoLabels
from .savings import Trainable, log_probability

ENOUGH_STEPS = 200  # before which nothing is said
_EARLY = 0.25  # part of all steps, after which a training that still guesses is told
_GUESSING = 0.97  # part of the loss of guessing that is as good as guessing
_SILENT = 0.9  # part of the channels of a layer
_LOOKED_AT = 4  # batches
_SAMPLES = 16  # that may have less classes by chance alone


class TrainingWarning(UserWarning):
    """A training that learned nothing, or only a part of what it should; the text says what to try."""


class Watch:
    """Follows a training and warns at most once of each kind.

    Args:
        model: What is trained.
        network: Its weights.
        source: The samples.
        steps: Of the whole training.
    """

    def __init__(self, model: Trainable, network: nn.Module, source: Source, steps: int) -> None:
        self._model, self._network, self._source, self._steps = model, network, source, steps
        self._guessing = loss_of_guessing(source)
        self._told = set[str]()

    def look(self, loss: float, done: int) -> None:
        """After an epoch with this mean loss, and so many steps.

        Warns:
            TrainingWarning: if the network guesses, always says the same, or has layers that never fire.
        """
        last = done >= self._steps
        if done < ENOUGH_STEPS or not (last or done >= _EARLY * self._steps):
            return
        guesses = self._guessing is not None and loss >= _GUESSING * self._guessing
        if not (last or guesses):
            return
        silent, answers = self._look_at_network()
        reason = f"; {silent}" if silent else ""
        if guesses:
            self._tell(
                "guessing",
                f"after {done:,} steps the loss is {loss:.3g}, no better than that of guessing ({self._guessing:.3g}); "
                f"look at whether answers belong to their pictures, try another learning rate or model{reason}",
            )
        elif silent:
            self._tell("silent", silent)
        if last and answers:
            self._tell("collapse", answers)

    def _tell(self, kind: str, text: str) -> None:
        if kind not in self._told:
            self._told.add(kind)
            warnings.warn(text, TrainingWarning, stacklevel=4)

    @torch.no_grad()
    def _look_at_network(self) -> tuple[str, str]:
        """One sentence each on layers that never fire and on answers that are always the same; empty if all is well."""
        rates: dict[str, Tensor] = {}

        def watch(name: str) -> Any:
            def hook(_layer: nn.Module, _inputs: object, spikes: Tensor) -> None:
                moved = (spikes.detach() != 0).transpose(0, 2 if spikes.ndim > 2 else 0).flatten(1).any(1)
                rates[name] = rates[name] | moved if name in rates and rates[name].shape == moved.shape else moved

            return hook

        layers = {name: layer for name, layer in self._network.named_modules() if isinstance(layer, Neuron)}
        hooks = [layer.register_forward_hook(watch(name)) for name, layer in layers.items()]
        modes = {module: module.training for module in self._network.modules()}
        seen, asked = list[int](), list[Any]()
        try:
            self._network.eval()
            device = next(self._network.parameters()).device
            for examples in islice(self._source.batches(), _LOOKED_AT):
                examples = examples.to(device)
                if isinstance(self._model, Labelled) and isinstance(examples, Pairs):
                    seen += self._model.logits(examples.pictures).mean(0).argmax(1).tolist()
                    asked += examples.answers
                else:
                    log_probability(self._model, examples, 0.0)
        finally:
            for hook in hooks:
                hook.remove()
            for module, mode in modes.items():
                module.training = mode
        return _silent_layers(rates), _collapsed(seen, asked)


def _silent_layers(fired: dict[str, Tensor]) -> str:
    silent = {name: float((~one).float().mean()) for name, one in fired.items()}
    worst = [name for name, share in silent.items() if share >= _SILENT]
    if not worst:
        return ""
    told = ", ".join(f"{name!r} ({silent[name]:.0%} of its channels)" for name in worst[:3])
    more = f" and {len(worst) - 3} more layers" if len(worst) > 3 else ""
    return f"layers never fire: {told}{more}; revive() brings them back, see also another seed or learning rate"


def _collapsed(seen: Sequence[int], asked: Sequence[Any]) -> str:
    labels = set(asked)
    if len(seen) < _SAMPLES or len(labels) < 2 or len(set(seen)) > 1:
        return ""
    return (
        f"the network sees class {seen[0]} in all of {len(seen)} training pictures, which have {len(labels)} classes; "
        f"try another seed or learning rate, or more steps"
    )


def loss_of_guessing(source: Source) -> float | None:
    """The least mean loss of one belief for all samples, whatever they show; none if their answers are not at hand.

    That is the entropy of the answers, in nats.
    """
    held = getattr(source, "all", None)
    if not isinstance(held, Pairs | Batch) or (isinstance(held, Batch) and len(held.groups) != 1):
        return None  # read as they are needed, or asked different things
    answers = [one.first if isinstance(one, TwoLabels) else one for one in cast("Sequence[Any]", held.answers)]
    try:
        counts = Counter(answers)
    except TypeError:  # answers that are lists
        return None
    if len(counts) < 2:
        return None
    return -sum(count / len(answers) * log(count / len(answers)) for count in counts.values())
