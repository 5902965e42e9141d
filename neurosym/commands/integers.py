"""The command `integers`: which presets have an integer form, and a trained network in whole numbers, in figures."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ..terminal import say_json, say_rows
from .conventions.ending import plain_errors
from .conventions.files import PathError, claimed, writable
from .conventions.options import AsJson

if TYPE_CHECKING:
    from perception import Dataset, QuantisedPerception
    from perception.networks.quantised import Layered

HELD_OUT = 0.1  # of the training part, as in `train`


def show_integers(
    model: Annotated[str | None, typer.Argument(help="A preset or a trained file; without it, all presets.")] = None,
    bits: Annotated[int, typer.Option(min=2, max=16, help="Of a weight, sign included.")] = 8,
    target: Annotated[str | None, typer.Option(help="A chip, whose bits of weights and membranes count.")] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Layer by layer, each also rounded alone.")] = False,
    samples: Annotated[int, typer.Option(min=1, help="Held-out pictures on which flips are counted.")] = 1000,
    fine_tune: Annotated[int, typer.Option(min=0, help="Epochs of training in whole numbers.")] = 0,
    output: Annotated[Path | None, typer.Option(help="The file to save the network of whole numbers in.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Data to look at; without it, those it was trained on.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the data; without it, $NEUROSYM_DATA.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a network as integers: neurons, synapses, bits, and which answers flip by rounding."""
    with plain_errors():
        if output is not None:
            writable(output, kinds=(".safetensors",))
        from ..training import quantising

        if model is None:
            say_rows(quantising.integer_table(), as_json)
            return
        from perception import integer_obstacle, preset, presets

        if model in presets():
            if output is not None or fine_tune:
                raise PathError(f"{model}: a preset has no trained weights; give a file written by neurosym train")
            reason = integer_obstacle(preset(model))
            if reason is not None:
                say_rows([{"model": model, "integers": False, "first_layer_without": reason}], as_json)
                raise typer.Exit(1)
            figures = quantising.integer_figures(quantising.preset_in_integers(model, target or bits))
        else:
            perception, notes = _load(model, target or bits)
            whole, held = _pictures(model, dataset or notes.get("dataset"), data, samples)
            if fine_tune:
                quantising.fine_tune(perception, whole.pictures, whole.labels, epochs=fine_tune)
            figures = quantising.integer_figures(perception, held.pictures, held.labels, alone=layers)
            if output is not None:
                from ..checkpoint import save_perception

                with claimed(output):
                    save_perception(perception, output, notes)
        if as_json:
            say_json(
                {"model": model, "integers": True, **figures.totals(), "layers": [asdict(c) for c in figures.layers]}
            )
        elif layers:
            say_rows(figures.rows(), False)
        else:
            say_rows([{"model": model, **figures.totals()}], False)


def _load(model: str, bits: int | str) -> "tuple[QuantisedPerception, dict[str, str]]":
    from perception import QuantisedPerception, quantise

    from ..checkpoint import load_perception
    from ..profiling import ModelError

    if not Path(model).is_file():
        raise ModelError(f"{model!r} is neither a preset nor a file; see neurosym models")
    found, notes = load_perception(Path(model))
    return found if isinstance(found, QuantisedPerception) else quantise(cast("Layered", found), bits), notes


def _pictures(model: str, dataset: str | None, root: Path | None, samples: int) -> "tuple[Dataset, Dataset]":
    """The training part, and so many pictures of it that `train` held out with seed 0."""
    import torch

    from perception import hold_out, load_dataset

    if not dataset:
        raise PathError(f"{model}: does not say what it was trained on; name it by --dataset")
    whole = load_dataset(dataset, root, split="train")
    train, held = hold_out(whole, max(1, round(HELD_OUT * len(whole.labels))), torch.Generator().manual_seed(0))
    return train, held.take(torch.arange(min(samples, len(held.labels))))
