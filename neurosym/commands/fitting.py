"""The command `fit`: whether a network fits on a chip, limit by limit, and what would help."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..terminal import say, say_json, say_table
from .circuits import Mapping
from .conventions.ending import plain_errors
from .conventions.files import PathError, existing
from .conventions.options import AsJson, given
from .conventions.reading import read_given, reads_netlists

if TYPE_CHECKING:
    from logic.chips import FitReport
    from logic.formats.files import Reading


@reads_netlists
def fit_network(
    context: typer.Context,
    network: Annotated[Path, typer.Argument(help="A network (.nir) of ours, or a netlist.", show_default=False)],
    chip: Annotated[str, typer.Option(help="loihi1, loihi2, speck, xylo, xylo-imu, spinnaker2, truenorth, ...")],
    mapping: Mapping = "single-rail",
    max_delay: Annotated[int | None, typer.Option(min=1, help="Relays wait beyond so many steps.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="For which membranes must be right that run away.")] = None,
    as_json: AsJson = False,
    *,
    reading: "Reading",
) -> None:
    """Compare a network with the limits of a chip: what is used, what binds, what is not public, and what would fit.

    Exit code 0 all limits are kept, 1 one is exceeded, 3 some are not public.
    """
    with plain_errors():
        existing(network)
        from logic import Circuit
        from logic.chips import find_chip, fit_chip, fit_circuit

        find_chip(chip)
        design = read_given(context, network, reading)
        if isinstance(design, Circuit):
            report = fit_circuit(design, chip, mapping, max_delay=max_delay, steps=steps)
        elif written := given(context, ["mapping", "max_delay"]):
            raise PathError(f"{network}: has been compiled already; leave --{written[0].replace('_', '-')} out")
        else:
            report = fit_chip(design, chip, steps)
        if as_json:
            say_json(asdict(report))
        else:
            _show(report)
    raise typer.Exit({True: 0, False: 1, None: 3}[report.fits])


def _show(report: "FitReport") -> None:
    """The report as a table, and what follows from it."""
    from logic.chips.chip import QUANTITIES

    rows = [
        [
            QUANTITIES[line.quantity],
            "-" if line.used is None else f"{line.used:,}",
            "-" if line.limit is None else f"{line.limit:,}",
            line.state,
            "; ".join(filter(None, (line.note, line.source))),
        ]
        for line in report.lines
    ]
    say(str(report).split("\n", 1)[0])
    say_table(["", "used", "limit", "", "note; source of the limit"], rows)
    if report.binding:
        say(f"binding: {report.line(report.binding)}")
    if report.proposal:
        say(f"would fit: {report.proposal}")
    for note in report.notes:
        say(f"note: {note}")
