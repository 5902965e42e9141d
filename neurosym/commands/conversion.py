"""The command `convert`: a trained network becomes a spiking one, in figures layer by layer, and is proved."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..terminal import say, say_json, say_rows
from .conventions.ending import plain_errors
from .conventions.files import PathError, claimed, existing, writable
from .conventions.options import CODES, AsJson, Seed, refuse_others

if TYPE_CHECKING:
    from torch import Tensor

    from perception import Dataset

    from ..converting import ConversionReport

_CALIBRATION = 500  # pictures
_DATASET = "mnist5k"


def convert_model(
    context: typer.Context,
    model: Annotated[
        str | None,
        typer.Argument(
            help="relu or qcfs (packaged), or a .pt2, .safetensors or .onnx file; without it, a demonstration."
        ),
    ] = None,
    method: Annotated[
        str, typer.Option(help="auto, group, two-phase, ttfs, ...; an unknown one lists them.")
    ] = "group",
    steps: Annotated[int | None, typer.Option(min=1, help="T; without it, 1 for group, else 8.")] = None,
    levels: Annotated[int, typer.Option(min=1, help="Values of a graded spike.")] = 8,
    prove: Annotated[
        bool, typer.Option("--prove", help="Take it into whole numbers and prove it for every picture.")
    ] = False,
    factory: Annotated[
        str | None, typer.Option(help="module:function of yours that makes the network of a .safetensors; it is run.")
    ] = None,
    islands: Annotated[
        bool, typer.Option("--islands", help="Let functions without a spiking form stay as they are.")
    ] = False,
    dataset: Annotated[
        str, typer.Option(help="Calibration from its training part, accuracy on its test part.")
    ] = _DATASET,
    data: Annotated[Path | None, typer.Option(help="Folder of the data; without it, $NEUROSYM_DATA.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Test pictures on which accuracy is measured.")] = 1000,
    output: Annotated[
        Path | None,
        typer.Option(help="Save the converted network as .safetensors, or with --prove the wired one as .nir."),
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Convert a trained network into a spiking one, show each layer, and prove it on request."""
    with plain_errors():
        if output is not None:
            writable(output, Path(model) if model else None, kinds=(".safetensors", ".nir"))
            if output.suffix == ".nir" and not prove:
                raise PathError(f"{output}: the network that is wired is that of the proof; add --prove")
        if model is None:
            refuse_others(context, ("samples", "as_json"))
        elif model not in ("relu", "qcfs"):
            existing(Path(model))
        from ..converting import DEMONSTRATED, default_steps, report_conversion
        from ..network_files import read_network_file

        calibration, held = _pictures(dataset, data, samples, seed)
        wanted = [(model, method, steps or default_steps(method))] if model else [
            (name, way, count) for name in ("relu", "qcfs") for way, count in DEMONSTRATED
        ]  # fmt: skip
        reports: list[ConversionReport] = []
        for name, way, count in wanted:
            found = read_network_file(name, factory)
            reports.append(
                report_conversion(
                    found.name,
                    found.network,
                    calibration,
                    held,
                    method=way,
                    steps=count,
                    levels=levels,
                    prove=prove or model is None,
                    islands=islands,
                    seed=seed,
                )
            )
        if output is not None:
            with claimed(output):
                reports[0].write(output, _notes(held))
        if as_json:
            say_json(reports[0].to_json() if model else [report.to_json() for report in reports])
        else:
            _show(reports)
    outcomes = [report.verdict.holds for report in reports if report.verdict is not None]
    raise typer.Exit(CODES[False] if False in outcomes else CODES[None] if None in outcomes else 0)


def _show(reports: "list[ConversionReport]") -> None:
    """Tables of layers and totals, and what was proved."""
    say_rows([{"method": report.converted.method.name, **row} for report in reports for row in report.rows()], False)
    say_rows([report.totals() for report in reports], False)
    for report in reports:
        if report.verdict is not None:
            say(f"{report.model}, {report.converted.method.name}: {report.verdict}")


def _notes(seen: "Dataset") -> dict[str, str]:
    """What `predict` needs to know: the classes, and how files become pictures."""
    prepared = {} if seen.preparation is None else {"preparation": json.dumps(seen.preparation.to_json())}
    return {"classes": json.dumps(list(seen.classes.values)), **prepared}


def _pictures(dataset: str, root: Path | None, samples: int, seed: int) -> "tuple[Tensor, Dataset]":
    """Pictures of the training part for calibration, and so many of the test part."""
    import torch

    from perception import load_dataset

    training, test = load_dataset(dataset, root, split="train"), load_dataset(dataset, root, split="test")
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(training.labels), generator=generator)[:_CALIBRATION]
    chosen = torch.randperm(len(test.labels), generator=generator)[:samples]
    return training.take(order).pictures, test.take(chosen)
