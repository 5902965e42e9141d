"""Two processes joined by torchrun compute what one process computes."""

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
SCRIPT = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from neurosym import Labelled, Savings, fit
from neurosym.training.processes import joined_by_torchrun
from perception import augment
from tests.vision import SmallVision, bars
with joined_by_torchrun() as processes:
    assert processes.count == 2
    for size in map(int, sys.argv[2:]):
        folder = Path(sys.argv[1]) / str(size)
        folder.mkdir(exist_ok=True)
        pictures, labels = bars()
        vision = SmallVision(seed=processes.rank, norm=True)  # the first one's weights are given to all
        history = fit(Labelled(vision), pictures, labels, epochs=2, batch=size, optimizer="sgd", learning_rate=0.05,
                      augment=augment, savings=Savings(recompute=size == 14), checkpoint=folder / "state.safetensors",
                      log=folder / "log", evaluate=lambda: {"rank": processes.rank})
        assert [dict(e.scores) for e in history.epochs] == [{"rank": 0}] * 2
        torch.save(vision.state_dict(), folder / f"weights{processes.rank}.pt")
"""


def test_two_processes_are_one_with_the_doubled_batch(tmp_path: Path) -> None:
    """Seven samples in each process and step are fourteen in one, batch norms included.

    The batches of 48 samples end with one of six, or of a single one, which is the first process's alone. SGD, since
    the gradient of a bias before a norm is zero but for rounding, which AdamW would scale up to a step.
    """
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, str(tmp_path), *map(str, SIZES)],
        env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    for size in SIZES:
        folder = tmp_path / str(size)
        first, second = (torch.load(folder / f"weights{rank}.pt") for rank in (0, 1))
        assert all(torch.equal(first[name], tensor) for name, tensor in second.items())
        pictures, labels = bars()
        alone, path = SmallVision(norm=True), folder / "alone.safetensors"
        fit(
            Labelled(alone), pictures, labels, epochs=2, batch=size, optimizer="sgd", learning_rate=0.05,
            augment=augment, checkpoint=path,
        )  # fmt: skip
        for name, tensor in alone.state_dict().items():
            torch.testing.assert_close(tensor, first[name], rtol=1e-3, atol=2e-4)
        assert set(load_file(path)) == set(load_file(folder / "state.safetensors"))
        assert (folder / "log" / "training.csv").read_text().count("\n") == 3


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_shares_make_up_the_whole(count: int) -> None:
    samples = torch.arange(7)
    shares = [Processes(rank, count).share(samples) for rank in range(count)]
    assert sorted(torch.cat(shares).tolist()) == samples.tolist()
    sizes = list(map(len, shares))
    assert max(sizes) - min(sizes) <= 1 if count <= 7 else sizes == [7, *[0] * 8]
