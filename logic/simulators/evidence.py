"""The record of runs as evidence: what was compared, where, in which versions, and what came out."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..writing import whole_file
from .agreement import Outcome
from .environment import read_stamp
from .known_simulators import SIMULATORS

_ORDER = ("wrong", "failed", "absent", "weak stimulus", "refused", "identical")


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """0 if all is identical or refused with a reason, 1 if something is wrong or failed, 3 if something is open."""
    verdicts = {outcome.verdict for outcome in outcomes}
    if verdicts & {"wrong", "failed"}:
        return 1
    return 3 if verdicts & {"absent", "weak stimulus"} or not verdicts else 0


def table_rows(outcomes: Sequence[Outcome]) -> list[dict[str, object]]:
    """A row for each outcome, as it is shown."""
    return [
        {
            "network": outcome.network,
            "target": f"{outcome.target} {outcome.version}".strip(),
            "result": outcome.verdict if not outcome.reason else f"{outcome.verdict}: {outcome.reason}",
            "neurons": outcome.neurons,
            "steps": outcome.steps,
            "waves": outcome.waves if outcome.samples <= 1 else f"{outcome.samples} samples",
            "shift": outcome.shift,
            "spikes": outcome.spikes,
            "seconds": round(outcome.seconds, 1),
        }
        for outcome in outcomes
    ]


def matrix_text(outcomes: Sequence[Outcome]) -> str:
    """A table in Markdown, networks down and targets across, and under it each reason once.

    Example:
        >>> print(matrix_text([Outcome("xor", "nest", "identical", version="3.10.0", neurons=4)]))
        | network | nest 3.10.0 |
        |---|---|
        | xor | identical (4) |
    """
    targets = list(dict.fromkeys(outcome.target for outcome in outcomes))
    versions = {outcome.target: outcome.version for outcome in outcomes if outcome.version}
    heads = [f"{target} {versions.get(target, '')}".strip() for target in targets]
    reasons: dict[str, int] = {}
    lines = [f"| network | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for network in dict.fromkeys(outcome.network for outcome in outcomes):
        cells: list[str] = []
        for target in targets:
            found = [o for o in outcomes if o.network == network and o.target == target]
            cells.append(_cell(min(found, key=lambda o: _ORDER.index(o.verdict)), reasons) if found else "")
        lines.append(f"| {network} | {' | '.join(cells)} |")
    notes = [f"{number}. {reason}" for reason, number in reasons.items()]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def _cell(outcome: Outcome, reasons: dict[str, int]) -> str:
    if outcome.verdict == "identical":
        samples = f" x {outcome.samples}" if outcome.samples > 1 else ""
        return f"identical ({outcome.neurons:,}{samples})"
    number = reasons.setdefault(outcome.reason, len(reasons) + 1)
    return f"{outcome.verdict} ({number})"


def log_of(outcomes: Sequence[Outcome], command: Sequence[str] | None = None) -> dict[str, object]:
    """All that was compared, with versions, the command and the date, as JSON can say it."""
    used = {outcome.target for outcome in outcomes}
    packages: dict[str, list[str]] = {}
    for simulator in SIMULATORS:
        stamp = read_stamp(simulator.name, simulator.recipe) if simulator.name in used else None
        if stamp is not None:
            packages[simulator.name] = list(stamp.packages)
    return {
        "command": list(sys.argv if command is None else command),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": sys.version.split()[0],
        "platform": f"{platform.system()} {platform.machine()}",
        "claims": {simulator.name: simulator.claim for simulator in SIMULATORS if simulator.name in used},
        "packages": packages,
        "outcomes": [outcome.record() for outcome in outcomes],
    }


def write_log(path: Path, outcomes: Sequence[Outcome]) -> None:
    """Writes the record.

    Raises:
        FileError: if it cannot be written.
    """
    with whole_file(path) as place:
        place.write_text(json.dumps(log_of(outcomes), indent=1), encoding="utf-8")
