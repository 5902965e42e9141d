"""The addition run as one screen."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from neurosym.terminal import say

from .results import Results, peak_memory


def show_results(console: Console, results: Results, folder: Path) -> None:
    """One screen: the figures, the files, and the first example."""
    joined, conformance = results.joined, results.conformance
    screen = Table("On 1,000 held-out pictures (500 pairs)", "spiking", "one integer network", "twin without spikes")
    screen.add_row("digits right", f"{results.spiking['digits']:.1%}", "", f"{results.twin['digits']:.1%}")
    screen.add_row(
        "sums right", f"{results.spiking['sums']:.1%}", f"{results.joined_sums:.1%}", f"{results.twin['sums']:.1%}"
    )
    screen.add_row(
        "energy of one picture's arithmetic",
        f"{1e9 * results.activity.spiking_joules:.0f} nJ",
        "",
        f"{1e9 * results.activity.analog_joules:.0f} nJ",
    )
    console.print(screen)
    console.print(f"{results.proof.word}: {results.proof.sentence}.", style="bold", markup=False, highlight=False)
    console.print(
        f"One network, pixels to bits: {joined.network.neurons:,} neurons, answer at step {joined.network.latency}; "
        f"{joined.digit_flips} of {2 * len(joined.answers):,} digits and {joined.sum_flips} of "
        f"{len(joined.answers):,} sums differ from the real-valued net by quantisation, {joined.silent} silent.",
        highlight=False,
    )
    console.print(
        f"NIR file in snnTorch, {conformance.samples} pairs: {conformance.spikes:,} answer spikes, "
        f"{conformance.different} different.",
        highlight=False,
    )
    say(f"{results.examples[0][0]}:\n{results.examples[0][2].to_text()}")
    say(f"{results.seconds:.0f} s, {peak_memory() / 2**30:.2f} GB at most. Report: {folder / 'report.html'}")
