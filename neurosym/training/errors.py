"""What can go wrong in training."""

from logic import NeurosymError


class Interrupted(NeurosymError):
    """Training was interrupted; the text says how to go on."""


class TrainingError(NeurosymError, ValueError):
    """Training data that do not fit together, settings that make no sense, or a loss that is no number."""
