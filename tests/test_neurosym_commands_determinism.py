"""Neither the order of hashing nor the number of threads decides: answers, files, and what one thread learns.

Training by another number of threads rounds differently, as the docstring of ``fit`` says.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCRIPT = """
import hashlib, os, sys
from pathlib import Path
import torch
from typer.testing import CliRunner
from neurosym import Labelled, fit
from neurosym.commands.cli import app
from perception import augment
from tasks.reliability.jobs import JOBS, content, without_times, write_inputs
from tests.vision import SmallVision, bars

def show(name, found):
    print(name, hashlib.sha256(found if isinstance(found, bytes) else repr(found).encode()).hexdigest())

os.chdir(sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
write_inputs(Path("."))
Path("rain.pl").write_text(
    "0.3::rain(D) :- day(D). 0.2::burst. day(1). day(2). day(3). wet(D) :- rain(D). wet(D) :- burst, day(D). "
    "0.5::edge(a,b). 0.4::edge(b,c). 0.6::edge(c,a). path(X,Y) :- edge(X,Y). path(X,Y) :- edge(X,Z), path(Z,Y). "
    "query(wet(_)). query(path(_,_)). evidence(wet(1))."
)
names = "compile-nir", "compile-v", "compile-aig", "verify", "waveform", "solve", "learn-gate"
commands = {name: JOBS[name].command for name in names} | {
    "simulate": ("simulate", "adder.blif", "--waves", "5000", "--json"), "query": ("query", "rain.pl"),
    "explain": ("query", "rain.pl", "--explain", "--json"), "pareto": ("compile", "small.blif", "--pareto", "--json"),
}
for name, words in commands.items():
    done = CliRunner().invoke(app, [*words])
    assert done.exit_code == (1 if name == "waveform" else 0), (name, done.output)
    show(name, without_times(done.stdout))
for path in sorted(path for path in Path(".").iterdir() if path.is_file()):
    show(path, content(path))
torch.set_num_threads(1)
vision, (pictures, labels) = SmallVision(norm=True), bars()
fit(Labelled(vision), pictures, labels, epochs=1, augment=augment)
for name, tensor in vision.state_dict().items():
    show(name, tensor.numpy().tobytes())
"""


def test_answers_files_and_training_are_the_same_under_any_hash_seed_and_number_of_threads(tmp_path: Path) -> None:
    children: list[subprocess.Popen[str]] = []
    for seed, threads in (("0", "1"), ("3", "2")):
        folder = tmp_path / seed
        folder.mkdir()
        own = {"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "COLUMNS": "100"}
        command = [sys.executable, "-c", SCRIPT, str(folder), threads]
        pipe = subprocess.PIPE
        children.append(subprocess.Popen(command, env={**os.environ, **own}, stdout=pipe, stderr=pipe, text=True))
    first, second = (child.communicate(timeout=240) for child in children)
    assert [child.returncode for child in children] == [0, 0], first[1]
    assert first[0].count("\n") > 30
    assert first[0] == second[0]
