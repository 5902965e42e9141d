"""A folder of strangers' Verilog: what is read, what is refused and why, and whether yosys' own AIGER is the same.

``python -m tasks.circuits.verilog_suite CHECKOUT/tests/simple`` reads all ``.v`` and ``.sv`` files of a folder, each
module that no other contains. Of what is read, an independent way (yosys' own AIGER, judges that share nothing with our
readers) must find the same function, first values included, with every undefined value at 0 and again at 1. Exit status
1 for any difference, and below the share of files that is asked for.
"""

import argparse
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from logic import Circuit
from logic.errors import FormatError, FormatWarning
from logic.formats import read_circuit, write_circuit
from logic.formats.source import Source
from logic.formats.verilog import Design, design_tops, parse_list
from logic.formats.verilog.undefined_values import fix_inputs
from logic.yosys.program import Yosys, find_yosys

from .independent_readers import readers, same_behaviour
from .small_machines import Machine, difference, read_machine

SECONDS = 20  # for a question to ABC


@dataclass
class Outcome:
    """What became of a file.

    Args:
        read: Modules that were read.
        refused: Why others were not.
        same: Comparisons that agree.
        different: What disagrees.
        unread: Comparisons that the independent way does not make, and why.
    """

    read: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    same: int = 0
    different: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])


def tops_of(file: Path) -> tuple[str, ...]:
    """The modules of a file that no other contains."""
    data = file.read_bytes()
    design = (
        parse_list(Source(str(file), data)) if file.suffix == ".f" else Design(((str(file), data),), (file.parent,))
    )
    return design_tops(design)


def numbered_from_zero(circuit: Circuit) -> Circuit:
    """The circuit with the bits of every vector port counted as yosys' AIGER counts them: from 0, the lowest first."""
    names: dict[str, str] = {}
    for group in (circuit.inputs, circuit.output_names):
        bases = [name.rpartition("[")[0] if name.endswith("]") else "" for name in group]
        counts = Counter(bases)
        for name, base in zip(group, bases, strict=True):
            if base:
                counts[base] -= 1
                names[name] = f"{base}[{counts[base]}]"

    def called(group: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(name.removesuffix("$stored"), name) for name in group)

    return replace(
        circuit,
        inputs=called(circuit.inputs),
        output_names=called(circuit.output_names),
        register_names=called(circuit.register_names),
    )


def same_machine(ours: Machine, theirs: Machine, folder: Path) -> str:
    """In what two machines differ, or nothing; where their registers bear other names, ABC judges what they do."""
    differs = difference(ours, theirs)
    if not differs or not ours.registers:
        return differs
    verdict = same_behaviour(readers()[0], ours, theirs, folder, SECONDS)
    return "" if verdict == "equal" else f"{differs} ({verdict})"


def look_at(file: Path, folder: Path, yosys: Yosys | None) -> Outcome:
    """Reads a file, each of its top modules, and compares with the AIGER of yosys.

    Args:
        file: Of Verilog.
        folder: Takes what is written on the way.
        yosys: What to compare with.
    """
    found = Outcome()
    try:
        tops = tops_of(file)
    except FormatError as error:
        found.refused.append(str(error))
        return found
    for top in tops:
        try:
            circuit = read_circuit(file, top=top)
        except FormatError as error:
            found.refused.append(f"{top}: {error}")
            continue
        found.read.append(top)
        for value in (0, 1) if circuit.free_inputs else (0,):
            if yosys is not None:
                _compare(found, yosys, file, top, circuit, value, folder)
    return found


def _compare(found: Outcome, yosys: Yosys, file: Path, top: str, circuit: Circuit, value: int, folder: Path) -> None:
    """Whether yosys' own AIGER of a module is the same circuit, with undefined values at a value."""
    ours, theirs = folder / "ours.aig", folder / "theirs.aig"
    write_circuit(numbered_from_zero(fix_inputs(circuit, circuit.free_inputs, value)), ours)
    theirs.unlink(missing_ok=True)
    design = (
        parse_list(Source(str(file), file.read_bytes())).files
        if file.suffix == ".f"
        else ((str(file), file.read_bytes()),)
    )
    names = [f"source{at}.sv" for at in range(len(design))]
    for name, (_, data) in zip(names, design, strict=True):
        (folder / name).write_bytes(data)
    for language in ("-sv ", ""):
        status, said = yosys.run(folder, _aiger_of(names, top, value, theirs.name, language))
        if "syntax error" not in said:
            break
    if status:
        found.unread.append(f"{top}: yosys writes no AIGER: {said.strip().splitlines()[-1:]}")
        return
    differs = same_machine(read_machine(ours), read_machine(theirs), folder)
    if differs:
        found.different.append(f"{top}, undefined values at {value}: {differs}")
    else:
        found.same += 1


def _aiger_of(files: Sequence[str], top: str, value: int, result: str, language: str) -> str:
    """How yosys turns a module into AIGER by its own means."""
    undefined = "-one" if value else "-zero"
    return (
        f"read_verilog {language}{' '.join(files)}\nhierarchy -check -top {top}\nproc\nflatten\nopt_clean\n"
        f"memory -nomap\nmemory_map\nopt_clean\ndffunmap\nasync2sync\ndffunmap\ntechmap\nsimplemap\n"
        f"dffunmap\nsimplemap\n"
        f"setundef -undriven {undefined}\nopt_clean\nsimplemap\naigmap\nopt_clean\nwrite_aiger -symbols {result}\n"
    )


def main(argv: list[str]) -> int:
    """Reads, compares, and prints a line for each file and the sums."""
    parser = argparse.ArgumentParser(prog="python -m tasks.circuits.verilog_suite", description=__doc__)
    parser.add_argument("suite", type=Path, help="folder of .v, .sv and .f files")
    parser.add_argument("--share", type=float, default=0.85, help="of the files that must be read")
    parser.add_argument("--alone", action="store_true", help="compare with nobody")
    settings = parser.parse_args(argv)
    yosys = None if settings.alone else find_yosys()
    files = sorted(path for path in settings.suite.iterdir() if path.suffix in (".v", ".sv", ".f"))
    counts: Counter[str] = Counter()
    with TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        for file in files:
            found = look_at(file, Path(place), yosys)
            word = "refused" if not found.read else "read in part" if found.refused else "read"
            counts[word] += 1
            counts["modules"] += len(found.read)
            counts["agree"] += found.same
            counts["differ"] += len(found.different)
            counts["not compared"] += len(found.unread)
            sys.stdout.write(f"{file.name:32} {word}: {len(found.read)} modules, {found.same} comparisons agree\n")
            for text in (*found.refused, *found.different, *found.unread):
                sys.stdout.write(f"    {text}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{len(files)} files: {counts['read']} read, {counts['read in part']} in part, {counts['refused']} refused; "
        f"{counts['modules']} modules, {counts['agree']} comparisons agree, {counts['differ']} do not, "
        f"{counts['not compared']} could not be made\n"
    )
    return int(bool(counts["differ"]) or counts["read"] < settings.share * len(files))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
