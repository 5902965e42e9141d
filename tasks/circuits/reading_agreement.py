"""Circuit files read by us and by independent readers (ABC, yosys): what is read must be one circuit.

``python -m tasks.circuits.reading_agreement --count 2000 --seed 0`` writes random files of thirteen kinds, reads each
one, and lets a judge that shares nothing with our readers compare; so does every circuit file of the data folder, by
ABC's ``&cec``. What stays open there is torn at the nets of its file and judged again. Exit status 1 for any
disagreement, and for what stays open then.
"""

import argparse
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from logic.errors import FormatError, FormatWarning
from logic.formats import read_circuit, readable_suffixes, write_circuit

from .independent_readers import Reader, equivalent, kind_of, library_of, read_all, readers
from .small_machines import Machine, difference, matched, read_machine
from .texts import behaviour_texts, berkeley_texts, netlist_texts
from .torn_machines import exposed, torn

SECONDS = 20  # of CPU time for each question to ABC
LARGE = 200_000  # bytes of BLIF that is torn at once, and read by ABC alone: yosys makes 63 multiplexers of a cover
UNREAD = "not read by the other"
TEXTS = {
    "aag": netlist_texts.ascii_aiger,
    "aig": netlist_texts.binary_aiger,
    "bench": netlist_texts.bench,
    "blif": netlist_texts.blif,
    "eblif": berkeley_texts.eblif,
    "eqn": netlist_texts.equations,
    "exdc.blif": berkeley_texts.exdc,
    "gate.blif": berkeley_texts.gates,
    "gate.v": berkeley_texts.mapped_verilog,
    "kiss2": berkeley_texts.kiss,
    "pla": netlist_texts.pla,
    "v": netlist_texts.verilog,
    "sv": behaviour_texts.behaviour,
}


@dataclass
class Agreement:
    """What a run found.

    Args:
        compared: Comparisons that agreed, by reader and format.
        unread: Files that another reader refuses, by reader and format.
        wrong: What disagrees, with the file's text.
    """

    compared: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def generated(count: int, seed: int, folder: Path) -> Iterator[Path]:
    """Random files, the kinds in turn; what ``.exdc`` says is a file of its own, beside the one that says it."""
    (folder / "cells.genlib").write_text(berkeley_texts.GENLIB)
    (folder / "cells.lib").write_text(berkeley_texts.LIBERTY)
    for number in range(count):
        suffix = list(TEXTS)[number % len(TEXTS)]
        path = folder / f"f{number}.{suffix}"
        path.write_bytes(TEXTS[suffix](np.random.default_rng((seed, number))))
        yield path
        if suffix == "exdc.blif":
            free = folder / f"f{number}.free.blif"
            free.write_text(berkeley_texts.free_part(path.read_text()))
            yield free


def read_by_us(path: Path, folder: Path, undriven: str = "free") -> Path | str:
    """The AIGER file that we make of a file, or why not."""
    result = folder / f"ours-{path.stem}{path.suffix[1:]}-{undriven}.aig"
    free = kind_of(path) == "free.blif"
    read = path.with_name(path.name.replace(".free.", ".exdc.")) if free else path
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)
            circuit = read_circuit(read, genlib=library_of(read), undriven=undriven)
            where = circuit.dont_cares
            write_circuit(where if free and where is not None else replace(circuit, dont_cares=None), result)
    except FormatError as error:
        return str(error)
    return result


def compare_generated(count: int, seed: int, others: tuple[Reader, ...]) -> Agreement:
    """Random files, compared by the judge of :mod:`tasks.circuits.small_machines`."""
    found = Agreement()
    with TemporaryDirectory() as place:
        folder = Path(place)
        files = list(generated(count, seed, folder))
        ours = {file: read_by_us(file, folder) for file in files}
        for file, result in ours.items():
            if isinstance(result, str):
                found.wrong.append(f"refused by us: {result}\n{file.read_text('latin-1')}")
        for reader in others:
            mine = [file for file in files if kind_of(file) in reader.suffixes.split()]
            theirs = read_all(reader, mine, folder)
            for file in mine:
                result, kind = ours[file], f"{reader.name} {kind_of(file)}"
                if file not in theirs:
                    found.unread[kind] += 1
                elif isinstance(result, Path):
                    differs = difference(read_machine(result), read_machine(theirs[file]))
                    if differs:
                        found.wrong.append(f"{kind}: {differs}\n{file.read_text('latin-1')}")
                    else:
                        found.compared[kind] += 1
    return found


def compare_files(data: Path, others: tuple[Reader, ...]) -> Iterator[tuple[str, Path, str]]:
    """Every circuit file of a folder: reader and format, the file, and the verdict with how it was found."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        for file in sorted(path for path in data.rglob("*") if path.suffix[1:] in readable_suffixes()):
            for reader in others:
                result = read_by_us(file, folder, "zero" if reader is others[0] else "free")  # ABC takes 0
                too_large = reader is not others[0] and file.suffix == ".blif" and file.stat().st_size > LARGE
                if too_large or file.suffix[1:] not in reader.suffixes.split():
                    continue
                kind = f"{reader.name} {file.suffix[1:]}"
                if isinstance(result, str):  # justice is read by us, but written by none of our writers
                    yield kind, file, UNREAD if "justice" in result else f"refused by us: {result}"
                elif theirs := read_all(reader, [file], folder).get(file):
                    yield kind, file, _judge(others[0], reader, file, result, theirs, folder)
                else:
                    yield kind, file, UNREAD


def _judge(abc: Reader, reader: Reader, file: Path, ours: Path, theirs: Path, folder: Path) -> str:
    """``equal``, or what is different or open."""
    pair = matched(read_machine(ours), read_machine(theirs))
    if isinstance(pair, str):
        return f"different: {pair}"
    large = file.suffix == ".blif" and file.stat().st_size > LARGE
    if large and (torn_apart := _judge_torn(abc, reader, file, pair, folder)):
        return torn_apart
    verdict = equivalent(abc, *pair, folder, SECONDS)
    if verdict in ("equal", "different") or file.suffix != ".blif" or large:
        return verdict if verdict in ("equal", "different") else f"open: {verdict}"
    return _judge_torn(abc, reader, file, pair, folder) or f"open: {verdict}"


def _judge_torn(abc: Reader, reader: Reader, file: Path, pair: tuple[Machine, Machine], folder: Path) -> str:
    """``equal, torn`` if so it is: both readings of the file are those of another one that tells its nets."""
    text, nets = exposed(file.read_text("latin-1"))
    told = folder / f"told-{file.stem}.blif"
    told.write_text(text, "latin-1")
    zero = "zero" if reader is abc else "free"
    result, theirs = read_by_us(told, folder, zero), read_all(reader, [told], folder).get(told)
    if not nets or not isinstance(result, Path) or theirs is None:
        return ""
    telling = matched(read_machine(result), read_machine(theirs))
    if isinstance(telling, str):
        return ""
    for plain, machine in zip(pair, telling, strict=True):  # that nets are told changes no output
        outputs = {name: machine.outputs[name] for name in plain.outputs}
        if equivalent(abc, plain, replace(machine, outputs=outputs), folder, SECONDS) != "equal":
            return ""
    return "equal, torn" if equivalent(abc, *torn(*telling, nets), folder, SECONDS) == "equal" else ""


def main(argv: list[str]) -> int:
    """Compares, prints what was compared, and what disagrees."""
    parser = argparse.ArgumentParser(prog="python -m tasks.circuits.reading_agreement", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="random files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("NEUROSYM_DATA") or None, help="folder of circuit files"
    )
    settings = parser.parse_args(argv)
    others = readers()
    found = compare_generated(settings.count, settings.seed, others)
    sys.stdout.write(
        f"{settings.count} random files, seed {settings.seed}: {found.compared.total()} comparisons agree, "
        f"{len(found.wrong)} do not\n"
    )
    for kind in sorted(found.compared | found.unread):
        sys.stdout.write(f"  {kind:24} {found.compared[kind]:6} agree, {found.unread[kind]} not read by the other\n")
    for text in found.wrong[:20]:
        sys.stdout.write(f"{text}\n")
    wrong = bool(found.wrong or not found.compared)
    if settings.data:
        verdicts: dict[str, Counter[str]] = {}
        for kind, file, verdict in compare_files(Path(settings.data), others):
            verdicts.setdefault(kind, Counter())[verdict] += 1
            sys.stdout.write(f"  {kind}: {file.relative_to(settings.data)}: {verdict}\n")
            sys.stdout.flush()
            wrong |= not verdict.startswith(("equal", UNREAD))
        sys.stdout.write(f"files of {settings.data}:\n")
        for kind, counts in sorted(verdicts.items()):
            sys.stdout.write(f"  {kind:24} {', '.join(f'{number} {verdict}' for verdict, number in counts.items())}\n")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
