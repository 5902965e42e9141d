"""Any torch module as a perception: what it gives for its inputs is a belief over the values of a domain."""

import torch
from torch import Tensor, nn

from logic import Domain, Symbols

from .percept import Percept
from .perception import PerceptionError, to_domain

_SURE = 1e-4  # by how much a row of probabilities may miss one


class Neural(nn.Module):
    """A plain torch module as a perception: it maps ``[M, ...]`` to logits or log-probabilities ``[M, K]``.

    ``log_softmax`` is always applied. It changes nothing about log-probabilities, so either may be given; a module that
    ends in a softmax is refused, since its probabilities are neither.

    Args:
        module: Called with one tensor for each input that the program names, ``nn(net, [X, Y], Z, [...])`` calls
            ``module(x, y)``; samples and slots are merged along the first axis.
        domain: The ``K`` values, in the order of the module's outputs, or how many.

    Raises:
        PerceptionError: if it is no module.

    Example:
        >>> less = Neural(nn.Bilinear(3, 3, 2), Domain("less", ["no", "yes"]))
        >>> less(torch.zeros(5, 4, 3), torch.ones(5, 4, 3)).symbols.log_probs.shape  # five samples of four pairs
        torch.Size([5, 4, 2])
    """

    def __init__(self, module: nn.Module, domain: Domain | int) -> None:
        super().__init__()
        if not isinstance(module, nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
            raise PerceptionError(
                f"a {type(module).__name__} is no torch.nn.Module; give one that returns logits [M, K]"
            )
        self.domain = to_domain(domain)
        self.module = module

    def forward(self, pictures: Tensor, *others: Tensor) -> Percept:
        """What is seen in inputs ``[B, N, ...]`` of any kind, one for each argument of the module.

        Bytes are brightness, as for all perceptions: 255 is 1. Numbers of classes are whole numbers of 64 bits.

        Raises:
            PerceptionError: if the module gives no ``[M, K]``, or probabilities instead of logits.
        """
        batch, slots = pictures.shape[:2]
        found = self.module(*[_bright(one.flatten(0, 1)) for one in (pictures, *others)])
        log_probs = self._checked(found, batch * slots).log_softmax(dim=1)
        return Percept(Symbols(self.domain, log_probs.unflatten(0, (batch, slots))), {})

    def _checked(self, found: object, samples: int) -> Tensor:
        kind, wanted = type(self.module).__name__, [samples, len(self.domain)]
        if not isinstance(found, Tensor) or list(found.shape) != wanted or not found.is_floating_point():
            gave = f"{found.dtype} {list(found.shape)}" if isinstance(found, Tensor) else f"a {type(found).__name__}"
            raise PerceptionError(
                f"the {kind} gave {gave} for {samples} inputs, expected logits {wanted}: one for each of the "
                f"{len(self.domain)} values of '{self.domain.name}'"
            )
        told = found.detach()
        if samples and float(told.amin()) >= 0 and bool(((told.sum(dim=1) - 1).abs() < _SURE).all()):
            raise PerceptionError(
                f"the {kind} gave probabilities: no number is below 0 and each row sums to 1; "
                f"leave out its softmax, or return the logarithms"
            )
        return found.float() if found.dtype in (torch.float16, torch.bfloat16) else found


def _bright(given: Tensor) -> Tensor:
    return given.to(torch.get_default_dtype()) / 255 if given.dtype == torch.uint8 else given
