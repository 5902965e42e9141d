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
from rich.progress import Progress
from rich.table import Table

# Loaded where they are used, since --help must not wait for torch: `logic` and the commands' own modules.

_RESERVED = ("export", "bench")
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
    dataset: Annotated[str, typer.Argument(help="addition (by rules); digits, mnist, cifar10, ...; or a folder.")] = (
        "addition"
    ),
    model: Annotated[str, typer.Option(help="A preset; see neurosym models.")] = "tiny_resnet",
    output: Annotated[Path, typer.Option(help="The file to save the model in.")] = Path("model.safetensors"),
    seed: Seed = 0,
    epochs: Epochs = None,
    quick: Quick = False,
    steps: Annotated[int | None, typer.Option(min=1, help="Time steps T; without it, the preset's.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Samples per step, over all processes.")] = 64,
    optimizer: Annotated[str, typer.Option(help="adamw or sgd.")] = "adamw",
    learning_rate: Annotated[float, typer.Option(help="Its peak.")] = 5e-3,
    weight_decay: Annotated[float, typer.Option(help="Of the optimizer.")] = 1e-4,
    objective: Annotated[str, typer.Option(help="mean, or tet: each step for itself.")] = "mean",
    average: Annotated[float, typer.Option(help="Running average of the weights, such as 0.999.")] = 0.0,
    patience: Annotated[int | None, typer.Option(min=1, help="Stop after so many epochs without progress.")] = None,
    held_out: Annotated[float, typer.Option(min=0, max=0.9, help="Share of the training part to look at.")] = 0.1,
    smoothing: Annotated[float, typer.Option(help="Of the labels.")] = 0.0,
    deform: Annotated[bool, typer.Option(help="Change pictures a little at random.")] = True,
    blend: Annotated[bool, typer.Option("--blend", help="Blend pictures with each other (mixup, cutmix).")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU if there is one.")] = "auto",
    parts: Annotated[int, typer.Option(min=1, help="Split each batch, to save memory.")] = 1,
    precision: Annotated[str, typer.Option(help="float32, bfloat16 or auto.")] = "float32",
    pack: Annotated[bool, typer.Option("--pack", help="Keep spikes as bits, to save memory.")] = False,
    recompute: Annotated[bool, typer.Option("--recompute", help="Compute blocks twice, to save memory.")] = False,
    steps_back: Annotated[int | None, typer.Option(min=1, help="Train step by step, so many sent back.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of the data; without it, $NEUROSYM_DATA.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Bring missing data from the net.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the last whole epoch.")] = False,
    as_json: AsJson = False,
) -> None:
    """Train a preset on labels, or the addition model by its rule, and save it. With torchrun, in many processes."""
    with _plain_errors(None):
        if dataset == "addition":
            _task().train(seed=seed, epochs=epochs, output=output, quick=quick, console=Console())
            return
        vision, savings = _vision(), import_module("neurosym.training.savings")
        settings = vision.Settings(
            dataset, model, data, download, epochs or vision.EPOCHS, steps, batch, optimizer, learning_rate,
            weight_decay, average, patience, held_out, seed, objective, smoothing, deform, blend, device, quick=quick,
            savings=savings.Savings(parts, precision, pack, recompute, steps_back),
        )  # fmt: skip
        chosen = import_module("neurosym.training.fit").there(vision.choose_device(device))
        with import_module("neurosym.training.processes").joined_by_torchrun(chosen) as processes:
            console = Console(stderr=True)
            shown = processes.first and console.is_terminal
            with Progress(console=console, transient=True, disable=not shown) as bar:
                task = bar.add_task(f"{model} on {dataset}", total=None)

                def show(done: int, total: int) -> None:
                    bar.update(task, completed=done, total=total)

                outcome = vision.train_on_labels(settings, output, resume=resume, progress=show, processes=processes)
        if processes.first:
            low, high = outcome.interval
            row: dict[str, object] = {
                "dataset": dataset, "model": model, "epochs": len(outcome.history.epochs),
                "loss": outcome.history.epochs[-1].loss, "test_accuracy": outcome.accuracy,
                "test_correct": outcome.correct, "test_count": outcome.count, "interval_low": low,
                "interval_high": high, "saved_in": str(output),
            }  # fmt: skip
            _show([row], as_json)


@app.command("models")
def list_models(
    table: Annotated[
        bool, typer.Option("--table", help="All names, neurons to token policies, and what is true of them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the presets that can be trained."""
    with _plain_errors(None):
        if table or as_json:
            _show(_vision().model_rows(), as_json)
        else:
            typer.echo("\n".join(_vision().model_names()))


@app.command("profile")
def profile_model(
    model: Annotated[str, typer.Argument(help="A preset or a trained file.", show_default=False)],
    steps: Annotated[int | None, typer.Option(min=1, help="Time steps T of a preset.")] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Layer by layer.")] = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Measure what a network costs for one picture: time, memory, spikes, operations and energy."""
    with _plain_errors(None):
        found = _vision().profile_model(model, steps=steps, seed=seed)
        rows = import_module("neurosym.profiling").table([(model, found)])
        if layers:
            rows = [asdict(layer) for layer in found.layers]
        _show(rows, as_json)


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
    findings = import_module("neurosym.commands.doctor").diagnose()
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


Netlist = Annotated[Path, typer.Argument(help="AIGER, BLIF, .bench, Verilog, PLA, truth table or equations.")]
Mapping = Annotated[str, typer.Option(help="single-rail, dual-rail, fail-silent, majority, logicsnn or positive.")]


@app.command("compile")
def compile_netlist(
    circuit: Netlist,
    mapping: Mapping = "dual-rail",
    output: Annotated[
        Path | None, typer.Option(help="Write the network (.nir) or the circuit, in the format of the suffix.")
    ] = None,
    profile: Annotated[str, typer.Option(help="Kind of the network's file for its readers: lif or cuba.")] = "lif",
    table: Annotated[bool, typer.Option("--pareto", help="Compare all mappings instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Turn a netlist into a spiking network, and say how large it is."""
    with _plain_errors(None):
        rows: list[dict[str, object]]
        if table:
            rows = [row._asdict() for row in _netlists().trade_file(circuit)]
        else:
            rows = [{"mapping": mapping, **asdict(_netlists().compile_file(circuit, mapping, output, profile))}]
        _show(rows, as_json)


@app.command("verify")
def verify_netlist(
    circuit: Annotated[Path, typer.Argument(help="The netlist that is compiled, or a network (.nir) of ours.")],
    spec: Annotated[Path | None, typer.Argument(help="The specification; the circuit itself if left out.")] = None,
    mapping: Mapping = "dual-rail",
    timeout: Annotated[float | None, typer.Option(min=0, help="Seconds for a proof.")] = None,
    waveform: Annotated[Path | None, typer.Option(help="Write a counterexample as VCD, or .svg as a raster.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Write a .cnf and its DRAT proof (small networks).")] = None,
    as_json: AsJson = False,
) -> None:
    """Prove the compiled network of a netlist; exit code 0 proved, 1 refuted, 3 out of budget."""
    with _plain_errors(None):
        found = _netlists().verify_files(circuit, spec, mapping, timeout, waveform, certificate)
        word = {True: "PROVED", False: "REFUTED", None: "UNKNOWN"}[found.verdict.holds]
        sizes = asdict(found.sizes)
        if as_json:
            verdict = {**asdict(found.verdict), "verdict": word, "mapping": mapping, "circuit": str(circuit)}
            typer.echo(json.dumps(verdict | {"sizes": sizes, "compile_seconds": found.compile_seconds}, indent=2))
        else:
            typer.echo(f"{found.verdict}")
            figures = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in sizes.items())
            typer.echo(f"{mapping}: {figures}")
            typer.echo(f"compiled in {found.compile_seconds:.2f} s, {word.lower()} in {found.verdict.seconds:.2f} s")
    raise typer.Exit({True: 0, False: 1, None: 3}[found.verdict.holds])


@app.command("query")
def query_program(
    program: Annotated[Path, typer.Argument(help="A probabilistic logic program (.pl).", show_default=False)],
    query: Annotated[
        str | None,
        typer.Argument(help="One goal, evidence aside; without it, the program's queries given its evidence."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds for the grounding, and again for counting.")] = 60.0,
    proofs: Annotated[bool, typer.Option("--explain", help="Show the most probable proof of each answer.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer the queries of a program in the language of ProbLog: the probability of each answer, exact."""
    with _plain_errors(None):
        typer.echo(import_module("neurosym.commands.queries").report_file(program, query, timeout, proofs, as_json))


@app.command("solve")
def solve_puzzle(
    puzzle: Annotated[str, typer.Argument(help="A .pl file, or the name of a bundled puzzle.", show_default=False)],
    query: Annotated[str | None, typer.Argument(help="What is asked; without it, the first clause's head.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture of the board; then picture(Rows) is asked.")] = None,
    model: Annotated[Path | None, typer.Option(help="A saved reader of digits, for --image.")] = None,
    drawing: Annotated[Path | None, typer.Option(help="Write the solved board as SVG, repaired cells marked.")] = None,
    timeout: Annotated[float, typer.Option(min=0, help="Seconds for solving.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Solve a constraint puzzle and say whether the solution is unique; exit code 0 solved, 1 impossible, 3 unknown."""
    with _plain_errors(None):
        found = import_module("neurosym.commands.puzzles").solve_file(puzzle, query, image, model, drawing, timeout)
        typer.echo(json.dumps(found.to_dict(), indent=2) if as_json else str(found))
    raise typer.Exit({True: 0, False: 1, None: 3}[found.solvable])


@app.command("simulate")
def simulate_netlist(
    circuit: Netlist,
    mapping: Mapping = "dual-rail",
    waves: Annotated[int, typer.Option(min=1, help="Random input vectors.")] = 65536,
    seed: Seed = 0,
    deletion: Annotated[float, typer.Option(min=0, max=1, help="Probability that a spike is lost.")] = 0.0,
    insertion: Annotated[float, typer.Option(min=0, max=1, help="Probability of a spike from nowhere.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Run random waves through the compiled network, check every answer, and count spikes, energy and faults."""
    with _plain_errors(None):
        found = _netlists().simulate_file(circuit, mapping, waves, seed, deletion, insertion)
        figures = asdict(found)
        faults = figures.pop("faults") or {}
        _show([{"mapping": mapping, **figures, **{f"{kind}_under_faults": n for kind, n in faults.items()}}], as_json)


@app.command("learn-gate")
def learn_gate(
    table: Annotated[str, typer.Argument(help="Truth table such as 0110; 2, 4, 8 or 16 digits.", show_default=False)],
    flip: Annotated[float, typer.Option(min=0, max=0.5, help="Probability that the teacher errs.")] = 0.0,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Learn a gate from spikes and a teacher by STDP, and prove what was learned."""
    with _plain_errors(None):
        gate, verdict = _netlists().learn(table, flip, seed)
        if as_json:
            word = {True: "PROVED", False: "REFUTED", None: "UNKNOWN"}[verdict.holds]
            figures = {"table": gate.table, "epochs": gate.epochs, "predicted_epochs": gate.rule.predicted_epochs}
            weights = {"neurons": gate.snap().neurons, "weights": gate.weights.tolist()}
            typer.echo(json.dumps({"verdict": word, **figures, **weights, **asdict(verdict)}, indent=2))
        else:
            typer.echo(_netlists().training_report(gate))
            typer.echo(str(verdict))
    raise typer.Exit({True: 0, False: 1, None: 3}[verdict.holds])


def _vision() -> ModuleType:
    return import_module("neurosym.commands.vision")


def _netlists() -> ModuleType:
    return import_module("neurosym.commands.netlists")


def _show(rows: list[dict[str, object]], as_json: bool) -> None:
    """Rows of figures, one below the other for a single row and as a table for several."""
    if as_json:
        typer.echo(json.dumps(rows[0] if len(rows) == 1 else rows, indent=2))
        return
    names = list(rows[0])
    table = Table(*(["", ""] if len(rows) == 1 else [name.replace("_", " ") for name in names]))
    for cells in [[n.replace("_", " "), rows[0][n]] for n in names] if len(rows) == 1 else [r.values() for r in rows]:
        table.add_row(*(_in_words(cell) for cell in cells))
    Console(width=None if len(rows) == 1 else 150).print(table)  # a wide table is better scrolled than cut


def _in_words(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"{cell:,.6g}" if isinstance(cell, float) else str(cell)


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
    return import_module("neurosym.addition.run")


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
