"""Boards as pictures: what is drawn is cut out again, and cells become beliefs in which 0 is an empty cell."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from logic import Domain, DomainError
from perception import PictureError, SpikingClassifier, cut_board, draw_board, load_digits, see_cells


def some_cells() -> torch.Tensor:
    digits = load_digits()
    cells = torch.zeros(81, 1, 28, 28, dtype=torch.uint8)
    cells[::2] = digits.pictures[500 : 500 + 41 * 50 : 50]  # 1 to 5
    return cells


@pytest.mark.parametrize("ending", ["png", "bmp"])
def test_cells_come_back_from_the_picture_pixel_by_pixel(tmp_path: Path, ending: str) -> None:
    cells = some_cells()
    draw_board(cells, tmp_path / f"board.{ending}")
    assert torch.equal(cut_board(tmp_path / f"board.{ending}"), cells)


def test_bright_on_dark_and_other_sizes_are_read_too(tmp_path: Path) -> None:
    cells = some_cells()
    draw_board(cells, tmp_path / "board.png")
    with Image.open(tmp_path / "board.png") as image:
        image.point([255 - level for level in range(256)]).save(tmp_path / "dark.png")
        image.resize((648, 648), Image.Resampling.NEAREST).save(tmp_path / "large.png")
    assert torch.equal(cut_board(tmp_path / "dark.png"), cells)
    assert torch.equal(cut_board(tmp_path / "large.png"), cells)


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "board.png").write_text("no picture")
    with pytest.raises(PictureError, match=r"board\.png"):
        cut_board(tmp_path / "board.png")


def test_emptiness_is_seen_by_ink_and_digits_by_the_reader() -> None:
    reader = SpikingClassifier(Domain("digit", range(10)), torch.Generator().manual_seed(0))
    symbols = see_cells(reader, some_cells())
    empty = symbols.most_likely()[0] == 0
    assert empty.tolist() == [index % 2 == 1 for index in range(81)]
    beliefs = symbols.log_probs[0].exp()
    assert torch.allclose(beliefs[0, 0], torch.tensor(1e-6).double())
    assert torch.allclose(beliefs[1, 1:], torch.full((9,), 1e-6 / 9).double())


def test_a_reader_of_other_values_is_refused() -> None:
    reader = SpikingClassifier(Domain("digit", range(5)), torch.Generator().manual_seed(0))
    with pytest.raises(DomainError, match="0 to 9"):
        see_cells(reader, some_cells())


@pytest.mark.parametrize(("size", "part"), [((50, 50), "needs 72 x 72"), ((640, 480), "square")])
def test_pictures_that_show_no_board_are_refused(tmp_path: Path, size: tuple[int, int], part: str) -> None:
    Image.new("L", size, 255).save(tmp_path / "board.png")
    with pytest.raises(PictureError, match=part):
        cut_board(tmp_path / "board.png")
