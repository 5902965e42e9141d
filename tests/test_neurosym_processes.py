"""Two processes joined by torchrun compute what one process computes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from neurosym import Labelled, fit
from neurosym.processes import Processes
from perception import augment
from tests.vision import SmallVision, bars

ROOT = Path(__file__).parent.parent
SCRIPT = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from neurosym import Labelled, fit
from neurosym.processes import joined_by_torchrun
from perception import augment
from tests.vision import SmallVision, bars
folder = Path(sys.argv[1])
with joined_by_torchrun() as processes:
    pictures, labels = bars()
    vision = SmallVision(seed=processes.rank)  # the first one's weights are given to all
    history = fit(Labelled(vision), pictures, labels, epochs=2, batch=14, learning_rate=5e-3, augment=augment,
                  checkpoint=folder / "state.safetensors", log=folder / "log",
                  evaluate=lambda: {"rank": processes.rank})
    assert processes.count == 2
    assert [dict(e.scores) for e in history.epochs] == [{"rank": 0}] * 2
    torch.save([p.detach() for p in vision.parameters()], folder / f"weights{processes.rank}.pt")
"""


def test_two_processes_are_one_with_the_doubled_batch(tmp_path: Path) -> None:
    """Seven samples in each process and step are fourteen in one; the batches of 48 samples end with one of six."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, str(tmp_path)], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (torch.load(tmp_path / f"weights{rank}.pt") for rank in (0, 1))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    pictures, labels = bars()
    alone = SmallVision()
    path = tmp_path / "alone.safetensors"
    fit(
        Labelled(alone), pictures, labels, epochs=2, batch=14, learning_rate=5e-3, augment=augment, checkpoint=path
    )  # fmt: skip
    for parameter, theirs in zip(alone.parameters(), first, strict=True):
        torch.testing.assert_close(parameter.detach(), theirs, rtol=1e-3, atol=2e-4)
    assert set(load_file(path)) == set(load_file(tmp_path / "state.safetensors"))
    assert (tmp_path / "log" / "training.csv").read_text().count("\n") == 3


@pytest.mark.parametrize("count", [1, 2, 3, 9])
def test_shares_make_up_the_whole(count: int) -> None:
    samples = torch.arange(7)
    shares = [Processes(rank, count).share(samples) for rank in range(count)]
    assert sorted(torch.cat(shares).tolist()) == samples.tolist()
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
