"""How long conversion takes, beside SpikingJelly's on the same network and calibration pictures, in turns.

Run ``python -m tasks.conversion.conversion_time --folder runs/conversion``. Medians of CPU seconds of one thread. Both
trace symbolically; what is not made of well-known modules and sums alone is traced by us by ``torch.export``, a
compiler's front end, which takes some 0.2 s.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Annotated

import torch
import typer

from neurosym.terminal import say_rows

from .entrants import CALIBRATION, Spiking, ours
from .rival_converters import jelly
from .trained_networks import Trained, load_trained

PAIRS: Mapping[str, tuple[Callable[..., Spiking], str]] = {
    "maximum": (ours("max-norm"), "Max"),
    "99.9 %": (ours("robust"), "99.9 %"),
    "99.9 %, per channel": (ours("robust", start=0.5, per_channel=True), "99.9 %, channel_wise, half_threshold"),
}
"""The same rule by us and by SpikingJelly."""


def compare(trained: Trained, rounds: int) -> list[dict[str, object]]:
    """One line for each rule: medians of CPU seconds and their ratio; a first round is not counted.

    Args:
        trained: The network and its pictures.
        rounds: Counted rounds.
    """
    calibration = trained.calibration(CALIBRATION)
    spent: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in PAIRS}
    pairs = {name: (mine, jelly(mode)) for name, (mine, mode) in PAIRS.items()}
    for round_ in range(rounds + 1):
        for name, pair in pairs.items():
            for place, convert in enumerate(pair):
                start = time.process_time()
                convert(trained.network, calibration, 4)
                if round_:
                    spent[name][place].append(time.process_time() - start)
    return [
        {"rule": name, "ours": median(mine), "spikingjelly": median(theirs), "ratio": median(mine) / median(theirs)}
        for name, (mine, theirs) in spent.items()
    ]


def main(
    network: Annotated[str, typer.Option(help="Which of the trained networks.")] = "residual",
    rounds: Annotated[int, typer.Option(min=1)] = 7,
    folder: Annotated[Path, typer.Option(help="Where they are kept.")] = Path("runs/conversion"),
) -> None:
    """Compare the CPU seconds of conversion."""
    torch.set_num_threads(1)
    say_rows(compare(load_trained(network, folder), rounds), as_json=False)


if __name__ == "__main__":
    typer.run(main)
