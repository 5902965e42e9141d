"""Statistics of batch norms that belong to the weights as they are, after trainings too short for running ones.

A running mean forgets its start as ``(1 - momentum)^n`` and lags behind the weights; after some hundred steps neither
matters. Before, the statistics are taken anew over the training pictures, as for averaged weights.

References:
    Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, "Averaging Weights Leads to Wider Optima and Better
    Generalization", UAI 2018, section 3.2 (``update_bn``).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from perception import settle_norms

from .savings import Trainable

ENOUGH_STEPS = 200  # of the usual momentum 0.1: 0.9^200 < 1e-9 of the start is left, and the cosine is nearly down


def settle(model: Trainable, network: nn.Module, pictures: Tensor, answers: Sequence[Any], batch: int) -> None:
    """Gives the norms of a network the mean statistics of all batches of the training pictures, without changes.

    Args:
        model: Looks at the pictures.
        network: Whose norms; it is left in training.
        pictures: ``[M, ...]``, as ``model.log_probability`` takes them.
        answers: ``M`` answers.
        batch: Pictures a run; more or fewer at the end, never one alone.
    """
    device = next(network.parameters()).device

    def look(part: Tensor) -> None:
        model.log_probability(pictures[part].to(device), [answers[i] for i in part.tolist()])

    parts = torch.arange(len(answers)).tensor_split(max(1, len(answers) // batch))
    network.train()
    settle_norms(network, *(partial(look, part) for part in parts))
