"""One showcase of the whole chain by one command: ``python -m tasks.chain NAME``, learned with several seeds.

Printed is the share of right answers on samples that were not seen, of each seed and over all, with 95 % intervals;
then, of the first seed, why one answer is given, and the model as one spiking network: its size, what rounding changes,
what is proved, and whether another simulator sends the same spikes.
"""

from importlib import import_module
from statistics import mean
from typing import Annotated

import torch
import typer

from neurosym.interval import wilson
from neurosym.terminal import complain, say

from .joined_network import join, reasons
from .showcase import Outcome, Showcase, judged

NAMES = ("arithmetic", "comparison", "digit_sums", "kinship", "resnet_sums", "sorting", "sudoku", "tic_tac_toe")
"""Each the name of a module here that has a ``SHOWCASE``."""

app = typer.Typer(add_completion=False)


@app.command()
def main(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}.")],
    seeds: Annotated[int, typer.Option(help="Number of seeds, from 0 on.")] = 3,
    share: Annotated[float, typer.Option(help="Part of the usual work, for a quick look.")] = 1.0,
    joined: Annotated[int, typer.Option(help="Test samples that the joined network answers; 0 for none.")] = 400,
) -> None:
    """Learns a showcase and prints how well."""
    if name not in NAMES:
        complain(f"there is no showcase '{name}'; choose {', '.join(NAMES)}")
        raise typer.Exit(2)
    torch.set_num_threads(1)
    showcase: Showcase = import_module(f".{name}", __package__).SHOWCASE
    say(f"{name}: {showcase.about}")
    outcomes: list[Outcome] = []
    for seed in range(seeds):
        outcomes.append(judged(showcase, seed, share))
        say(f"seed {seed}: {outcomes[-1]}")
    right, tests = (sum(getattr(one, field) for one in outcomes) for field in ("right", "tests"))
    low, high = wilson(right, tests)
    parts = "".join(f", {part} {mean(one.parts[part] for one in outcomes):.1%}" for part in outcomes[0].parts)
    say(f"all {seeds} seeds: {right / tests:.2%} [{low:.2%}, {high:.2%}]{parts}")
    learned = outcomes[0].learned
    if learned.query is not None and joined:
        samples = [sample for sample in learned.tests if sample.query in (None, learned.query)][:joined]
        say(reasons(learned.model, learned.query, samples[0]))
        say(str(join(learned.model, learned.query, samples)))


if __name__ == "__main__":
    app()
