"""The command `sample`: worlds drawn by chance, or what they tell of the probability of each answer."""

from dataclasses import asdict
from typing import Annotated

import typer

from ..terminal import say, say_json
from .conventions.ending import plain_errors
from .conventions.options import AsJson, Seed
from .programs import ProgramFile, Raised, Timeout, read_program


def sample_program(
    program: ProgramFile,
    query: Annotated[str | None, typer.Argument(help="One goal; without it, the program's queries.")] = None,
    number: Annotated[int, typer.Option("-n", "--number", min=1, help="How many worlds; 10,000 with --estimate.")] = 1,
    estimate: Annotated[bool, typer.Option("--estimate", help="Tell the probability of each answer.")] = False,
    with_facts: Annotated[bool, typer.Option("--with-facts", help="Tell also what was chosen in a world.")] = False,
    as_evidence: Annotated[bool, typer.Option("--as-evidence", help="Write worlds as evidence, for lfi.")] = False,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.999999, help="Of the intervals.")] = 0.95,
    seed: Seed = 0,
    timeout: Timeout = 60.0,
    raised: Raised = None,
    as_json: AsJson = False,
) -> None:
    """Draw worlds in which the evidence holds, or estimate the probabilities of the answers with intervals."""
    with plain_errors():
        read, limits = read_program(program, timeout, raised)
        from reasoner import sample

        if estimate:
            found = sample(read, query, (), number if number > 1 else 10_000, seed, confidence, 0, limits)
            if as_json:
                rows = {atom: asdict(one) for atom, one in found.estimates.items()}
                means = {atom: asdict(one) for atom, one in found.means.items()}
                evidence = None if found.evidence is None else asdict(found.evidence)
                say_json(
                    {
                        "estimates": rows,
                        "evidence": evidence,
                        "means": means,
                        "samples": found.count,
                        "effective": found.effective,
                    }
                )
                return
            width = max(map(len, found.estimates), default=0)
            lines = [
                f"{atom:<{width}}  {one.value:.6g}  ({one.low:.6g} to {one.high:.6g})"
                for atom, one in found.estimates.items()
            ]
            lines += [
                f"{atom:<{width}}  has mean {one.value:.6g}  ({one.low:.6g} to {one.high:.6g})"
                for atom, one in found.means.items()
            ]
            told = f"% {found.count} samples, worth {found.effective:.0f}; intervals of {confidence:g}"
            say("\n".join([*lines, told]))
            return
        found = sample(read, query, (), max(64, 4 * number), seed, confidence, number, limits)
        size = 4 * max(64, 4 * number)
        while len(found.worlds) < number and size < 10**7:  # the evidence may be rare
            found = sample(read, query, (), size, seed, confidence, number, limits)
            size *= 4
        atoms = tuple(found.estimates)
        if as_json:
            rows = [
                {"true": list(true), **({"facts": list(facts)} if with_facts else {})}
                for true, facts in zip(found.worlds, found.choices, strict=True)
            ]
            say_json(rows)
            return
        parts: list[str] = []
        for true, facts in zip(found.worlds, found.choices, strict=True):
            if as_evidence:
                lines = [f"evidence({atom},{str(atom in true).lower()})." for atom in atoms]
            else:
                lines = [
                    f"{atom}." for atom in (*true, *((one for one in facts if one not in true) if with_facts else ()))
                ]
            parts.append("\n".join(lines))
        say("\n----------------\n".join(parts))
