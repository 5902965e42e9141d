"""The comparison of the addition task's settings: where its pictures come from, and that it goes on."""

from dataclasses import asdict
from inspect import signature
from pathlib import Path

import pytest

from neurosym import Recipe
from neurosym.addition.run import EPOCHS, TaskError, load_split
from perception import Digits, SpikingClassifier
from tasks.addition.choices import Choice, choices, inner_split, main, read_rows


def pictures(digits: Digits) -> set[bytes]:
    return {picture.numpy().tobytes() for picture in digits.pictures}


def test_inner_split_is_stratified_and_within_the_training_pictures() -> None:
    training, held_out = load_split()
    inner, compared = inner_split()
    assert inner.labels.bincount().tolist() == [320] * 10
    assert compared.labels.bincount().tolist() == [80] * 10
    assert len(pictures(held_out)) == 1000
    assert pictures(inner) | pictures(compared) == pictures(training)
    assert not pictures(inner) & pictures(compared)
    assert not (pictures(inner) | pictures(compared)) & pictures(held_out)


def test_the_default_is_what_the_task_uses() -> None:
    recipe, built = Recipe(), signature(SpikingClassifier).parameters
    used = Choice(batch=recipe.batch, learning_rate=recipe.learning_rate, steps=built["steps"].default)
    assert choices(Choice())["default"] == used
    assert used.epochs == EPOCHS


def test_each_row_differs_from_the_default_in_one_setting() -> None:
    rows = choices(Choice())
    default = asdict(rows.pop("default"))
    assert len(set(rows.values())) == len(rows) == 11
    for choice in rows.values():
        assert sum(value != default[name] for name, value in asdict(choice).items()) == 1


def test_a_row_in_the_file_is_not_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "runs" / "rows.jsonl"
    command = ["--epochs", "1", "--only", "default", "--file", str(file)]
    main(command)
    first, kept = capsys.readouterr().out, file.read_text()
    (row,) = read_rows(file).values()
    assert row.choice == Choice(epochs=1)
    assert row.digits[-1] > 0.3  # three times chance
    assert f"{100 * row.digits[-1]:.2f}" in first
    main(command)
    assert file.read_text() == kept
    assert f"{100 * row.digits[-1]:.2f}" in capsys.readouterr().out


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"choice": {"batch": 16}, "se\n')
    with pytest.raises(TaskError, match=r"rows\.jsonl:1"):
        read_rows(tmp_path / "rows.jsonl")
