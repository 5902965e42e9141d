"""Circuit files on full disks, on failing ones and in folders that may not be written: old content, never a torso."""

import ast
import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from logic import FileError, write_circuit
from logic.formats import FORMATS, parse_circuit, writable_suffixes
from logic.formats.format import Format

ROOT = Path(__file__).parent.parent
CHILD = """
import os, resource, signal, sys
from pathlib import Path
from logic import CircuitBuilder, FileError, write_circuit
make = CircuitBuilder()
leaves = make.inputs(*(f"x{index}" for index in range(400)))
circuit = make.build_from({f"y{index}": leaf & leaves[0] for index, leaf in enumerate(leaves[1:])})
folder, fault = Path(sys.argv[1]), sys.argv[2]
if fault == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
else:
    os.seteuid(65534)  # the superuser may write anywhere
for path in sorted(folder.iterdir()):
    try:
        write_circuit(circuit, path)
    except FileError as error:
        print(error)
"""


@pytest.mark.parametrize(("fault", "reason"), [("full", "File too large"), ("read-only", "Permission denied")])
def test_what_cannot_be_written_leaves_the_old_file(tmp_path: Path, fault: str, reason: str) -> None:
    paths = [tmp_path / f"old.{suffix}" for suffix in writable_suffixes()]
    for path in paths:
        path.write_text("old")
    for folder in (tmp_path, *tmp_path.parents):
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)
    tmp_path.chmod(0o555)
    command = [sys.executable, "-c", CHILD, str(tmp_path), fault]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    tmp_path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"cannot be written ({reason}); make room or choose another place") == len(paths)
    assert sorted(tmp_path.iterdir()) == sorted(paths)
    assert {path.read_text() for path in paths} == {"old"}


@pytest.mark.parametrize("row", [row for row in FORMATS if row.write], ids=lambda row: row.name)
def test_a_failing_disk_leaves_the_old_file(row: Format, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"old.{row.suffixes[0]}"
    path.write_text("old")

    def fail(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(FileError, match=r"old\.\w+: cannot be written \(Input/output error\)"):
        write_circuit(parse_circuit("y = a & b", "eqn"), path)
    assert [path.read_text(), *tmp_path.iterdir()] == ["old", path]


WRITERS = {"write_text", "write_bytes", "save", "savez", "savez_compressed", "save_file"}
ELSEWHERE = {
    "perception/datasets/downloading.py",  # goes on with a part; the whole is checked before it gets its name
    "neurosym/commands/doctor.py",  # writes into a folder of its own
    "neurosym/many/limits.py",  # tells nobody why a process is ended
    "neurosym/docs/assembling.py",  # pages of the documentation, made anew
    "logic/yosys/elaboration.py",  # a folder of one run, gone after it
    "logic/yosys/program.py",  # the same folder, and a lock that holds nothing
    "logic/yosys/child.py",  # the process that program.py starts, under its whole_file
    "logic/simulators/environment.py",  # a lock that holds nothing
    "logic/simulators/foreign_simulator.py",  # a folder of one run, gone after it
    "logic/simulators/adapters/exchange.py",  # the same folder, from the other side
    "logic/simulators/adapters/verilog_spikes.py",  # the same
}


def unguarded(tree: ast.AST, guarded: bool = False) -> list[int]:
    """The lines of calls that write a file outside a block of :func:`whole_file` or :func:`whole_files`."""
    if isinstance(tree, ast.With):
        calls = [item.context_expr for item in tree.items if isinstance(item.context_expr, ast.Call)]
        guarded |= any(getattr(call.func, "id", "") in ("whole_file", "whole_files") for call in calls)
    lines: list[int] = []
    if isinstance(tree, ast.Call) and not guarded:
        name = tree.func.attr if isinstance(tree.func, ast.Attribute) else getattr(tree.func, "id", "")
        modes = [a.value for a in tree.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        opens = name == "open" and any(mode and set(mode) <= set("wabx+t") for mode in modes)
        if name in WRITERS or opens:
            lines.append(tree.lineno)
    return lines + [line for child in ast.iter_child_nodes(tree) for line in unguarded(child, guarded)]


def test_every_output_goes_through_the_one_way() -> None:
    files = [file for room in ("logic", "perception", "reasoner", "neurosym") for file in (ROOT / room).rglob("*.py")]
    found = {str(file.relative_to(ROOT)): unguarded(ast.parse(file.read_text(encoding="utf-8"))) for file in files}
    assert len(found) > 100
    assert {name: lines for name, lines in found.items() if lines and name not in ELSEWHERE} == {}
