"""The command `lfi`: probabilities of a program learned from interpretations."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ..terminal import complain, say, say_json
from .conventions.ending import plain_errors
from .conventions.files import existing, writable
from .conventions.options import AsJson, Seed
from .programs import ProgramFile, Raised, Timeout, read_program


def learn_program(
    program: ProgramFile,
    examples: Annotated[list[Path], typer.Argument(help="Facts of evidence; lines of --- part examples.")],
    iterations: Annotated[int, typer.Option("-n", "--iterations", min=1, help="Rounds at most.")] = 10_000,
    improvement: Annotated[float, typer.Option("-d", "--improvement", min=0, help="Least gain to go on.")] = 1e-10,
    output: Annotated[Path | None, typer.Option("-O", "--output", help="Write the learned program here.")] = None,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999999, help="Of the intervals.")] = 0.95,
    seed: Seed = 0,
    timeout: Timeout = 60.0,
    raised: Raised = None,
    as_json: AsJson = False,
) -> None:
    """Learn the probabilities `t(_)` of a program from what was observed, and write it with them."""
    with plain_errors():
        for path in examples:
            existing(path)
        if output is not None:
            writable(output, program, *examples, kinds=(".pl",))
        read, limits = read_program(program, timeout, raised)
        from logic import whole_file
        from reasoner import learn_from_interpretations, read_interpretations

        found = learn_from_interpretations(
            read, read_interpretations(examples, limits), iterations, improvement, seed, confidence, limits
        )
        if output is not None:
            with whole_file(output) as place:
                place.write_text(f"% learned by neurosym lfi\n{found.program}", encoding="utf-8")
        if found.contradicting:
            complain(f"{found.contradicting} examples contradict the program and were left out")
        if as_json:
            say_json(asdict(found))
            return
        width = max(map(len, found.probabilities), default=0)
        lines = [
            f"% {head:<{width}}  {share:.6g}"
            + ("  ({:.4g} to {:.4g})".format(*found.intervals[head]) if head in found.intervals else "")
            for head, share in found.probabilities.items()
        ]
        told = (
            f"% log-likelihood {found.log_likelihood:.8g} after {found.iterations} rounds; intervals of {confidence:g}"
        )
        say("\n".join(["" if output else found.program.rstrip("\n"), *lines, told]).lstrip("\n"))
