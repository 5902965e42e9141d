"""The command `convert`: packaged networks, files of every kind, proofs, and refusals in one sentence."""

import json
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from typer.testing import CliRunner

from neurosym.checkpoint import save_perception
from neurosym.commands import cli as cli
from perception import SpikingClassifier
from perception.conversion.storing import load_converted
from perception.networks.twin import AnalogTwin
from perception.proved_conversion.packaged import digit_network, packaged_network


def command(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, words)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_demonstration_proves_both_networks_in_three_alphabets() -> None:
    began = time.process_time()
    code, out, _ = command("convert", "--json")
    assert time.process_time() - began < 10
    told = json.loads(out)
    assert code == 0
    assert {(row["model"], row["method"]) for row in told} == {
        (model, method) for model in ("relu", "qcfs") for method in ("group", "two-phase", "ttfs")
    }
    for row in told:
        assert row["proof"]["word"] == "PROVED"
        assert row["ann_accuracy"] >= row["snn_accuracy"] - 0.003 >= 0.97
        assert abs(row["integer_accuracy"] - row["snn_accuracy"]) < 0.005
        assert len(row["layers"]) == 3
        assert {"threshold", "clipped_share", "dead_share", "error", "alphabet"} <= set(row["layers"][0])


def test_a_network_is_shown_layer_by_layer() -> None:
    code, out, _ = command("convert", "relu", "--method", "robust", "--steps", "4", "--samples", "50")
    assert code == 0
    assert "clipped share" in out
    assert "snn accuracy" in out
    assert "PROVED" not in out


def test_a_program_of_torch_export_is_converted(tmp_path: Path) -> None:
    network, pictures = packaged_network("relu"), torch.rand(4, 1, 28, 28)
    moving = torch.export.export(network, (pictures,), dynamic_shapes=({0: torch.export.Dim.DYNAMIC},))
    torch.export.save(moving, tmp_path / "net.pt2")
    code, out, _ = command("convert", str(tmp_path / "net.pt2"), "--prove", "--samples", "100", "--json")
    told = json.loads(out)
    assert (code, told["proof"]["word"], told["method"]) == (0, "PROVED", "group")
    torch.export.save(torch.export.export(network, (pictures,)), tmp_path / "fixed.pt2")
    code, _, text = command("convert", str(tmp_path / "fixed.pt2"))
    assert (code, "exported for exactly 4 pictures" in " ".join(text.split())) == (2, True)


def test_an_archive_that_could_run_code_is_refused(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "net.pt2", "w") as archive:
        archive.writestr("net/archive_format", "pt2")
        part = {"x": {"path_name": "weight_0", "use_pickle": True}}
        archive.writestr("net/data/weights/model_weights_config.json", json.dumps({"config": part}))
    code, _, text = command("convert", str(tmp_path / "net.pt2"))
    assert (code, "could run code" in " ".join(text.split())) == (2, True)


def test_weights_are_put_into_the_network_of_a_factory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_networks.py").write_text(
        "from perception.proved_conversion.packaged import digit_network as small\n"
    )
    monkeypatch.chdir(tmp_path)
    save_file(digit_network().state_dict(), tmp_path / "net.safetensors")
    words = ("convert", "net.safetensors", "--factory", "my_networks:small", "--samples", "50", "--json")
    code, out, _ = command(*words)
    assert (code, json.loads(out)["model"]) == (0, "net.safetensors")
    for factory, wanted in (("my_networks", "give module:function"), ("my_networks:large", "gives no network")):
        code, _, text = command("convert", "net.safetensors", "--factory", factory)
        assert (code, wanted in " ".join(text.split())) == (2, True)
    save_file(nn.Linear(2, 2).state_dict(), tmp_path / "other.safetensors")
    code, _, text = command("convert", "other.safetensors", "--factory", "my_networks:small")
    assert (code, "does not fit the network" in " ".join(text.split())) == (2, True)


def test_a_saved_twin_of_ours_is_converted_and_a_spiking_network_is_not(tmp_path: Path) -> None:
    save_perception(AnalogTwin(10, 0, channels=(2, 3), hidden=8), tmp_path / "twin.safetensors", {})
    code, out, _ = command("convert", str(tmp_path / "twin.safetensors"), "--samples", "50", "--json")
    assert (code, len(json.loads(out)["layers"])) == (0, 3)
    save_perception(SpikingClassifier(10, 0, channels=(2, 3), hidden=8), tmp_path / "spiking.safetensors", {})
    code, _, text = command("convert", str(tmp_path / "spiking.safetensors"))
    assert (code, "is spiking already" in " ".join(text.split())) == (2, True)


def test_what_was_converted_is_saved_and_what_was_proved_is_exported(tmp_path: Path) -> None:
    saved, exported = tmp_path / "spiking.safetensors", tmp_path / "wired.nir"
    code, _, _ = command("convert", "qcfs", "--samples", "50", "--output", str(saved))
    pictures = torch.rand(3, 1, 28, 28)
    assert code == 0
    assert load_converted(saved)(pictures).argmax(1).equal(packaged_network("qcfs")(pictures).argmax(1))
    code, _, _ = command("convert", "qcfs", "--samples", "50", "--prove", "--output", str(exported))
    assert code == 0
    assert exported.stat().st_size > 100_000
    words = ("convert", "qcfs", "--method", "two-phase", "--samples", "50", "--prove", "--output")
    code, _, text = command(*words, str(tmp_path / "other.nir"))
    assert (code, "nir cannot follow" in " ".join(text.split())) == (2, True)
    assert not (tmp_path / "other.nir").exists()


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("nothing.pt2",), "there is no such file"),
        (("relu", "--method", "magic"), "there is no method 'magic'; choose"),
        (("relu", "--method", "robust", "--prove"), "depends on the order of spikes"),
        (("relu", "--prove", "--steps", "2"), "use steps=1"),
        (("--method", "group"), "has no meaning here"),
        (("relu", "--output", "net.nir"), "add --prove"),
        (("relu", "--dataset", "cifar"), "cifar"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(words: tuple[str, ...], wanted: str) -> None:
    code, _, text = command("convert", *words)
    assert (code, wanted in " ".join(text.split())) == (2, True), text


def test_a_file_of_another_format_needs_its_extra(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "net.onnx").write_bytes(b"no model")
    code, _, text = command("convert", str(tmp_path / "net.onnx"))
    assert (code, "onnx2torch" in " ".join(text.split())) == (2, True)
