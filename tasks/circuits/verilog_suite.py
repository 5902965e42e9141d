"""A folder of strangers' Verilog: what is read, what is refused and why, and whether others find the same meaning.

``python -m tasks.circuits.verilog_suite CHECKOUT/tests/simple`` reads all ``.v`` and ``.sv`` files of a folder, each
module that no other contains; with ``--designs`` the files of each folder below are one design. Of what is read, two
independent ways must find the same: yosys' own AIGER, by judges that share nothing with our readers (the same function,
first values included, with every undefined value at 0 and again at 1), and a simulation in Icarus (``--streams``,
random ones; where a warning tells that a simulation does otherwise, a difference is no fault). Exit status 1 for any
difference, and below the share of files that is asked for.
"""

import argparse
import re
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

from .icarus_streams import Module, compare
from .independent_readers import readers, same_behaviour
from .small_machines import Machine, difference, read_machine

SECONDS = 20  # for a question to ABC
STEPS = 60  # of a stream


@dataclass
class Outcome:
    """What became of a file.

    Args:
        read: Modules that were read.
        refused: Why others were not.
        same: Comparisons that agree.
        different: What disagrees.
        unread: Comparisons that the independent way does not make, and why.
        gaps: Differences of a simulation where a warning tells of one.
    """

    read: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    same: int = 0
    different: list[str] = field(default_factory=list[str])
    unread: list[str] = field(default_factory=list[str])
    gaps: list[str] = field(default_factory=list[str])


def design_of(file: Path) -> Design:
    """A file, or those of a list."""
    data = file.read_bytes()
    if file.suffix == ".f":
        return parse_list(Source(str(file), data))
    return Design(((str(file), data),), (file.parent,))


def list_of(folder: Path, place: Path) -> Path:
    """The files of a folder as a list, those without a module first; files that others include are left out."""
    files = sorted(path for path in folder.iterdir() if path.suffix in (".v", ".sv"))
    texts = {file: file.read_bytes() for file in files}
    included = {name for text in texts.values() for name in re.findall(rb'`include\s*"([^"]*)"', text)}
    kept = [file for file in files if file.name.encode() not in included]
    kept.sort(key=lambda file: b"endmodule" in texts[file])
    found = place / f"{folder.name}.f"
    found.write_text("".join(f"{file.resolve()}\n" for file in kept) + f"+incdir+{folder.resolve()}\n")
    return found


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


def look_at(file: Path, folder: Path, yosys: Yosys | None, streams: int = 0) -> Outcome:
    """Reads a file, each of its top modules, and compares with the AIGER of yosys and with simulations.

    Args:
        file: Of Verilog, or a list of files.
        folder: Takes what is written on the way.
        yosys: What to compare with.
        streams: How many to simulate.
    """
    found = Outcome()
    try:
        tops = design_tops(design_of(file))
    except FormatError as error:
        found.refused.append(str(error))
        return found
    for top in tops:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", FormatWarning)
            try:
                circuit = read_circuit(file, top=top)
            except FormatError as error:
                found.refused.append(f"{top}: {error}")
                continue
        found.read.append(top)
        if streams:
            gap = next((str(one.message) for one in told if "simulation" in str(one.message)), "")
            _simulate(found, file, top, circuit, streams, gap, folder)
        for value in (0, 1) if circuit.free_inputs else (0,):
            if yosys is not None:
                _compare(found, yosys, file, top, circuit, value, folder)
    return found


def _simulate(found: Outcome, file: Path, top: str, circuit: Circuit, streams: int, gap: str, folder: Path) -> None:
    """Whether a simulation of a module shows the same."""
    design = design_of(file)
    names = [str(Path(name).resolve()) for name, _ in design.files]
    module = Module(names, top, [place.resolve() for place in design.folders], design.macros)
    for seed in range(streams):
        compared = compare(circuit, module, folder, STEPS, seed)
        if compared.reason or (not compared.bits and not compared.differs):
            found.unread.append(f"{top}: {compared.reason or 'Icarus knows no value'}")
            return
        if compared.differs:
            where = found.gaps if gap else found.different
            where.append(f"{top}: {compared.differs}" + (f" ({gap})" if gap else ""))
            return
    found.same += 1


def _compare(found: Outcome, yosys: Yosys, file: Path, top: str, circuit: Circuit, value: int, folder: Path) -> None:
    """Whether yosys' own AIGER of a module is the same circuit, with undefined values at a value."""
    ours, theirs = folder / "ours.aig", folder / "theirs.aig"
    write_circuit(numbered_from_zero(fix_inputs(circuit, circuit.free_inputs, value)), ours)
    theirs.unlink(missing_ok=True)
    design = design_of(file).files
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
    parser.add_argument("--designs", action="store_true", help="the files of each folder below are one design")
    parser.add_argument("--streams", type=int, default=0, help="to simulate in Icarus for each module")
    parser.add_argument("--alone", action="store_true", help="do not compare with the AIGER of yosys")
    settings = parser.parse_args(argv)
    yosys = None if settings.alone else find_yosys()
    counts: Counter[str] = Counter()
    with TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore", FormatWarning)
        if settings.designs:
            folders = sorted({path.parent for path in settings.suite.rglob("*") if path.suffix in (".v", ".sv")})
            files = [list_of(folder, Path(place)) for folder in folders]
        else:
            files = sorted(path for path in settings.suite.iterdir() if path.suffix in (".v", ".sv", ".f"))
        for file in files:
            found = look_at(file, Path(place), yosys, settings.streams)
            word = "refused" if not found.read else "read in part" if found.refused else "read"
            counts[word] += 1
            counts["modules"] += len(found.read)
            counts["agree"] += found.same
            counts["differ"] += len(found.different)
            counts["not compared"] += len(found.unread)
            sys.stdout.write(f"{file.name:32} {word}: {len(found.read)} modules, {found.same} comparisons agree\n")
            counts["gaps"] += len(found.gaps)
            for text in (*found.refused, *found.different, *found.gaps, *found.unread):
                sys.stdout.write(f"    {text}\n")
            sys.stdout.flush()
    sys.stdout.write(
        f"{len(files)} files: {counts['read']} read, {counts['read in part']} in part, {counts['refused']} refused; "
        f"{counts['modules']} modules, {counts['agree']} comparisons agree, {counts['differ']} do not, "
        f"{counts['gaps']} do as a warning tells, {counts['not compared']} could not be made\n"
    )
    return int(bool(counts["differ"]) or counts["read"] < settings.share * len(files))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
