"""Two processes joined by torchrun compute what one process computes, also after one of them was killed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from neurosym import Labelled, fit
from neurosym.training.processes import Processes
from perception import augment
from tests.vision import SmallVision, bars

ROOT = Path(__file__).parent.parent
SIZES = (14, 47)
KILLED = 14  # the size of the batches of the training that is interrupted
SCRIPT = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from neurosym import Labelled, Savings, fit
from neurosym.training.processes import joined_by_torchrun
from perception import augment
from tests.vision import SmallVision, bars
def train(folder, size, processes, progress=None):
    pictures, labels = bars()
    vision = SmallVision(seed=processes.rank, norm=True)  # the first one's weights are given to all
    history = fit(Labelled(vision), pictures, labels, epochs=2, batch=size, optimizer="sgd", learning_rate=0.05,
                  augment=augment, savings=Savings(recompute=size == 14), checkpoint=folder / "state.safetensors",
                  log=folder / "log", progress=progress, evaluate=lambda: {"rank": processes.rank})
    assert [dict(e.scores) for e in history.epochs] == [{"rank": 0}] * 2
    torch.save(vision.state_dict(), folder / f"weights{processes.rank}.pt")
folder, killed, *sizes = sys.argv[1:]
with joined_by_torchrun() as processes:
    assert processes.count == 2
    for size in map(int, sizes):
        (Path(folder) / str(size)).mkdir(exist_ok=True)
        train(Path(folder) / str(size), size, processes)
    def kill(done, total):
        if processes.rank == 1 and done == 6 and total == 8:  # in the second epoch
            os.kill(os.getpid(), signal.SIGKILL)
    train(Path(folder) / "killed", int(killed), processes, kill if sizes else None)
"""


def launch(folder: Path, *sizes: int) -> subprocess.CompletedProcess[str]:
    """Trains with each size of batches, then the training that is killed, or only goes on with that."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    (folder / "killed").mkdir(exist_ok=True)
    words = ["--standalone", "--nproc-per-node", "2", "--monitor-interval", "0.1", str(script), str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", *words, str(KILLED), *map(str, sizes)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        cwd=folder, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    finished = folder / ("killed" if not sizes else str(sizes[-1])) / "weights0.pt"
    assert finished.exists(), done.stderr[-2000:]
    return done


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of finished trainings and one of which one process was killed."""
    folder = tmp_path_factory.mktemp("trained")
    assert launch(folder, *SIZES).returncode == 1
    return folder


def test_two_processes_are_one_with_the_doubled_batch(trained: Path, tmp_path: Path) -> None:
    """Seven samples in each process and step are fourteen in one, batch norms included.

    The batches of 48 samples end with one of six, or of a single one, which is the first process's alone. SGD, since
    the gradient of a bias before a norm is zero but for rounding, which AdamW would scale up to a step.
    """
    for size in SIZES:
        folder = trained / str(size)
        first, second = (torch.load(folder / f"weights{rank}.pt") for rank in (0, 1))
        assert all(torch.equal(first[name], tensor) for name, tensor in second.items())
        pictures, labels = bars()
        alone, path = SmallVision(norm=True), tmp_path / f"{size}.safetensors"
        fit(
            Labelled(alone), pictures, labels, epochs=2, batch=size, optimizer="sgd", learning_rate=0.05,
            augment=augment, checkpoint=path,
        )  # fmt: skip
        for name, tensor in alone.state_dict().items():
            torch.testing.assert_close(tensor, first[name], rtol=1e-3, atol=2e-4)
        assert set(load_file(path)) == set(load_file(folder / "state.safetensors"))
        assert (folder / "log" / "training.csv").read_text().count("\n") == 3


def test_a_killed_process_loses_no_more_than_an_epoch(trained: Path) -> None:
    """The other process ends as well; both go on from the checkpoint to the weights of an undisturbed training."""
    folder, undisturbed = trained / "killed", trained / str(KILLED)
    assert not (folder / "weights0.pt").exists()
    assert (folder / "log" / "training.csv").read_text().count("\n") == 2
    done = launch(trained)
    assert done.returncode == 0, done.stderr[-4000:]
    wanted = torch.load(undisturbed / "weights0.pt")
    for rank in (0, 1):
        found = torch.load(folder / f"weights{rank}.pt")
        assert all(torch.equal(found[name], tensor) for name, tensor in wanted.items())
    found, expected = (load_file(place / "state.safetensors") for place in (folder, undisturbed))
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.items())
    assert {entry.name for entry in folder.iterdir()} == {"log", "state.safetensors", "weights0.pt", "weights1.pt"}


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_shares_make_up_the_whole(count: int) -> None:
    samples = torch.arange(7)
    shares = [Processes(rank, count).share(samples) for rank in range(count)]
    assert sorted(torch.cat(shares).tolist()) == samples.tolist()
    sizes = list(map(len, shares))
    assert max(sizes) - min(sizes) <= 1 if count <= 7 else sizes == [7, *[0] * 8]
