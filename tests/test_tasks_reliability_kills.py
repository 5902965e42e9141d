"""Commands that are killed leave whole files and are as if undisturbed after a second start; what is torn is seen."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tasks.reliability.jobs import content, without_times

ROOT = Path(__file__).parent.parent


def test_killed_commands_are_as_if_undisturbed() -> None:
    """In a process without other threads, since the commands are forked from it."""
    words = ["--kills", "3", "--seed", "1", *(word for name in ("compile-nir", "solve") for word in ("--job", name))]
    done = subprocess.run(
        [sys.executable, "-m", "tasks.reliability.kills", *words],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kills of running commands" in done.stdout
    assert "0 with faults" in done.stdout


def test_what_is_torn_is_seen(tmp_path: Path) -> None:
    whole = {
        "some.json": json.dumps({"seconds": 1.0, "right": 3}).encode(),
        "some.html": b"<html></html>\n",
        "some.neurosym": (3).to_bytes(8, "little") + bytes(4) + b"abc" + bytes(4),
    }
    save_file({"a": torch.arange(5)}, tmp_path / "some.safetensors", {"neurosym": json.dumps({"seconds": 1})})
    whole["some.safetensors"] = (tmp_path / "some.safetensors").read_bytes()
    for name, data in whole.items():
        path = tmp_path / name
        path.write_bytes(data)
        content(path)
        path.write_bytes(data[:-3])
        with pytest.raises(ValueError, match=r"."):
            content(path)


def test_times_are_not_compared_and_all_else_is(tmp_path: Path) -> None:
    path = tmp_path / "some.json"

    def told(found: object) -> object:
        path.write_text(json.dumps(found))
        return content(path)

    assert told({"a": 1, "b": [{"seconds": 2}]}) == told({"a": 1, "b": [{"seconds": 3}]})
    assert told({"a": 1, "b": [{"seconds": 2}]}) != told({"a": 2, "b": [{"seconds": 2}]})
    assert without_times("proved in 3.1 s\n✓ learns ━━━ 0:00:01\nright 3") == without_times("right 3")
    assert without_times("right 3") != without_times("right 4")
