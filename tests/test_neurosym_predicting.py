"""Train, then use: `predict` and `load` on files of train, save_model and convert, and what is wrong with them."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from typer.testing import CliRunner

from neurosym import (
    DIGITS,
    CheckpointError,
    Domain,
    Model,
    NeurosymError,
    Program,
    SpikingClassifier,
    SpikingVision,
    load,
    load_predictor,
    save_converted,
    save_model,
)
from neurosym.checkpoint import save_perception
from neurosym.commands import cli as cli
from perception import AnalogTwin, Preparation, convert, load_dataset
from perception.recordings import bin_events, read_events

RULE = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
SMALL = {"size": 8, "steps": 2, "widths": (2, 2), "depths": (1, 1), "stem_width": 2}


def command(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def write_pictures(folder: Path, count: int, side: int = 28) -> torch.Tensor:
    """Files named in order, and the pixels that they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 255, (count, 1, side, side), dtype=np.uint8)
    for number, one in enumerate(pixels):
        Image.fromarray(one[0]).save(folder / f"{number:02}.png")
    return torch.from_numpy(pixels)


def test_a_trained_network_sees_files_as_it_sees_tensors(tmp_path: Path) -> None:
    file = str(tmp_path / "net.safetensors")
    assert command("train", "digits", "--quick", "--epochs", "1", "--steps", "1", "--output", file)[0] == 0
    test = load_dataset("digits", split="test")
    for number in range(5):
        (tmp_path / "own").mkdir(exist_ok=True)
        Image.fromarray(test.pictures[number, 0].numpy()).save(tmp_path / "own" / f"{number}.png")
    (tmp_path / "own" / ".hidden.png").write_bytes(b"")
    code, out, _ = command("predict", file, str(tmp_path / "own"), "--json")
    network = load(file)
    assert isinstance(network, SpikingVision)
    with torch.no_grad():
        expected = network.eval()(test.pictures[:5, None]).symbols.log_probs[:, 0].exp()
    told = json.loads(out)
    assert (code, [Path(one["file"]).name for one in told]) == (0, [f"{number}.png" for number in range(5)])
    assert [one["value"] for one in told] == expected.argmax(1).tolist()
    found = torch.tensor([[one["probabilities"][str(value)] for value in range(10)] for one in told])
    torch.testing.assert_close(found, expected)
    code, out, _ = command("predict", file, str(tmp_path / "own" / "0.png"))
    assert code == 0
    assert f"{told[0]['probability']:.1%}" in out


def test_a_bad_file_stops_nothing(tmp_path: Path) -> None:
    save_perception(SpikingVision(3, 0, model="tiny_resnet", options=SMALL), tmp_path / "net.safetensors")
    write_pictures(tmp_path / "own", 2, 8)
    write_pictures(tmp_path / "large", 1, 30)
    (tmp_path / "own" / "01.png").write_bytes(b"no picture")
    words = "predict", str(tmp_path / "net.safetensors"), str(tmp_path / "own"), str(tmp_path / "large" / "00.png")
    code, out, err = command(*words, "--json")
    first, damaged, large = json.loads(out)
    assert (code, first["value"] in range(3)) == (2, True)
    assert "is not a picture" in damaged["error"]
    assert "30 x 30 pixels, expected 8 x 8" in large["error"]
    assert err.count("\n") == 2
    code, out, _ = command(*words, "--fitting", "crop", "--json")
    assert json.loads(out)[2]["value"] in range(3)
    assert "choose pad, crop or stretch" in command(*words, "--fitting", "squeeze")[2]


def test_recordings_are_prepared_as_in_training(tmp_path: Path) -> None:
    events = np.array([[0, 2, 1, 1], [10, 9, 5, 0], [20, 4, 4, 1]])
    np.save(tmp_path / "a.npy", events)
    network = SpikingVision(3, 0, model="tiny_resnet", options={**SMALL, "size": 5, "channels": 2})
    preparation = Preparation(2, (5, 5), 4, camera=(10, 10), coarse=2)
    save_perception(network, tmp_path / "net.safetensors", {"preparation": json.dumps(preparation.to_json())})
    (one,) = load_predictor(tmp_path / "net.safetensors").predict([tmp_path / "a.npy"])
    frames = bin_events(read_events(tmp_path / "a.npy"), 4, (10, 10), coarse=2)
    with torch.no_grad():
        expected = network.eval()(frames[None, None]).symbols.log_probs[0, 0].exp()
    assert [one.probabilities[str(value)] for value in range(3)] == pytest.approx(expected.tolist())
    np.save(tmp_path / "b.npy", events * 2)
    (one,) = load_predictor(tmp_path / "net.safetensors").predict([tmp_path / "b.npy"])
    assert "b.npy: event 1 lies at column 18, row 10, outside the camera of 10 x 10" in one.fault


def test_rules_answer_about_groups_of_files(tmp_path: Path) -> None:
    pixels = write_pictures(tmp_path / "own", 4)
    model = Model(SpikingClassifier(DIGITS, 0), RULE, "sum(S)")
    save_model(model, tmp_path / "m.safetensors")
    code, out, _ = command("predict", str(tmp_path / "m.safetensors"), str(tmp_path / "own"), "--json")
    answers = model.eval()(pixels.unflatten(0, (2, 2)))
    expected = [answers.values[i] for i in answers.log_probs.argmax(1).tolist()]
    assert (code, [one["value"] for one in json.loads(out)]) == (0, expected)
    assert [len(one["files"]) for one in json.loads(out)] == [2, 2]
    code, _, err = command("predict", str(tmp_path / "m.safetensors"), str(tmp_path / "own" / "00.png"))
    assert (code, "1 files for rules about 2 at a time" in err) == (2, True)


def test_a_converted_network_sees_files(tmp_path: Path) -> None:
    pixels = write_pictures(tmp_path / "own", 3)
    layers = nn.Sequential(nn.Flatten(), nn.Linear(784, 12), nn.ReLU(), nn.Linear(12, 4)).eval()
    spiking = convert(layers, pixels / 255, "group", steps=2)
    save_converted(spiking, tmp_path / "c.safetensors", {"classes": json.dumps(["a", "b", "c", "d"])})
    code, out, _ = command("predict", str(tmp_path / "c.safetensors"), str(tmp_path / "own"), "--json")
    with torch.no_grad():
        expected = ["abcd"[i] for i in spiking(pixels / 255).argmax(1).tolist()]
    assert (code, [one["value"] for one in json.loads(out)]) == (0, expected)


def test_everything_saved_is_loaded(tmp_path: Path) -> None:
    twin = AnalogTwin(DIGITS, 0)
    save_perception(twin, tmp_path / "twin.safetensors")
    save_model(Model(SpikingClassifier(DIGITS, 0), RULE, "sum(S)"), tmp_path / "m.safetensors")
    (tmp_path / "and.bench").write_text("INPUT(a)\nINPUT(b)\nOUTPUT(y)\ny = AND(a, b)\n")
    found = {name: type(load(tmp_path / name)).__name__ for name in ("twin.safetensors", "m.safetensors", "and.bench")}
    assert found == {"twin.safetensors": "AnalogTwin", "m.safetensors": "Model", "and.bench": "Circuit"}
    with pytest.raises(NeurosymError, match=r"and\.bench: holds a Circuit, which does not look at pictures"):
        load_predictor(tmp_path / "and.bench")


def test_what_cannot_be_loaded_is_said(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    from neurosym import Labelled, fit
    from tests.vision import SmallVision, bars

    save_file({"weight": torch.zeros(2)}, tmp_path / "theirs.safetensors")
    fit(Labelled(SmallVision()), *bars(4), epochs=1, checkpoint=tmp_path / "state.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "state.safetensors").read_bytes()[:50])
    for name, text in (
        ("theirs.safetensors", "holds tensors of others"),
        ("state.safetensors", "holds the course of a training"),
        ("cut.safetensors", "the file is damaged"),
        ("none.safetensors", "no such file"),
    ):
        with pytest.raises(CheckpointError, match=text):
            load(tmp_path / name)
    code, _, err = command("predict", str(tmp_path / "state.safetensors"), str(tmp_path))
    assert (code, "course of a training" in err or "no pictures or recordings" in err) == (2, True)


def test_a_network_goes_on_from_another(tmp_path: Path) -> None:
    """Weights and statistics of frozen parts stay as they were to the last bit; a readout of other classes is new."""
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    short = ("--quick", "--epochs", "1", "--steps", "1")
    assert command("train", "digits", *short, "--output", str(first))[0] == 0
    words = ("--init", str(first), "--freeze", "first", "--freeze", "blocks", "--output", str(second))
    assert command("train", "digits", *short, *words)[0] == 0
    before, after = (load(file).state_dict() for file in (first, second))  # pyright: ignore[reportAttributeAccessIssue]
    changed = {name.split(".")[1] for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"readout"}
    (tmp_path / "own").mkdir()
    for number in range(12):
        part = tmp_path / "own" / ("train", "val", "test")[number // 4] / "ab"[number % 2]
        part.mkdir(parents=True, exist_ok=True)
        Image.new("L", (8, 8), 100 * (number % 2)).save(part / f"{number}.png")
    third = tmp_path / "third.safetensors"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert command("train", str(tmp_path / "own"), *short, *words[:-1], str(third))[0] == 0
    assert "held_out_accuracy" in (tmp_path / "third-training" / "training.csv").read_text()  # of the part val
    now = load(third)
    assert isinstance(now, SpikingVision)
    assert now.domain.values == ("a", "b")
    assert torch.equal(now.state_dict()["network.first.norm.running_mean"], before["network.first.norm.running_mean"])
    code, _, err = command(
        "train",
        "digits",
        *short,
        "--init",
        str(first),
        "--model",
        "tiny_resnet",
        "--output",
        str(tmp_path / "o.safetensors"),
    )
    assert (code, "is another network" in err) == (2, True)
    code, _, err = command("train", "digits", *short, "--freeze", "block", "--output", str(tmp_path / "o.safetensors"))
    assert (
        code,
        "no network or part 'block' to be frozen; the model has" in err and "did you mean blocks?" in err,
    ) == (2, True)


def test_domains_of_words_are_told(tmp_path: Path) -> None:
    domain = Domain("animal", ["cat", "dog"])
    save_perception(SpikingVision(domain, 0, model="tiny_resnet", options=SMALL), tmp_path / "n.safetensors")
    write_pictures(tmp_path / "own", 1, 8)
    code, out, _ = command("predict", str(tmp_path / "n.safetensors"), str(tmp_path / "own"))
    assert code == 0
    assert "cat" in out
    assert "dog" in out
