"""Circuit files as others read them: ABC and yosys, many files in one child process, each turned into AIGER."""

import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from logic.errors import NeurosymError

from .small_machines import Machine, called_alike, live_wires, write_machine
from .texts.berkeley_texts import kiss_as_verilog

_BATCH = 100  # files for a child process
_SECONDS = 300.0


class ReaderError(NeurosymError, RuntimeError):
    """An independent reader that is not at hand."""


@dataclass(frozen=True)
class Reader:
    """Another program that reads circuit files.

    Args:
        name: Of the program.
        command: That starts it, up to the script.
        script: How the script's path is given.
        commands: What the script says to turn a file into another one.
        suffixes: Of the files that it reads as we understand their formats, parted by blanks.
    """

    name: str
    command: tuple[str, ...]
    script: str
    commands: Callable[[Path, Path], str]
    suffixes: str


def kind_of(file: Path) -> str:
    """The suffixes of a file: ``gate.blif`` is BLIF with cells of a library, ``exdc.blif`` with don't cares.

    Example:
        >>> kind_of(Path("f1.gate.blif")), kind_of(Path("b01.v2.v"))
        ('gate.blif', 'v')
    """
    return "".join(file.suffixes[-2:])[1:] if file.suffixes[:-1] and file.suffixes[-2] in _KINDS else file.suffix[1:]


_KINDS = (".gate", ".exdc", ".free")


def library_of(file: Path) -> Path | None:
    """The library beside a file with cells, of BLIF in genlib and of Verilog in Liberty."""
    return {"gate.blif": file.parent / "cells.genlib", "gate.v": file.parent / "cells.lib"}.get(kind_of(file))


def _abc(file: Path, result: Path) -> str:
    word = {"aig": "aiger", "v": "verilog -m"}.get(file.suffix[1:], file.suffix[1:])
    library = f"read_genlib {file.parent / 'cells.genlib'}\n" if library_of(file) else ""  # of both kinds of files
    return f"empty\n{library}read_{word} {file}\nstrash\nwrite_aiger -s {result}\n"


def _yosys(file: Path, result: Path) -> str:
    gates = "simplemap; opt_clean; dffunmap; simplemap; aigmap; opt_clean"
    if file.suffix in (".v", ".sv"):
        reading = (
            f"read_verilog -sv {file}\nhierarchy -auto-top\nproc; flatten; opt_clean; techmap; setundef -zero; {gates}"
        )
    elif file.suffix == ".kiss2":
        module = result.with_suffix(".v")
        module.write_text(kiss_as_verilog(file.read_text("latin-1")))
        reading = f"read_verilog -sv {module}\nhierarchy -auto-top\nproc; flatten; opt_clean; techmap; {gates}"
    elif file.suffix in (".blif", ".eblif"):
        first = re.search(r"^\s*\.model\s+(\S+)", file.read_text("latin-1"), re.MULTILINE)
        top = f"-top {first[1]}" if first else "-auto-top"
        reading = f"read_blif {file}\nhierarchy {top}\nflatten; {gates}"
    else:
        reading = f"read_aiger {file}\nhierarchy -auto-top\n{gates}"
    return f"design -reset\n{reading}\nwrite_aiger -symbols {result}\n"


def readers() -> tuple[Reader, ...]:
    """The readers at hand: ABC and yosys.

    Raises:
        ReaderError: if one of them is missing.
    """
    abc = next((found for name in ("berkeley-abc", "abc", "yosys-abc") if (found := shutil.which(name))), None)
    yosys = shutil.which("yosys")
    if abc is None or yosys is None:
        missing = "ABC (Debian: berkeley-abc)" if abc is None else "yosys (Debian: yosys)"
        raise ReaderError(f"{missing} is not installed; the comparison needs it as an independent reader")
    return (
        Reader("ABC", (abc, "-q"), "source {}", _abc, "aig bench blif gate.blif gate.v exdc.blif free.blif eqn pla"),
        Reader("yosys", (yosys, "-q", "-s"), "{}", _yosys, "aag aig blif eblif kiss2 v sv"),
    )


def read_all(reader: Reader, files: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """The AIGER file that the reader makes of each file; files that it does not read are left out.

    Args:
        reader: Started once for a hundred files, and once more for each file after one that ended it.
        files: Of its formats.
        folder: Takes the results.
    """
    wanted = {file: folder / f"{reader.name}-{number}.aig" for number, file in enumerate(files)}
    for result in wanted.values():
        result.unlink(missing_ok=True)  # of another call
    for start in range(0, len(files), _BATCH):
        batch = files[start : start + _BATCH]
        _run(reader, [(file, wanted[file]) for file in batch], folder)
        for file in batch:
            if not wanted[file].exists():
                _run(reader, [(file, wanted[file])], folder)
    return {file: result for file, result in wanted.items() if result.exists() and result.stat().st_size}


def _run(reader: Reader, pairs: Sequence[tuple[Path, Path]], folder: Path) -> str:
    """What the reader says to the commands for some files and results."""
    return _say(reader, "".join(reader.commands(file, result) for file, result in pairs), folder)


def _say(reader: Reader, commands: str, folder: Path, seconds: float = _SECONDS) -> str:
    script = folder / "script"
    script.write_text(commands)
    command = [*reader.command, reader.script.format(script)]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return "out of time"
    return done.stdout.decode("utf-8", "replace")


def same_behaviour(abc: Reader, ours: Machine, theirs: Machine, folder: Path, seconds: int) -> str:
    """What ABC's ``dsec`` says of two machines whose registers may bear other names, as :func:`equivalent` says it.

    Inputs and outputs are those of the same names, a clock's aside; first values must be as many of each kind, and open
    ones are 0 in both.
    """
    theirs = called_alike(theirs, ours)
    shared = [name for name in ours.inputs if name in theirs.inputs]
    firsts = [sorted(str(first) for _, _, first in one.registers.values()) for one in (ours, theirs)]
    further = {literal for name, literal in theirs.inputs.items() if name not in shared}
    if ours.outputs.keys() != theirs.outputs.keys() or len(shared) < len(ours.inputs) or firsts[0] != firsts[1]:
        return "different"
    if further & live_wires(theirs):
        return "different inputs"
    files = folder / "one.aig", folder / "other.aig"
    for machine, file in zip((ours, theirs), files, strict=True):
        inputs = {name: machine.inputs[name] for name in shared}
        outputs = {name: machine.outputs[name] for name in ours.outputs}
        write_machine(replace(machine, inputs=inputs, outputs=outputs), file)
    said = _say(abc, f"dsec -T {seconds} {files[0]} {files[1]}\n", folder, 30 * seconds + 60)
    different = "different" if "NOT EQUIVALENT" in said else said.strip()[-200:] or "ABC died"
    return "equal" if "are equivalent" in said else different


def equivalent(abc: Reader, ours: Machine, theirs: Machine, folder: Path, seconds: int) -> str:
    """What ABC's equivalence check (``&cec``) says of two functions with the same inputs and outputs in order.

    Args:
        abc: The reader that is ABC.
        ours: A machine without registers.
        theirs: Another one.
        folder: For their files.
        seconds: CPU time.

    Returns:
        ``equal``, ``different`` or, if it stays open, what stood in the way.
    """
    files = folder / "one.aig", folder / "other.aig"
    for machine, file in zip((ours, theirs), files, strict=True):
        write_machine(machine, file)
    said = _say(abc, f"&r {files[0]}\n&cec -C 100000 -T {seconds} {files[1]}\n", folder, 30 * seconds + 60)
    different = "different" if "NOT EQUIVALENT" in said else said.strip()[-200:] or "ABC died"
    return "equal" if "are equivalent" in said else different
