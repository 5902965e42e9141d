"""The command `neurosym`: reads what is asked, calls the library, and turns errors into one line and an exit code."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

# Loaded where they are used, since --help must not wait for torch: `logic`, `tasks` and `neurosym.doctor`.

_RESERVED = ("solve", "query", "compile", "verify", "export", "bench")
_INTERRUPTED = 130  # as shells count: 128 + SIGINT

app = typer.Typer(
    help="Spiking perception, spiking logic and a reasoner in one chain: from a picture to a proved answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Seed = Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers on the same machine.")]
Epochs = Annotated[int | None, typer.Option(min=1, help="Rounds of training; without it, as many as the task needs.")]
Quick = Annotated[bool, typer.Option("--quick", help="A small run that only shows that everything works.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def main() -> None:
    """Run the command line; the entry point of the console script."""
    app()


@app.command("run")
def run_task(
    seed: Seed = 0,
    epochs: Epochs = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the results; without it, runs/<time>.")] = None,
    quick: Quick = False,
    resume: Annotated[Path | None, typer.Option(help="Folder of an interrupted run, to go on from there.")] = None,
) -> None:
    """Learn digits from sums, explain, prove and export the network, and write a report."""
    folder = resume or output or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    with _plain_errors(folder):
        _task().run(seed=seed, epochs=epochs, output=folder, quick=quick, resume=resume is not None, console=Console())


@app.command("train")
def train_model(
    output: Annotated[Path, typer.Option(help="The file to save the model in.")] = Path("model.safetensors"),
    seed: Seed = 0,
    epochs: Epochs = None,
    quick: Quick = False,
) -> None:
    """Train the addition model and save it."""
    with _plain_errors(None):
        _task().train(seed=seed, epochs=epochs, output=output, quick=quick, console=Console())


@app.command("explain")
def explain_pictures(
    model: Annotated[Path, typer.Argument(help="A saved model.", show_default=False)],
    pictures: Annotated[list[Path], typer.Argument(help="Pictures of one digit each.", show_default=False)],
    rule: Annotated[Path | None, typer.Option(help="A file with another rule; without it, the model's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the model sees in pictures, what follows by the rule, and why."""
    with _plain_errors(None):
        _task().explain(model=model, pictures=pictures, rule=rule, as_json=as_json, console=Console())


@app.command("doctor")
def check_parts(as_json: AsJson = False) -> None:
    """Check each part that neurosym stands on, and say what to install."""
    findings = import_module("neurosym.doctor").diagnose()
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        table = Table("", "Part", "Version", "Time", "Self-test")
        for finding in findings:
            mark = "[green]works[/]" if finding.works else "[red]FAILS[/]"
            seconds = f"{finding.seconds:.2f} s" if finding.seconds else ""
            remedy = f"\n[bold]{escape(finding.remedy)}[/]" if finding.remedy else ""
            table.add_row(mark, finding.part, finding.version, seconds, escape(finding.detail) + remedy)
        Console().print(table)
    raise typer.Exit(0 if all(finding.works for finding in findings) else 1)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("neurosym"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None: ...


def _reserve(context: typer.Context) -> None:
    _complain(f"'{context.info_name}' is reserved for a later release; see neurosym --help for what works now")
    raise typer.Exit(2)


for _name in _RESERVED:
    app.command(
        _name,
        hidden=True,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(_reserve)


def _task() -> ModuleType:
    return import_module("tasks.addition")


def _complain(text: str) -> None:
    """Print one line on stderr, however long."""
    line = " ".join(text.split())
    Console(stderr=True).print(f"[bold red]Error:[/] {escape(line)}", soft_wrap=True, highlight=False)


@contextmanager
def _plain_errors(folder: Path | None) -> Generator[None]:
    """Turn errors that a user can mend into one line and exit code 2, and Ctrl-C into 130.

    Args:
        folder: Where a checkpoint may lie from which the run can go on, if any.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        _complain(f"the package '{error.name}' is not installed; run: neurosym doctor")
        raise typer.Exit(2) from error
    except KeyboardInterrupt as error:
        if folder and any(folder.glob("checkpoint*")):
            _complain(f"Stopped. The last checkpoint is kept; go on with: neurosym run --resume {folder}")
        else:
            _complain("Stopped before the first checkpoint; nothing is kept")
        raise typer.Exit(_INTERRUPTED) from error
    except Exception as error:
        from logic.errors import NeurosymError

        if not isinstance(error, NeurosymError):
            raise
        _complain(str(error))
        raise typer.Exit(2) from error
