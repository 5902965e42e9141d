"""The commands on simulators of others: `target list`, `target install`, `target remove` and `conform`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..terminal import complain, say, say_json, say_rows
from .conventions.ending import plain_errors
from .conventions.files import PathError, existing, writable
from .conventions.options import AsJson, Seed, given
from .conventions.reading import READING, reads_netlists

if TYPE_CHECKING:
    from logic.formats.files import Reading

target_app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Simulators of others, each in an environment of its own."
)
Names = Annotated[str, typer.Argument(help="Names with commas between, or all.", show_default=False)]


@target_app.command("list")
def list_targets(as_json: AsJson = False) -> None:
    """Say which simulators there are, which are installed, and in which version."""
    with plain_errors():
        from logic.simulators import SIMULATORS, read_stamp

        rows: list[dict[str, object]] = []
        for simulator in SIMULATORS:
            stamp = read_stamp(simulator.name, simulator.recipe)
            state = {"installed": "no"} if stamp is None else {"installed": stamp.version}
            rows.append({"target": simulator.name, **state, "about": simulator.about})
            rows[-1]["tested"] = "" if stamp is None else stamp.tested
        say_rows(rows, as_json)


@target_app.command("install")
def install_targets(names: Names) -> None:
    """Install simulators in exact versions, and test each on an exclusive or; several take minutes and gigabytes."""
    with plain_errors():
        from logic import NeurosymError
        from logic.simulators import find_simulators, install, self_test

        failed = 0
        for simulator in find_simulators(names):

            def test(python: Path, simulator: object = simulator) -> str:
                return self_test(simulator, python)  # pyright: ignore[reportArgumentType] - bound early

            try:
                stamp = install(simulator.name, simulator.recipe, test, lambda text: complain(text, "Note"))
                say(f"{simulator.name} {stamp.version}: {stamp.tested}")
            except NeurosymError as error:
                failed += 1
                complain(str(error))
    raise typer.Exit(2 if failed else 0)


@target_app.command("remove")
def remove_targets(names: Names) -> None:
    """Remove the environments of simulators."""
    with plain_errors():
        from logic.simulators import find_simulators, remove

        for simulator in find_simulators(names):
            say(f"{simulator.name}: {'removed' if remove(simulator.name, simulator.recipe) else 'was not installed'}")


@reads_netlists
def conform_network(
    context: typer.Context,
    networks: Annotated[list[Path] | None, typer.Argument(help="Netlists, or networks (.nir).")] = None,
    targets: Annotated[str, typer.Option(help="Names with commas between, or all.")] = "all",
    mapping: Annotated[str, typer.Option(help="How netlists are compiled.")] = "dual-rail",
    waves: Annotated[int, typer.Option(min=1, help="Least number of waves of input.")] = 32,
    seed: Seed = 0,
    report: Annotated[Path | None, typer.Option(help="Write a page (.html) with cores and rasters.")] = None,
    log: Annotated[Path | None, typer.Option(help="Write a record of the runs (.json) as evidence.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Keep what went to and fro in a folder.")] = None,
    importer: Annotated[str | None, typer.Option(help="nir: test a reader of NIR with the golden networks.")] = None,
    as_json: AsJson = False,
    *,
    reading: "Reading",
) -> None:
    """Compare a network in simulators of others with ours, all neurons at all steps; exit 0 same, 1 wrong, 3 open."""
    with plain_errors():
        from .conforming import compare_networks, importer_kit

        netlists = [path for path in networks or [] if path.suffix != ".nir"]
        if not netlists and (written := given(context, READING)):
            raise PathError(f"--{written[0]}: is for netlists, and none is given; leave it out")

        for path in networks or []:
            existing(path)
        for place, kinds in ((report, (".html",)), (log, (".json",))):
            if place is not None:
                writable(place, *(networks or []), kinds=kinds)
        if importer is not None:
            found = importer_kit(importer, targets, keep)
        else:
            found = compare_networks(networks or [], targets, mapping, waves, seed, keep, reading)
        if log is not None:
            found.write_log(log)
        if report is not None:
            found.write_page(report)
        if as_json:
            say_json(found.to_dict())
        else:
            say_rows(found.rows(), False)
    raise typer.Exit(found.code)
