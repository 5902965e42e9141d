"""Formulas of digits and operators, as the field's lists have them, shown by MNIST digits and drawn operators.

The lists are those of HWF (Li et al., "Closed loop neural-symbolic learning via integrating neural perception, grammar
parsing, and symbolic reasoning", ICML 2020); its pictures are not used, so results are not results on HWF.
"""

import json
import lzma
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor

from logic import Domain
from perception import Digits

from .digit_pictures import DataError
from .samples import show_values

SIGNS = Domain("sign", (*range(1, 10), "plus", "minus", "times", "div"))
OPERATORS = {"+": "plus", "-": "minus", "*": "times", "/": "div"}
LONGEST = 7  # signs
SIZE = 28  # pixels
_BAR, _SIDE = ((-1.0, 0.0), (1.0, 0.0)), 0.6
STROKES = {  # from one point (right, down) to another, in units of half the operator's width
    "plus": (_BAR, ((0.0, -1.0), (0.0, 1.0))),
    "minus": (_BAR,),
    "times": (((-_SIDE, -_SIDE), (_SIDE, _SIDE)), ((-_SIDE, _SIDE), (_SIDE, -_SIDE))),
    "div": (_BAR, ((0.0, -0.8), (0.0, -0.8)), ((0.0, 0.8), (0.0, 0.8))),
}


@dataclass(frozen=True, eq=False)
class Formulas:
    """Formulas in pictures.

    Args:
        pictures: ``[M, 7, 1, 28, 28]``; those behind a formula's last sign are black.
        values: Class numbers of the signs, ``[M, 7]``, 0 behind the last; for scores, never for training.
        answers: ``M`` triples: number of signs, numerator and denominator of the formula's value.
    """

    pictures: Tensor
    values: Tensor
    answers: list[tuple[int, int, int]]


def show_formulas(part: str, digits: Digits, count: int | None, generator: torch.Generator) -> Formulas:
    """Formulas of the list ``part``, ``train_org`` or ``test``, the first ``count`` of a random order.

    Raises:
        DataError: if ``NEUROSYM_DATA`` names no folder that holds ``hwf_expr``, or the list is damaged.
    """
    texts = read_formulas(part)
    texts = [texts[i] for i in torch.randperm(len(texts), generator=generator)[:count].tolist()]
    values = torch.zeros(len(texts), LONGEST, dtype=torch.long)
    pictures = torch.zeros(len(texts), LONGEST, 1, SIZE, SIZE, dtype=torch.uint8)
    for row, text in enumerate(texts):
        signs = [OPERATORS[sign] if sign in OPERATORS else int(sign) for sign in text]
        values[row, : len(text)] = torch.tensor([SIGNS.values.index(sign) for sign in signs])
    used = torch.arange(LONGEST) < torch.tensor([len(text) for text in texts])[:, None]
    is_digit = used & (values < 9)
    pictures[is_digit] = show_values(digits, values[is_digit] + 1, generator)
    for number in range(9, len(SIGNS.values)):
        where = used & (values == number)
        pictures[where] = draw_operators(str(SIGNS.values[number]), int(where.sum()), generator)
    return Formulas(pictures, values, [(len(text), *value(text).as_integer_ratio()) for text in texts])


def read_formulas(part: str) -> list[str]:
    """The formulas of a list, such as ``3*4-8/2``.

    Raises:
        DataError: if the file is missing or damaged.
    """
    path = Path(os.environ.get("NEUROSYM_DATA", "")) / "hwf_expr" / f"expr_{part}.json.xz"
    try:
        return [entry["expr"] for entry in json.loads(lzma.decompress(path.read_bytes()))]
    except (OSError, lzma.LZMAError, ValueError, TypeError, KeyError) as fault:
        raise DataError(f"{path}: no list of formulas ({fault}); NEUROSYM_DATA names the folder of hwf_expr") from None


def value(text: str) -> Fraction:
    """What a formula is worth, exactly."""
    done, term = Fraction(0), Fraction(int(text[0]))
    for operator, digit in zip(text[1::2], map(int, text[2::2]), strict=True):
        if operator in "+-":
            done, term = done + term, Fraction(digit if operator == "+" else -digit)
        else:
            term = term * digit if operator == "*" else term / digit
    return done + term


def draw_operators(operator: str, count: int, generator: torch.Generator) -> Tensor:
    """Pictures ``[count, 1, 28, 28]``, bytes, of an operator in strokes whose ends, place and width vary."""
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")
    pixels = torch.stack([columns, rows], dim=2).float()

    def between(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    centre, half, width = between(11, 16, 2), between(5, 9, 1), between(0.8, 1.8)
    distance = torch.full((count, SIZE, SIZE), torch.inf)
    for ends in STROKES[operator]:
        start, end = (centre + half * torch.tensor(point) + between(-1, 1, 2) for point in ends)
        along = end - start
        offset = pixels - start[:, None, None]
        share = (offset * along[:, None, None]).sum(3) / along.square().sum(1).clamp_min(1e-6)[:, None, None]
        nearest = share.clamp(0, 1)[..., None] * along[:, None, None]
        distance = torch.minimum(distance, (offset - nearest).norm(dim=3))
    ink = (width[:, None, None] + 0.5 - distance).clamp(0, 1)
    return (255 * ink).round().byte()[:, None]
