"""The command `neurosym`: reads what is asked, looks at settings and files, and calls the library."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ..many.asking import HELP as MANY, is_many
from ..terminal import complain, say, say_json, say_part, say_rows, say_table
from .advising import advise_family
from .circuits import compile_netlist, learn_gate, simulate_netlist, translate_netlist, verify_netlist
from .conventions.ending import fail, plain_errors
from .conventions.files import PathError, claimed, existing, writable
from .conventions.options import CODES, AsJson, Epochs, Quick, Seed, given, refuse_others
from .conversion import convert_model
from .fitting import fit_network
from .hardware import write_hardware
from .integers import show_integers
from .lfi import learn_program
from .predict import predict_files
from .programs import decide_program, ground_program, most_probable_truths, most_probable_world
from .sample import sample_program
from .sweeping import run_many, sweep
from .targets import conform_network, target_app
from .train import train_model

# What computes and what draws (rich) is loaded where it is used, since --help must not wait for it.

_RESERVED = ("export", "bench")

app = typer.Typer(
    help="Spiking perception, spiking logic and a reasoner in one chain: from a picture to a proved answer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 120},
    rich_markup_mode=None,  # rich takes as long to load as all else that --help needs
)


def main() -> None:
    """Run the whole command line; `__main__.py` answers what needs less."""
    import sys

    words = sys.argv[1:]
    if is_many(words):
        run_many(words)
    if "--json" not in words:
        app()
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        fail(error.format_message())  # pyright: ignore - words that click does not take
        sys.exit(2)


@app.command("run")
def run_task(
    seed: Seed = 0,
    epochs: Epochs = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the results; without it, runs/<time>.")] = None,
    quick: Quick = False,
    resume: Annotated[Path | None, typer.Option(help="Folder of an interrupted run, to go on from there.")] = None,
) -> None:
    """Learn digits from sums, explain, prove and export the network, and write a report."""
    from rich.console import Console

    folder = resume or output or Path("runs") / f"{datetime.now():%Y-%m-%d-%H%M%S}"
    with plain_errors(folder):
        if resume is not None and (epochs is not None or quick or seed or output is not None):
            raise PathError(f"{resume}: goes on with its own settings; leave the others out")
        from ..addition import run as task

        with claimed(folder):
            task.run(
                seed=seed, epochs=epochs, output=folder, quick=quick, resume=resume is not None, console=Console()
            )  # fmt: skip


@app.command("models")
def list_models(
    table: Annotated[
        bool, typer.Option("--table", help="All names, neurons to token policies, and what is true of them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the presets that can be trained."""
    with plain_errors():
        from ..profiling import model_names, model_rows

        if table or as_json:
            say_rows(model_rows(), as_json)
        else:
            say("\n".join(model_names()))


@app.command("profile")
def profile_model(
    model: Annotated[str, typer.Argument(help="A preset or a trained file.", show_default=False)],
    steps: Annotated[int | None, typer.Option(min=1, help="Time steps T of a preset.")] = None,
    layers: Annotated[bool, typer.Option("--layers", help="Layer by layer.")] = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Measure what a network costs for one picture: time, memory, spikes, operations and energy."""
    with plain_errors():
        from ..profiling import profile_model as measure, table

        found = measure(model, steps=steps, seed=seed)
        say_rows([asdict(layer) for layer in found.layers] if layers else table([(model, found)]), as_json)


@app.command("explain", epilog=MANY)
def explain_pictures(
    model: Annotated[Path, typer.Argument(help="A saved model, or a program (.pl).", show_default=False)],
    pictures: Annotated[list[Path] | None, typer.Argument(help="Pictures of one digit each.")] = None,
    rule: Annotated[Path | None, typer.Option(help="A file with another rule; without it, the model's own.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what the model sees in pictures, what follows by the rule, and why; of a program, why its answers hold."""
    with plain_errors():
        for path in (model, *(pictures or ()), *([] if rule is None else [rule])):
            existing(path)
        if model.suffix == ".pl":
            if pictures or rule is not None:
                raise PathError(f"{model}: a program is explained alone; leave the others out")
            from .queries import limits_from, report_file

            say(report_file(model, None, limits_from(60.0, ()), True, as_json))
            return
        if not pictures:
            raise PathError(f"{model}: a saved model explains pictures; give one or more")
        from ..addition import run as task

        found = task.explain(model, pictures, rule)
        if as_json:
            say_json(found.to_json())
        else:
            say(found.to_text())


@app.command("doctor")
def check_parts(
    warm: Annotated[
        bool, typer.Option("--warm", help="Compile all kernels now, so that no command waits for them.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check each part that neurosym stands on, and say what to install."""
    with plain_errors():
        from rich.text import Text

        from .doctor import diagnose

        if warm:
            from .warming import warm_kernels

            warm_kernels()
        findings = diagnose()
        if as_json:
            say_json([asdict(finding) for finding in findings])
        else:
            lines = [
                [
                    Text("works", "green") if finding.works else Text("FAILS", "red"),
                    finding.part,
                    finding.version,
                    f"{finding.seconds:.2f} s" if finding.seconds else "",
                    "\n".join(filter(None, (finding.detail, finding.remedy))),
                ]
                for finding in findings
            ]
            say_table(["", "Part", "Version", "Time", "Self-test"], lines)
    raise typer.Exit(0 if all(finding.works for finding in findings) else 1)


@app.command("query", epilog=MANY)
def query_program(
    program: Annotated[Path, typer.Argument(help="A probabilistic logic program (.pl).", show_default=False)],
    query: Annotated[
        str | None,
        typer.Argument(help="One goal, evidence aside; without it, the program's queries given its evidence."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0, help="CPU seconds for reading, grounding, counting, each.")] = 60.0,
    limit: Annotated[list[str] | None, typer.Option(help="Raise a limit, as megabytes=2048; see Limits.")] = None,
    proofs: Annotated[bool, typer.Option("--explain", help="Show the most probable proof of each answer.")] = False,
    counting: Annotated[bool, typer.Option("--report", help="Tell how it was counted: method, nodes, width.")] = False,
    as_json: AsJson = False,
) -> None:
    """Answer the queries of a program in the language of ProbLog: the probability of each answer, exact."""
    with plain_errors():
        existing(program)
        from .queries import limits_from, report_file

        found = report_file(program, query, limits_from(timeout, limit or ()), proofs, as_json, counting)
        say(found)


_SOLVING = ("puzzle", "query", "timeout", "limit", "as_json", "count")
_SPIKING = (*_SOLVING, "spikes", "orders", "seed", "steps", "unique", "proof", "report")


@app.command("solve", epilog=MANY)
def solve_puzzle(
    context: typer.Context,
    puzzle: Annotated[str, typer.Argument(help="A .pl file, or the name of a bundled puzzle.", show_default=False)],
    query: Annotated[str | None, typer.Argument(help="What is asked; without it, the first clause's head.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture of the board; then picture(Rows) is asked.")] = None,
    model: Annotated[Path | None, typer.Option(help="A saved reader of digits, for --image.")] = None,
    drawing: Annotated[Path | None, typer.Option(help="Write the solved board as SVG, repaired cells marked.")] = None,
    timeout: Annotated[float, typer.Option(min=0, help="CPU seconds for solving.")] = 60.0,
    limit: Annotated[list[str] | None, typer.Option(help="Raise a limit, as answers=2000; see Limits.")] = None,
    spikes: Annotated[bool, typer.Option("--spikes", help="Search by a network of spiking neurons.")] = False,
    orders: Annotated[int, typer.Option(min=1, help="Of --spikes: networks side by side, the first wins.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Of --spikes: of the first order; 0 is the program's own.")] = 0,
    steps: Annotated[int, typer.Option(min=1, help="Of --spikes: at most so many.")] = 20_000,
    unique: Annotated[bool, typer.Option("--unique", help="Of --spikes: look for a second solution.")] = False,
    count: Annotated[bool, typer.Option("--count", help="Count all solutions.")] = False,
    proof: Annotated[Path | None, typer.Option(help="Of --spikes: write the refutation, with its formula.")] = None,
    report: Annotated[Path | None, typer.Option(help="Of --spikes: write a page of pictures of the search.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show all solutions, one after the other.")] = False,
    prove: Annotated[bool, typer.Option("--prove", help="Prove what CP-SAT says, in all the time left.")] = False,
    as_json: AsJson = False,
) -> None:
    """Solve a constraint puzzle and say whether the solution is unique; exit code 0 solved, 1 impossible, 3 unknown.

    A program that prints, collects or asserts is run as Prolog runs it, with library(clpfd).
    """
    with plain_errors():
        if spikes:
            refuse_others(context, _SPIKING)
        elif written := given(context, set(_SPIKING) - set(_SOLVING)):
            raise PathError(f"--{written[0]}: is obeyed only with --spikes")
        for path in (image, model):
            if path is not None and model is not None:  # which is missed first
                existing(path)
        if drawing is not None:
            writable(drawing, Path(puzzle), image, model, kinds=(".svg",))
        from .queries import limits_from
        from .solving.puzzles import WAYS, solve_file

        limits = limits_from(max(1.0, timeout), [f"answers={WAYS}", *(limit or [])])
        if spikes:
            from .solving.spiking import solve_puzzle_in_spikes

            if proof is not None:
                writable(proof, Path(puzzle), kinds=(".cnf", ".opb"))
            if report is not None:
                writable(report, Path(puzzle), proof, kinds=(".html",))
            spiking = solve_puzzle_in_spikes(
                puzzle, query, orders=orders, seed=seed, steps=steps, unique=unique, count=count, seconds=timeout,
                limits=limits, proof=proof, report=report,
            )  # fmt: skip
            if as_json:
                say_json(spiking.to_dict())
            else:
                say(str(spiking))
            raise typer.Exit(CODES[spiking.spiking.solvable])
        if image is None and drawing is None:
            from .solving.goals import solve_or_run

            asked = "count" if count else "all" if every else "one"
            found = solve_or_run(puzzle, query, timeout, limits, asked, str if as_json else say_part, prove)
        else:
            found = solve_file(puzzle, query, image, model, drawing, timeout, limits)
        if as_json:
            say_json(found.to_dict())
        else:
            say(str(found))
    raise typer.Exit(CODES[found.solvable])


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # loads as long as a third of --help

        say(version("neurosym"))
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None: ...


app.command("train")(train_model)
app.command("predict")(predict_files)
app.command("mpe", epilog=MANY)(most_probable_world)
app.command("map", epilog=MANY)(most_probable_truths)
app.command("sample", epilog=MANY)(sample_program)
app.command("lfi")(learn_program)
app.command("dt")(decide_program)
app.command("ground")(ground_program)
app.command("compile", epilog=MANY)(compile_netlist)
app.command("verify", epilog=MANY)(verify_netlist)
app.command("simulate", epilog=MANY)(simulate_netlist)
app.command("translate")(translate_netlist)
app.command("learn-gate")(learn_gate)
app.command("rtl")(write_hardware)
app.command("integers")(show_integers)
app.command("convert", epilog=MANY)(convert_model)
app.command("fit", epilog=MANY)(fit_network)
app.command("conform")(conform_network)
app.command("advise")(advise_family)
app.command("sweep")(sweep)
app.add_typer(target_app, name="target")


def _reserve(context: typer.Context) -> None:
    complain(f"'{context.info_name}' is reserved for a later release; see neurosym --help for what works now")
    raise typer.Exit(2)


for _name in _RESERVED:
    app.command(
        _name,
        hidden=True,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(_reserve)
