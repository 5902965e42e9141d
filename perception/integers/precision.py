"""How many bits weights and membranes have: a number, or what a named chip gives them."""

from typing import NamedTuple

import torch
from torch import Tensor

from logic import INPUT
from logic.chips import find_chip

from ..neurons import IntegerForm
from .layer_graph import BRIGHTEST, Code, IntegerFormError, Layer

_USUAL = 8
_MOST_BITS = 16  # of a weight


class Precision(NamedTuple):
    """Bits of whole numbers, sign included.

    Args:
        weight: Of a weight.
        membrane: Of a membrane, whatever the picture; none for as many as it takes.
    """

    weight: int = _USUAL
    membrane: int | None = None

    @property
    def largest_membrane(self) -> int | None:
        """The largest number that a membrane holds, on either side of zero."""
        return None if self.membrane is None else 2 ** (self.membrane - 1) - 1


def precision_of(wanted: int | str) -> Precision:
    """Bits of a weight, or those of a chip by name, on the scale of whole weights that the chip multiplies by its own.

    Raises:
        IntegerFormError: if weights would have less than 2 or more than 16 bits.
        NetworkError: if there is no such chip.

    Example:
        >>> precision_of(4)
        Precision(weight=4, membrane=None)
        >>> precision_of("loihi1")  # weights to 254 in steps of 2; membranes of 24 bits, of which currents lie 7 up
        Precision(weight=8, membrane=17)
    """
    if isinstance(wanted, int):
        if not 2 <= wanted <= _MOST_BITS:
            raise IntegerFormError(f"weights have 2 to {_MOST_BITS} bits, got {wanted}")
        return Precision(wanted)
    chip = find_chip(wanted)
    largest, membrane = chip.most("largest_weight"), chip.most("membrane_bits")
    weight = _USUAL if largest is None else min((largest // chip.scale + 1).bit_length(), _MOST_BITS)
    factor = chip.scale << chip.current_bits
    return Precision(weight, None if membrane is None else membrane - (factor - 1).bit_length())


def widest_membrane(
    layer: Layer, weights: list[Tensor], bias: Tensor, threshold: Tensor, *, steps: int, code: Code
) -> Tensor:
    """A bound of each channel's membrane for all pictures and steps, ``[C]``, on the scale of weights and threshold.

    Args:
        layer: What they belong to; a layer of neurons.
        weights: Of its terms, ``[C, ...]`` each.
        bias: ``[C]``.
        threshold: ``[C]``.
        steps: For which a picture is shown.
        code: How the picture reaches it.
    """
    up, down = bias.detach().double().clamp(min=0), bias.detach().double().clamp(max=0).abs()
    for term, weight in zip(layer.terms, weights, strict=True):
        factor = (BRIGHTEST if term.source == INPUT and code == "bytes" else 1) * (4 if term.averaged else 1)
        flat = factor * weight.detach().double().flatten(1)
        up, down = up + flat.clamp(min=0).sum(1), down - flat.clamp(max=0).sum(1)
    form = layer.form or IntegerForm(1.0)
    remembered = sum(2.0 ** (-form.leak * step) for step in range(steps if form.retain else 1))
    below = down * remembered + (steps if form.leak else 0)  # a halved membrane is rounded down
    above = up * remembered if form.reset == "soft" else up + (threshold.double() if form.retain else 0)
    return torch.maximum(below, above)
