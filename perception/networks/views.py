"""One belief from several views: a picture is looked at nine times, shifted by a pixel each way, and the mean taken."""

import torch
from torch import Tensor

from .perception import Perception

SHIFTS = (-1, 0, 1)  # pixels, down and right


@torch.no_grad()
def see_views(reader: Perception, pictures: Tensor) -> Tensor:
    """Log-probabilities ``[M, K]``, float64, of the mean belief over nine shifted views of each picture.

    Args:
        reader: In evaluation mode, reads one picture at a time.
        pictures: ``[M, C, H, W]``, with a margin that may be cut.
    """
    views = torch.stack([pictures.roll((down, right), (2, 3)) for down in SHIFTS for right in SHIFTS])
    return reader(views).symbols.log_probs.double().logsumexp(dim=0).log_softmax(dim=1)
