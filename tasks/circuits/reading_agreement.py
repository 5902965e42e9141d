"""Circuit files read by us and by independent readers (ABC, yosys): what is read must be one circuit.

``python -m tasks.circuits.reading_agreement --count 2000 --seed 0`` writes random files of seven formats, reads each
one, and lets a judge that shares nothing with our readers compare; so does every circuit file of the data folder, by
ABC's ``cec``, or on random vectors if that stays open. Exit status 1 for any disagreement.
"""

import argparse
import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from logic.errors import FormatError, FormatWarning
from logic.formats import read_circuit, readable_suffixes, write_circuit

from .independent_readers import Reader, equivalent, read_all, readers
from .netlist_texts import TEXTS
from .small_machines import difference, random_difference, read_machine

SMALL = 1000  # ANDs of circuits that the judge of our own may take; larger ones are compared at random


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
    """Random files, the formats in turn."""
    for number in range(count):
        suffix = list(TEXTS)[number % len(TEXTS)]
        path = folder / f"f{number}.{suffix}"
        path.write_bytes(TEXTS[suffix](np.random.default_rng((seed, number))))
        yield path


def read_by_us(path: Path, folder: Path) -> Path | str:
    """The AIGER file that we make of a file, or why not."""
    result = folder / f"ours-{path.stem}{path.suffix[1:]}.aig"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FormatWarning)
            write_circuit(read_circuit(path), result)
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
            mine = [file for file in files if file.suffix[1:] in reader.suffixes.split()]
            theirs = read_all(reader, mine, folder)
            for file in mine:
                result, kind = ours[file], f"{reader.name} {file.suffix[1:]}"
                if file not in theirs:
                    found.unread[kind] += 1
                elif isinstance(result, Path):
                    differs = difference(read_machine(result), read_machine(theirs[file]))
                    if differs:
                        found.wrong.append(f"{kind}: {differs}\n{file.read_text('latin-1')}")
                    else:
                        found.compared[kind] += 1
    return found


def compare_files(data: Path, others: tuple[Reader, ...]) -> Agreement:
    """Every circuit file of a folder, compared by ABC's ``cec``, and on 4,096 random vectors where that stays open."""
    found = Agreement()
    files = sorted(path for path in data.rglob("*") if path.suffix[1:] in readable_suffixes())
    with TemporaryDirectory() as place:
        folder = Path(place)
        left: dict[Path, Path] = {}
        for file in files:
            result = read_by_us(file, folder)
            if isinstance(result, Path):
                left[file] = result
            elif "justice" in result:  # read by us, but written by none of our writers
                found.unread[f"AIGER {file.suffix[1:]}, justice"] += 1
            else:
                found.wrong.append(f"refused by us: {result}")
        for reader in others:
            mine = [file for file in left if file.suffix[1:] in reader.suffixes.split()]
            theirs = read_all(reader, mine, folder)
            for file, result in theirs.items():
                verdict, how = _judge(others[0], left[file], result, folder)
                if verdict:
                    found.wrong.append(f"{reader.name}: {file}: {verdict}")
                else:
                    found.compared[f"{reader.name} {file.suffix[1:]}{how}"] += 1
            found.unread.update(f"{reader.name} {file.suffix[1:]}" for file in mine if file not in theirs)
    return found


def _judge(abc: Reader, ours: Path, theirs: Path, folder: Path) -> tuple[str, str]:
    """What is different, if anything, and what to say of how it was compared."""
    (verdict,) = equivalent(abc, [(ours, theirs)], folder)
    if verdict == "equal":
        return "", ""
    machines = read_machine(ours), read_machine(theirs)  # names that ABC does not match, or a check that takes too long
    if len(machines[0].ands) < SMALL:
        return difference(*machines), ", own judge"
    return random_difference(*machines) or ("" if verdict != "different" else verdict), ", at random"


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
    runs = {
        f"{settings.count} random files, seed {settings.seed}": compare_generated(settings.count, settings.seed, others)
    }
    if settings.data:
        runs[f"files of {settings.data}"] = compare_files(Path(settings.data), others)
    for what, found in runs.items():
        sys.stdout.write(f"{what}: {found.compared.total()} comparisons agree, {len(found.wrong)} do not\n")
        for kind in sorted(found.compared | found.unread):
            sys.stdout.write(
                f"  {kind:24} {found.compared[kind]:6} agree, {found.unread[kind]} not read by the other\n"
            )
        for text in found.wrong[:20]:
            sys.stdout.write(f"{text}\n")
    return int(any(found.wrong or not found.compared for found in runs.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
