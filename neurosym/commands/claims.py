"""What `verify --property` and `verify --replay` do: claims in a circuit's file judged, and witnesses judged."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from logic import CircuitError, Verdict
from logic.checking import Judged, all_hold, prove_properties, read_witnesses, replay, with_claims, write_witnesses
from logic.formats import read_circuit

from ..terminal import say, say_json
from .conventions.options import WORDS

if TYPE_CHECKING:
    from logic.formats.files import Reading

ALL = "all"


def judge_claims(
    path: Path,
    names: list[str],
    timeout: float | None,
    witness: Path | None,
    reading: "Reading | None" = None,
    waveform: Path | None = None,
) -> tuple[Judged, ...]:
    """Judges properties of a netlist file, and writes witnesses of those refuted, one after the other.

    Outputs are bad states if the file states nothing of them.

    Args:
        path: The netlist.
        names: Of properties, or ``all``.
        timeout: Seconds for each, or None for no bound.
        witness: Where to, if anything is refuted.
        reading: How the file is read; for Verilog the macro ``FORMAL`` is defined too.
        waveform: Where the first witness is shown as a value change dump, if anything is refuted.

    Raises:
        FormatError: if the file cannot be read.
        CircuitError: if there is no such property.
    """
    circuit = with_claims(read_circuit(path, **(reading or {}), formal=True))
    if not circuit.properties:
        raise CircuitError(
            f"{path}: states no property; AIGER 1.9 has bad states (B) and justice (J), SystemVerilog assertions"
        )
    known = {one.name for one in circuit.properties}
    judged = prove_properties(circuit, None if ALL in names and ALL not in known else names, timeout)
    found = [one.witness for one in judged if one.witness is not None]
    if witness is not None and found:
        write_witnesses(found, witness)
    if waveform is not None and found:
        from logic.proving.waveform import signals_of, write_waveform

        write_waveform(waveform, *signals_of(circuit, found[0]))
    return judged


def say_judged(path: Path, judged: tuple[Judged, ...], as_json: bool) -> Verdict:
    """Shows what was found, and gives the verdict on all together."""
    whole = all_hold(judged)
    if as_json:
        rows = [
            {"property": one.claim.name, "role": one.claim.role}
            | asdict(one.verdict)
            | {"verdict": WORDS[one.verdict.holds], "witness": None if one.witness is None else one.witness.claim}
            for one in judged
        ]
        say_json({"verdict": WORDS[whole.holds], "circuit": str(path), "properties": rows})
        return whole
    for one in judged:
        say(f"{one.verdict} in {one.verdict.seconds:.2f} s")
    if len(judged) > 1:
        counts = [sum(one.verdict.holds is holds for one in judged) for holds in WORDS]
        words = zip(counts, WORDS.values(), strict=True)
        say(f"{len(judged)} properties: {', '.join(f'{count} {word.lower()}' for count, word in words if count)}")
    return whole


def replay_claims(path: Path, witness: Path, as_json: bool, reading: "Reading | None" = None) -> bool:
    """Judges the witnesses of a file by a plain simulation, and shows whether each is accepted."""
    circuit = with_claims(read_circuit(path, **(reading or {}), formal=True))
    found = [(one.claim, replay(circuit, one)) for one in read_witnesses(witness)]
    if as_json:
        rows = [{"claim": claim, "accepted": not wrong, "problem": wrong} for claim, wrong in found]
        say_json({"circuit": str(path), "witness": str(witness), "replayed": rows})
    else:
        for claim, wrong in found:
            say(f"{claim}: refused, {wrong}" if wrong else f"{claim}: accepted, it violates the property")
    return not any(wrong for _, wrong in found)
