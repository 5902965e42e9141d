"""Every method of conversion by steps, on four networks, beside SpikingJelly and sinabs in the same run.

Run ``python -m tasks.conversion``, with ``NEUROSYM_DATA`` naming the folder that holds ``mnist``; garments come from
there or from Debian's package ``dataset-fashion-mnist``. Networks are trained where they are missing. Each row is kept
in ``rows.jsonl`` as soon as it is there, so that a run which is cut short goes on where it stopped; ``conversion.html``
holds the curves. Thresholds come from 500 training pictures; test pictures are read and nothing is chosen on them.
"""

import json
import platform
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import torch
import typer

from logic import NeurosymError
from neurosym.terminal import complain, say
from perception.conversion import ConversionError, ConversionWarning

from .conversion_page import write_page
from .conversion_rows import Row, read_rows, write_rows
from .entrants import Entrant, our_entrants, timed
from .rival_converters import rival_entrants
from .trained_networks import LEVELS, RECIPES, Trained, load_trained, read_all

STEPS = (1, 2, 4, 8, 16, 32, 64)
BRIEF = {"resnet18": ((1, 2, 4), ("group", "signed", "auto"), 500)}
"""Networks for which steps, methods and pictures are cut short, since they are large."""


def measure(entrant: Entrant, trained: Trained, steps: int, pictures: int, ann_correct: int) -> Row:
    """One row.

    Args:
        entrant: Tool and method.
        trained: The network and its pictures.
        steps: T.
        pictures: How many of the first test pictures are read.
        ann_correct: Of them, read rightly by the network that is converted.
    """
    spiking, seconds = timed(entrant, trained, steps)
    shown, labels = trained.test.pictures[:pictures], trained.test.labels[:pictures]
    correct = int((spiking.read(shown) == labels).sum())
    return Row(
        trained.name, entrant.trained, entrant.tool, entrant.method, spiking.alphabet, steps, spiking.window,
        spiking.steps_to_answer, len(labels), correct, ann_correct, **asdict(spiking.spend(shown)), seconds=seconds,
        islands=spiking.islands,
    )  # fmt: skip


def fill(trained: Trained, entrants: Sequence[Entrant], steps: Sequence[int], pictures: int, path: Path) -> None:
    """Measures the rows that the file lacks and keeps each at once; what cannot be converted is said and left out.

    Args:
        trained: The network.
        entrants: Who takes part.
        steps: Values of T.
        pictures: Test pictures.
        path: The file of rows.
    """
    rows = read_rows(path)
    known = {row.key for row in rows}
    right: dict[str, int] = {}
    count = min(pictures, len(trained.test.labels))
    for entrant in entrants:
        for number in sorted(steps):
            if (trained.name, entrant.trained, entrant.tool, entrant.method, number, count) in known:
                continue
            if entrant.trained not in right:
                seen = read_all(entrant.network(trained), trained.test.pictures[:count])
                right[entrant.trained] = int((seen == trained.test.labels[:count]).sum())
            try:
                row = measure(entrant, trained, number, count, right[entrant.trained])
            except (ConversionError, RuntimeError, ValueError, NotImplementedError) as fault:
                complain(f"{trained.name}, {entrant.tool}, {entrant.method}, T = {number}: {fault}", "Left out")
                break
            rows = [*read_rows(path), row]
            write_rows(path, rows)
            say(json.dumps({key: row_value for key, row_value in asdict(row).items() if key != "ann_energy"}))


def main(
    network: Annotated[list[str] | None, typer.Option(help=f"Some of {', '.join(RECIPES)}; all if none.")] = None,
    methods: Annotated[list[str] | None, typer.Option(help="As the table says them; all if none.")] = None,
    trained: Annotated[str | None, typer.Option(help="relu, qcfs8 or gelu; all if none.")] = None,
    steps: Annotated[list[int] | None, typer.Option(help="T, once or more.")] = None,
    pictures: Annotated[int, typer.Option(min=1, help="Test pictures.")] = 500,
    rivals: Annotated[bool, typer.Option(help="SpikingJelly and sinabs, if installed.")] = True,
    folder: Annotated[Path, typer.Option(help="For networks, rows and the page.")] = Path("runs/conversion"),
) -> None:
    """Convert trained networks by every method and say what each reads and spends, by steps."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConversionWarning)
    if unknown := set(network or ()) - set(RECIPES):
        raise typer.BadParameter(f"there is no network {', '.join(sorted(unknown))}; choose of {', '.join(RECIPES)}")
    try:
        for name in network or RECIPES:
            one = load_trained(name, folder, twin=trained in (None, f"qcfs{LEVELS}"))
            own_steps, own_methods, most = BRIEF.get(name, (STEPS, None, pictures))
            entrants = [*our_entrants(one), *(rival_entrants(one.network) if rivals else ())]
            chosen = [e for e in entrants if e.method in (methods or own_methods or (e.method,))]
            fill(
                one,
                [e for e in chosen if trained in (None, e.trained)],
                steps or own_steps,
                min(pictures, most),
                folder / "rows.jsonl",
            )
        write_page(folder / "conversion.html", read_rows(folder / "rows.jsonl"), footer())
    except NeurosymError as fault:
        complain(str(fault))
        raise typer.Exit(2) from None


def footer() -> str:
    """Versions and machine."""
    return (
        f"torch {torch.__version__}, Python {platform.python_version()}, {platform.machine()}; {' '.join(sys.argv[1:])}"
    )


if __name__ == "__main__":
    typer.run(main)
