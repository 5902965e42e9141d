"""Tables of conversions: what a row must say, how rows are kept, and that a run goes on where it stopped."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from logic import Domain
from perception import Dataset
from tasks.conversion.__main__ import fill
from tasks.conversion.conversion_page import write_page
from tasks.conversion.conversion_rows import Row, RowError, read_rows, write_rows
from tasks.conversion.entrants import Entrant, ours
from tasks.conversion.trained_networks import Trained

ROW = Row(
    "vgg", "relu", "neurosym", "group", "0..8", 2, 1, 2, 100, 97, 99, 10.0, 20.0, 30.0, 4e3, 1e-6, 2e-6, 0.5
)  # fmt: skip


def small() -> Trained:
    """Twelve pictures and a network with one activation and a pool."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 2, 3, 4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 3)).eval()
    pictures = torch.randint(0, 256, (12, 1, 28, 28), dtype=torch.uint8)
    data = Dataset("small", pictures, torch.arange(12) % 3, Domain("kind", range(3)))
    return Trained("small", network, None, data, data, data)


def test_a_row_without_its_alphabet_or_with_impossible_counts_is_refused() -> None:
    assert (ROW.accuracy, ROW.loss) == (0.97, 2.0)
    for wrong in ({"alphabet": ""}, {"correct": 101}, {"steps_to_answer": 1}, {"unit_spikes": 9.0}):
        with pytest.raises(RowError):
            replace(ROW, **wrong)


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    assert read_rows(path) == []
    write_rows(path, [ROW, replace(ROW, steps=4, steps_to_answer=4)])
    assert read_rows(path) == [ROW, replace(ROW, steps=4, steps_to_answer=4)]
    path.write_text('{"network": "vgg"}\n')
    with pytest.raises(RowError, match="remove the file"):
        read_rows(path)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, trained = tmp_path / "rows.jsonl", small()
    built = list[int]()

    def build(network: nn.Module, calibration: torch.Tensor, steps: int) -> object:
        built.append(steps)
        return ours("group")(network, calibration, steps)

    entrant = Entrant("neurosym", "group", "relu", build)  # type: ignore[arg-type]
    fill(trained, [entrant], (1, 2), 8, path)
    fill(trained, [entrant], (1, 2, 4), 8, path)
    assert built == [1, 2, 4]
    rows = read_rows(path)
    assert [row.steps for row in rows] == [1, 2, 4]
    assert {row.alphabet for row in rows} == {"0..8"}
    assert all(0 < row.events <= row.unit_spikes and row.bits == pytest.approx(3 * row.events) for row in rows)
    assert capsys.readouterr().out.count("\n") == 3
    write_page(tmp_path / "page.html", rows, "")
    assert "steps to answer" in (tmp_path / "page.html").read_text()


def test_plain_pooling_is_another_network_than_exact_pooling() -> None:
    trained = small()
    calibration = trained.calibration(12)
    exact, plain = (
        ours("robust", start=0.5, plain_pool=plain)(trained.network, calibration, 16) for plain in (False, True)
    )
    analog = trained.network(calibration).detach()
    errors = [float((one.converted(calibration) - analog).abs().max()) for one in (exact, plain)]
    assert errors[0] < errors[1]


def test_what_cannot_be_converted_is_said_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(small(), [Entrant("neurosym", "qcfs", "relu", ours("qcfs"))], (1, 2), 8, tmp_path / "rows.jsonl")
    assert read_rows(tmp_path / "rows.jsonl") == []
    assert "Left out" in capsys.readouterr().err
