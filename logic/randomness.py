"""Where randomness comes from: a generator of the caller's, or the number that seeds one."""

import torch

from .errors import NeurosymError


class SeedError(NeurosymError, TypeError):
    """What is neither a generator nor the seed of one."""


Seed = torch.Generator | int
"""A generator, which goes on where it is, or the seed of a new one on the CPU."""


def to_generator(seed: Seed) -> torch.Generator:
    """The generator that is meant.

    Raises:
        SeedError: if it is neither a generator nor a whole number.

    Example:
        >>> torch.rand(1, generator=to_generator(0)) == torch.rand(1, generator=torch.Generator().manual_seed(0))
        tensor([True])
    """
    if isinstance(seed, torch.Generator):
        return seed
    if isinstance(seed, int) and not isinstance(seed, bool):  # pyright: ignore[reportUnnecessaryIsInstance]
        return torch.Generator().manual_seed(seed)
    raise SeedError(f"randomness comes from a torch.Generator or a whole number, got {seed!r}")
