"""Statistics of batch norms that belong to the weights as they are, after trainings too short for running ones.

A running mean forgets its start as ``(1 - momentum)^n`` and lags behind the weights; after some hundred steps neither
matters. Before, the statistics are taken anew over the training pictures, as for averaged weights.

References:
    Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, "Averaging Weights Leads to Wider Optima and Better
    Generalization", UAI 2018, section 3.2 (``update_bn``).
"""

from torch import nn

from perception import settle_norms

from .examples import Source
from .savings import Trainable, log_probability

ENOUGH_STEPS = 200  # of the usual momentum 0.1: 0.9^200 < 1e-9 of the start is left, and the cosine is nearly down


def settle(model: Trainable, network: nn.Module, source: Source, impossible: float | None = None) -> None:
    """Gives the norms of a network the mean statistics of all batches of the training samples, without changes.

    Args:
        model: Looks at the samples.
        network: Whose norms; it is left in training.
        source: The samples, in their own order and in parts none of which is small.
        impossible: What a sample costs whose answer no world gives; an error if left out.
    """
    device = next(network.parameters()).device
    parts = source.batches()

    def look() -> None:
        log_probability(model, next(parts).to(device), impossible)

    network.train()
    settle_norms(network, *[look] * source.parts)
