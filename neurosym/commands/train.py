"""The command `train`: a preset learns labels, or the addition model its rule; and what it goes on from."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from ..terminal import complain, progress_bar, say_rows
from .conventions.ending import plain_errors
from .conventions.files import claimed, existing, writable
from .conventions.options import AsJson, Epochs, Quick, Seed, refuse_others


def train_model(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="addition (by rules); digits, mnist, cifar10, ...; or a folder.")] = (
        "addition"
    ),
    model: Annotated[
        str | None, typer.Option(help="A preset; see neurosym models. Without it, one for the pictures' size.")
    ] = None,
    output: Annotated[Path, typer.Option(help="The file to save the model in.")] = Path("model.safetensors"),
    seed: Seed = 0,
    epochs: Epochs = None,
    quick: Quick = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Time steps T; without it, the preset's.")] = None,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Samples per step, over all processes; 64, or less for few samples.")
    ] = None,
    optimizer: Annotated[str, typer.Option(help="adamw or sgd.")] = "adamw",
    learning_rate: Annotated[float, typer.Option(help="Its peak.")] = 5e-3,
    weight_decay: Annotated[float, typer.Option(help="Of the optimizer.")] = 1e-4,
    objective: Annotated[str, typer.Option(help="mean, or tet: each step for itself.")] = "mean",
    average: Annotated[float, typer.Option(help="Running average of the weights, such as 0.999.")] = 0.0,
    patience: Annotated[int | None, typer.Option(min=1, help="Stop after so many epochs without progress.")] = None,
    held_out: Annotated[
        float | None,
        typer.Option(
            min=0, max=0.9, help="Share of the training part to look at; a tenth, of few samples and beside val/ none."
        ),
    ] = None,
    smoothing: Annotated[float, typer.Option(help="Of the labels.")] = 0.0,
    deform: Annotated[bool, typer.Option(help="Change samples a little at random.")] = True,
    blend: Annotated[bool, typer.Option("--blend", help="Blend pictures with each other (mixup, cutmix).")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU if there is one.")] = "auto",
    parts: Annotated[int, typer.Option(min=1, help="Split each batch, to save memory.")] = 1,
    precision: Annotated[str, typer.Option(help="float32, bfloat16 or auto.")] = "float32",
    pack: Annotated[bool, typer.Option("--pack", help="Keep spikes as bits, to save memory.")] = False,
    recompute: Annotated[bool, typer.Option("--recompute", help="Compute blocks twice, to save memory.")] = False,
    steps_back: Annotated[int | None, typer.Option(min=1, help="Train step by step, so many sent back.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the data; without it, $NEUROSYM_DATA.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Bring missing data from the net.")] = False,
    resize: Annotated[int | None, typer.Option(help="Bring the files of a folder to so many pixels across.")] = None,
    fitting: Annotated[str, typer.Option(help="Of --resize: pad, crop or stretch.")] = "pad",
    time_unit: Annotated[str | None, typer.Option(help="Of tables of events: s, ms, us or ns.")] = None,
    init: Annotated[Path | None, typer.Option(help="A saved network whose weights are the first.")] = None,
    freeze: Annotated[
        list[str] | None, typer.Option(help="A part that stays as it is, statistics too, such as blocks; repeatable.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last whole epoch; to more --epochs.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a preset on labels, or the addition model by its rule, and save it. With torchrun, in many processes."""
    from rich.console import Console

    with plain_errors():
        writable(output, init, kinds=(".safetensors",))
        if dataset == "addition":
            refuse_others(context, ("dataset", "output", "seed", "epochs", "quick", "as_json"))
            from ..addition import run as task

            with claimed(output):
                task.train(seed=seed, epochs=epochs, output=output, quick=quick, as_json=as_json, console=Console())
            return
        if init is not None:
            existing(init)
        from perception import FolderOptions

        from ..training.processes import joined_by_torchrun
        from ..training.recipe import Recipe
        from ..training.savings import Savings
        from . import vision

        recipe = Recipe(
            epochs=epochs or vision.RECIPE.epochs, batch=batch or vision.RECIPE.batch, optimizer=cast(Any, optimizer),
            learning_rate=learning_rate, weight_decay=weight_decay, average=average, patience=patience, seed=seed,
            frozen=tuple(freeze or ()), savings=Savings(parts, cast(Any, precision), pack, recompute, steps_back),
        )  # fmt: skip
        settings = vision.Settings(
            dataset, model, recipe, root=data, download=download, steps=steps, held_out=held_out,
            objective=cast(Any, objective), smoothing=smoothing, deform=deform, blend=blend, device=device,
            least_steps=0 if epochs else vision.LEAST_STEPS, small_batches=batch is None, init=init,
            folder=FolderOptions(resize, cast(Any, fitting), time_unit),
        )  # fmt: skip
        settings = settings.quickly() if quick else settings
        with joined_by_torchrun(settings.place()) as processes:
            console = Console(stderr=True)
            shown = processes.first and console.is_terminal
            with nullcontext() if not processes.first else claimed(output), progress_bar(console, shown) as bar:
                task_bar = bar.add_task(f"{model or 'a network'} on {dataset}", total=None)

                def show(done: int, total: int) -> None:
                    bar.update(task_bar, completed=done, total=total)

                outcome = vision.train_on_labels(settings, output, resume=resume, progress=show, processes=processes)
        if processes.first:
            if quick:
                complain(f"a quick run, {settings.briefly()}: it shows that everything works, not how well", "Note")
            say_rows([{**outcome.to_row(settings), "saved_in": str(output)}], as_json)
