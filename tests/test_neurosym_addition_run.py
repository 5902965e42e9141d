"""The main job, run small through the command line: what it leaves, what it refuses, and that it goes on."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner, Result

from logic import read_nir
from neurosym.addition.run import Plan, load_pairs
from neurosym.commands.cli import app
from neurosym.training.fit import learning_rate_factor
from perception import load_digits
from reasoner.prolog import workers


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "first"
    result = command("run", "--quick", "--output", folder)
    assert result.exit_code == 0, result.output
    assert "PROVED" in result.output
    return folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    digits, folder = load_digits(), tmp_path_factory.mktemp("pictures")
    paths = folder / "three.png", folder / "eight.png"
    for path, value in zip(paths, (3, 8), strict=True):
        Image.fromarray(digits.pictures[digits.labels == value][7, 0].numpy()).save(path)
    return paths


def test_a_run_leaves_report_model_network_and_figures(finished: Path) -> None:
    names = {path.name for path in finished.iterdir()}
    assert {"report.html", "model.safetensors", "network.nir", "network.json", "results.json", "plan.json"} <= names
    assert not [name for name in names if name.startswith(".")]
    results = json.loads((finished / "results.json").read_text())
    assert results["proof"].startswith("PROVED: Proved for all pictures: each of 5,888 neurons")
    assert "110 neurons answer 'sum(S)' as the rule does, for all 100 readings" in results["proof"]
    assert results["conformance"]["different"] == 0
    assert results["conformance"]["pairs"] == 500
    assert results["conformance"]["answer_spikes"] == 2500 - 5 * results["joined"]["silent"]
    assert results["spiking"]["digits"] > 0.3  # three short passes, three times chance
    assert abs(results["joined"]["sums"] - results["spiking"]["sums"]) < 0.15
    network = read_nir(finished / "network.nir")
    assert network.neurons == results["joined"]["neurons"]
    assert network.latency == results["joined"]["latency_steps"]
    page = (finished / "report.html").read_text()
    for heading in ("What happened", "Learning from sums", "A clear case", "What it costs", "Honest limits"):
        assert heading in page


def test_explain_tells_what_was_seen_and_why(finished: Path, pictures: tuple[Path, Path]) -> None:
    result = command("explain", finished / "model.safetensors", *pictures)
    assert result.exit_code == 0, result.output
    assert "answer: sum(" in result.output
    found = json.loads(command("explain", finished / "model.safetensors", *pictures, "--json").stdout)
    facts = [step for step in found["answers"][0]["proof"]["steps"] if step["kind"] == "fact"]
    assert len(facts) == len(found["pictures"]) == 2


def test_explain_takes_another_rule(finished: Path, pictures: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "product.pl").write_text("sum(S) :- digit(0, X), digit(1, Y), S is X * Y.\n")
    result = command("explain", finished / "model.safetensors", *pictures, "--rule", tmp_path / "product.pl", "--json")
    answer = json.loads(result.stdout)["answers"][0]
    first, second = (int(step["text"][-2]) for step in answer["proof"]["steps"] if step["kind"] == "fact")
    assert answer["answer"] == f"sum({first * second})"


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("sum(S) :- digit(0, X), S is X + .", "line 1, column"),
        ("sum(S) :- digit(0, X),\n colour(1, Y), S is X + Y.", "colour/2"),
        ("sum(S) :- shell(ls), digit(0, S).", "shell/1"),
    ],
)
def test_a_bad_rule_is_one_line_and_exit_code_2(
    finished: Path, pictures: tuple[Path, Path], tmp_path: Path, rule: str, message: str
) -> None:
    (tmp_path / "rule.pl").write_text(rule)
    result = command("explain", finished / "model.safetensors", *pictures, "--rule", tmp_path / "rule.pl")
    assert result.exit_code == 2
    assert message in result.stderr
    assert "rule.pl" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_bad_picture_or_model_is_one_line_and_exit_code_2(
    finished: Path, pictures: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "text.png").write_text("not a picture")
    Image.new("L", (30, 20)).save(tmp_path / "wide.png")
    model = finished / "model.safetensors"
    for path, message in (("text.png", "not a picture"), ("wide.png", "28"), ("none.png", "none.png")):
        result = command("explain", model, pictures[0], tmp_path / path)
        assert result.exit_code == 2, result.output
        assert message in result.stderr
    assert command("explain", model, pictures[0]).exit_code == 2  # a slot without a picture
    assert command("explain", tmp_path / "text.png", *pictures).exit_code == 2


def test_an_interrupted_run_resumes_to_the_same_weights(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    def interrupting(step: int, steps: int) -> float:
        nonlocal calls
        calls += 1
        if calls == 40:  # in the second epoch
            raise KeyboardInterrupt
        return learning_rate_factor(step, steps)

    monkeypatch.setattr("neurosym.training.fit.learning_rate_factor", interrupting)
    stopped = command("run", "--quick", "--output", tmp_path / "second")
    assert stopped.exit_code == 130
    assert f"neurosym run --resume {tmp_path / 'second'}" in stopped.stderr
    assert {path.name for path in (tmp_path / "second").iterdir()} == {"plan.json", "checkpoint-spiking.safetensors"}
    monkeypatch.undo()
    resumed = command("run", "--resume", tmp_path / "second")
    assert resumed.exit_code == 0, resumed.output
    first, second = ((folder / "model.safetensors").read_bytes() for folder in (finished, tmp_path / "second"))
    assert first == second


def test_there_must_be_something_to_resume(tmp_path: Path) -> None:
    result = command("run", "--resume", tmp_path)
    assert result.exit_code == 2
    assert "no interrupted run" in result.stderr


def test_pairs_use_each_training_picture_once_and_no_held_out_one() -> None:
    training, held_out = load_pairs(Plan(seed=3, epochs=1, quick=False))
    assert training.pictures.shape == (2000, 2, 1, 28, 28)
    assert held_out.pictures.shape == (500, 2, 1, 28, 28)
    learned = {picture.numpy().tobytes() for picture in training.pictures.flatten(0, 1)}
    assert len(learned) == 4000
    assert not learned & {picture.numpy().tobytes() for picture in held_out.pictures.flatten(0, 1)}
    assert torch.equal(load_pairs(Plan(4, 1, False))[1].pictures, held_out.pictures)


def test_a_missing_prolog_is_one_line_and_exit_code_2(
    finished: Path, pictures: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(workers, "_pool", workers.Pool())
    result = command("explain", finished / "model.safetensors", *pictures)
    assert result.exit_code == 2
    assert "swi-prolog-nox" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    result = command("run", "--quick", "--output", tmp_path / "run")
    assert result.exit_code == 2
    assert "No space left on device" in result.stderr
    assert not list((tmp_path / "run").iterdir())
