"""Commands on programs: mpe and map, dt, ground; and what all commands on programs share."""

from collections.abc import Mapping
from dataclasses import asdict
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..terminal import say, say_json
from .conventions.ending import plain_errors
from .conventions.files import existing, writable
from .conventions.options import AsJson, Seed

if TYPE_CHECKING:
    from reasoner import Limits, Program

ProgramFile = Annotated[Path, typer.Argument(help="A probabilistic logic program (.pl).", show_default=False)]
Timeout = Annotated[float, typer.Option(min=0, help="CPU seconds for reading, grounding, counting, each.")]
Raised = Annotated[list[str] | None, typer.Option("--limit", help="Raise a limit, as megabytes=2048; see Limits.")]


def read_program(path: Path, timeout: float, raised: list[str] | None) -> "tuple[Program, Limits]":
    """The program in a file, and what it may spend.

    Raises:
        PathError, ProgramError, LimitError: if there is no such file, it is refused, or a limit is none.
    """
    from reasoner import Program

    from .queries import limits_from

    existing(path)
    limits = limits_from(timeout, raised or ())
    return Program.read(path, (), limits), limits


def truths_text(truths: Mapping[str, bool]) -> list[str]:
    """One line for each atom, 1 for true.

    Example:
        >>> truths_text({"rain": True, "wet(1)": False})
        ['rain    1', 'wet(1)  0']
    """
    width = max(map(len, truths), default=0)
    return [f"{atom:<{width}}  {int(truth)}" for atom, truth in truths.items()]


def most_probable_world(
    program: ProgramFile,
    count: Annotated[int, typer.Option("--count", "-k", min=1, help="So many worlds, best first.")] = 1,
    full: Annotated[bool, typer.Option("--full", help="Also the answers of the program's queries.")] = False,
    timeout: Timeout = 60.0,
    raised: Raised = None,
    as_json: AsJson = False,
) -> None:
    """Find the most probable world in which the evidence holds: what is chosen of all that matters."""
    with plain_errors():
        read, limits = read_program(program, timeout, raised)
        from reasoner import most_probable

        worlds = most_probable(read, (), count, limits)
        if as_json:
            say_json(
                [
                    {
                        "facts": one.facts,
                        "answers": one.answers,
                        "log_probability": one.log_probability,
                        "probability": exp(one.log_probability),
                    }
                    for one in worlds
                ]
            )
            return
        from .queries import shown

        parts: list[str] = []
        for one in worlds:
            truths = {**one.facts, **(one.answers if full else {})}
            lines = [atom if truth else f"\\+{atom}" for atom, truth in truths.items()]
            parts.append("\n".join([*lines, f"% Probability: {shown(one.log_probability)}"]))
        say("\n----------------\n".join(parts))


def most_probable_truths(
    program: ProgramFile, timeout: Timeout = 60.0, raised: Raised = None, as_json: AsJson = False
) -> None:
    """Find the most probable truth of all queries together, given the evidence; all else is summed out."""
    with plain_errors():
        read, limits = read_program(program, timeout, raised)
        from reasoner import most_probable_answers

        found = most_probable_answers(read, (), limits)
        if as_json:
            share = {"log_probability": found.log_probability, "probability": exp(found.log_probability)}
            say_json({"answers": found.answers, **share})
            return
        from .queries import shown

        say("\n".join([*truths_text(found.answers), f"% Probability: {shown(found.log_probability)}"]))


def decide_program(
    program: ProgramFile,
    search: Annotated[
        Literal["exhaustive", "local"], typer.Option("--search", "-s", help="All strategies, or single changes.")
    ] = "exhaustive",
    seed: Seed = 0,
    timeout: Timeout = 60.0,
    raised: Raised = None,
    as_json: AsJson = False,
) -> None:
    """Find the decisions `?::a` of greatest expected utility, of a program with `utility(Goal, Number)`."""
    with plain_errors():
        read, limits = read_program(program, timeout, raised)
        from reasoner import decide

        found = decide(read, limits, search == "local", seed)
        if as_json:
            say_json(asdict(found))
            return
        proved = "" if found.optimal else "\n% the best that local search found; not proved to be the best"
        say("\n".join([*truths_text(found.choices), f"SCORE: {found.utility:.10g}{proved}"]))


def ground_program(
    program: ProgramFile,
    query: Annotated[
        str | None, typer.Argument(help="One goal; without it, the program's queries and evidence.")
    ] = None,
    kind: Annotated[Literal["pl", "dot"], typer.Option("--format", help="ProbLog's language, or a graph.")] = "pl",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write it to this file.")] = None,
    timeout: Timeout = 60.0,
    raised: Raised = None,
    as_json: AsJson = False,
) -> None:
    """Show the ground program that answers are counted on: rules, choices, queries and evidence."""
    with plain_errors():
        if output is not None:
            writable(output, program, kinds=(f".{kind}",))
        read, limits = read_program(program, timeout, raised)
        from logic import whole_file
        from reasoner import ground_graph, ground_stated, ground_text

        if query is None and not read.queries:
            read = read.extended("query(true).")
        grounding = ground_stated(read, query, limits)
        text = ground_graph(grounding) if kind == "dot" else ground_text(grounding)
        if output is not None:
            start = "" if kind == "dot" else "% grounded by neurosym\n"
            with whole_file(output) as place:
                place.write_text(start + text, encoding="utf-8")
        if as_json:
            counts = {"atoms": len(grounding.atoms), "rules": sum(map(len, grounding.circles))}
            say_json({**counts, "choices": len(grounding.slots), "text": text})
        elif output is None:
            say(text.rstrip("\n"))
