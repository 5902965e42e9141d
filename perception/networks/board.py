"""Pictures of square boards: cut into cells, and what a reader of digits believes of each; 0 is an empty cell."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from logic import DomainError, Symbols, whole_file

from ..pictures.picture import PictureError, open_picture
from .perception import Perception
from .views import see_views

CELL = 28  # pixels of a cell's inside
MARGIN = 4  # pixels around it that hold the lines between cells
LEAST = 8  # pixels of a cell in a picture from which digits can be told
SLANT = 1.1  # a board is square; its longer side is at most so many times the other
INK = 0.5  # brightness from which a pixel is ink
EMPTY_INK = 0.01  # an empty cell has fewer pixels of ink than this part
DOUBT = 1e-6  # probability that ink means nothing, or that nothing means ink


def cut_board(path: str | Path, side: int = 9) -> Tensor:
    """The insides of a board's cells, row by row, bright on dark.

    The board fills the picture; the outer ninth of each cell's width, with the lines, is cut away.

    Args:
        path: PNG, JPEG or any other format that Pillow reads; dark ink on light paper is turned round.
        side: Cells in a row and in a column.

    Returns:
        Bytes, ``[side * side, 1, 28, 28]``.

    Raises:
        PictureError: if the file is missing, damaged or no picture, or is too small or not square.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> cells = torch.zeros(81, 1, 28, 28, dtype=torch.uint8)
        >>> cells[40, 0, 8:20, 14] = 255  # a stroke in the middle of the board
        >>> with TemporaryDirectory() as folder:
        ...     draw_board(cells, f"{folder}/board.png")
        ...     back = cut_board(f"{folder}/board.png")
        >>> bool((back == cells).all())
        True
    """
    whole = side * (CELL + 2 * MARGIN)
    grey = open_picture(path)
    width, height = grey.size
    if min(width, height) < side * LEAST:
        raise PictureError(f"{path}: has {width} x {height} pixels; a board needs {side * LEAST} x {side * LEAST}")
    if max(width, height) > SLANT * min(width, height):
        raise PictureError(
            f"{path}: has {width} x {height} pixels, but a board is square; cut the picture to the board"
        )
    if grey.size != (whole, whole):
        grey = grey.resize((whole, whole), Image.Resampling.BOX)
    pixels = np.array(grey)
    if np.median(pixels) > 127:
        pixels = 255 - pixels
    cells = torch.from_numpy(pixels).reshape(side, CELL + 2 * MARGIN, side, CELL + 2 * MARGIN).transpose(1, 2)
    return cells[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN].reshape(-1, 1, CELL, CELL).contiguous()


def draw_board(cells: Tensor, path: str | Path, side: int = 9, box: int = 3) -> None:
    """Writes a picture of a board, dark ink on light paper, with lines between cells and thick ones between boxes.

    Args:
        cells: Bytes, bright on dark, ``[side * side, 1, 28, 28]``, row by row.
        path: File to write; its ending names the format.
        side: Cells in a row and in a column.
        box: Cells between two thick lines.
    """
    pitch = CELL + 2 * MARGIN
    board = torch.zeros(side, pitch, side, pitch, dtype=torch.uint8)
    insides = cells.reshape(side, side, CELL, CELL).transpose(1, 2)
    board[:, MARGIN:-MARGIN, :, MARGIN:-MARGIN] = insides
    pixels = 255 - board.reshape(side * pitch, side * pitch)
    for line in range(side + 1):
        half = 2 if line % box == 0 else 1
        stroke = slice(max(0, line * pitch - half), line * pitch + half)
        pixels[stroke, :] = pixels[:, stroke] = 0
    with whole_file(Path(path)) as place:
        Image.fromarray(pixels.numpy()).save(place)


@torch.no_grad()
def see_cells(reader: Perception, cells: Tensor) -> Symbols:
    """Belief over the cells of one board, ``[1, N, 10]``: cells without ink are 0, the others one of 1 to 9.

    Args:
        reader: Reads digits 0 to 9.
        cells: Bytes, ``[N, 1, 28, 28]``.

    Raises:
        DomainError: if the reader's values are not 0 to 9.

    Example:
        >>> from perception import SpikingClassifier
        >>> cells = torch.zeros(81, 1, 28, 28, dtype=torch.uint8)
        >>> see_cells(SpikingClassifier(10, 0), cells).most_likely().unique().tolist()  # all are empty
        [0]
    """
    if reader.domain.values != tuple(range(10)):
        raise DomainError(f"reading a board needs the values 0 to 9, the reader has {list(reader.domain.values)}")
    digits = see_views(reader, cells)[None, :, 1:].log_softmax(dim=2)
    empty = ((cells / 255 > INK).double().mean(dim=(1, 2, 3)) < EMPTY_INK)[None, :, None]
    nothing, something = torch.tensor(1 - DOUBT).double().log(), torch.tensor(DOUBT).double().log()
    belief = torch.cat(
        [
            torch.where(empty, nothing, something),
            torch.where(empty, something - torch.tensor(9.0).double().log(), digits + nothing),
        ],
        dim=2,
    )
    return Symbols(reader.domain, belief)
