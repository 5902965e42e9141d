"""What was seen, as a belief: log-probabilities over the values of a domain, slot by slot."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .domain import Domain
from .errors import DomainError

if TYPE_CHECKING:  # who gives a tensor has loaded torch
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class Symbols:
    """Belief over ``N`` slots with ``K`` values each, in log space.

    Args:
        domain: The ``K`` values.
        log_probs: ``[B, N, K]``, each last axis a distribution (its exponentials sum to one).
        names: What each slot is called in a program, such as ``img1``; None if slots are numbered from 0.

    Raises:
        DomainError: if the shape does not fit the domain, a value is NaN, a row does not sum to one, or the names are
            not one for each slot.
    """

    domain: Domain
    log_probs: "Tensor"
    names: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.log_probs.shape)
        if len(shape) != 3 or shape[2] != len(self.domain):
            raise DomainError(f"symbols of '{self.domain.name}' need [B, N, {len(self.domain)}], got {list(shape)}")
        if self.names is not None and (len(self.names) != shape[1] or len(set(self.names)) < shape[1]):
            raise DomainError(
                f"{shape[1]} slots of '{self.domain.name}' need as many names, each once, got {list(self.names)}"
            )
        total = self.log_probs.detach().exp().sum(dim=2)
        if not bool(((total - 1).abs() <= 1e-3).all()):
            if bool(total.isnan().any()):
                raise DomainError(f"symbols of '{self.domain.name}' hold NaN; check the perception network's output")
            raise DomainError(f"symbols of '{self.domain.name}' are no distributions; apply log_softmax first")

    @property
    def batch(self) -> int:
        """The number of samples, ``B``."""
        return self.log_probs.shape[0]

    @property
    def slots(self) -> int:
        """The number of slots, ``N``."""
        return self.log_probs.shape[1]

    def most_likely(self) -> "Tensor":
        """Class numbers of the most likely values, ``[B, N]``."""
        return self.log_probs.argmax(dim=2)
