"""Many items: each is done once, within its limits, whatever becomes of its process or of the one that asked."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import neurosym as ns
from neurosym.many.journal import Journal
from neurosym.many.outcome import ManyError

ROOT = Path(__file__).parent.parent


def busy(item: int) -> int:
    """Items 0 to 4 do what items of strangers do."""
    if item == 0:
        raise ValueError("no\nnumber")
    if item == 1:
        time.sleep(60)
    if item == 2:
        return len(bytearray(2**30))
    if item == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return item * item


def test_each_item_has_its_own_fate() -> None:
    found = ns.map(busy, range(12), jobs=2, seconds=1.0, megabytes=256)
    assert [outcome.state for outcome in found] == ["failed", "too long", "too large", "died", *["done"] * 8]
    assert [outcome.value for outcome in found[4:]] == [item * item for item in range(4, 12)]
    assert found[0].error == "ValueError: no number"
    assert found[1].error == "took more than 1 s"
    assert 0.9 < found[1].seconds < 30


def test_threads_get_processes_for_limits() -> None:
    with ThreadPoolExecutor(2) as threads:
        found = ns.map(busy, [1, 2, 3, 5], threads, seconds=1.0, megabytes=256)
    assert [outcome.state for outcome in found] == ["too long", "too large", "died", "done"]


def test_native_code_that_does_not_listen_is_ended() -> None:
    def deaf(_: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
        time.sleep(60)

    (found,) = ns.map(deaf, [0], jobs=1, seconds=0.2)
    assert found.state == "died"


def test_clusters() -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        found = ns.map(busy, [0, 1, 5, 6], client.get_executor(), seconds=1.0)
    assert [outcome.state for outcome in found] == ["failed", "too long", "done", "done"]


def test_journal_is_gone_on_with(tmp_path: Path) -> None:
    place = tmp_path / "found.jsonl"
    first = ns.map(busy, [4, 5, 6], jobs=1, journal=place)
    with place.open("ab") as file:
        file.write(b'{"item": "7", "task"')  # killed while it wrote
    again = ns.map(busy, [4, 5, 6, 7], jobs=1, journal=str(place), resume=True)
    assert again[:3] == first
    assert again[3].value == 49
    assert [json.loads(line)["item"] for line in place.read_text().splitlines()] == ["4", "5", "6", "7"]


def test_journals_are_not_mixed(tmp_path: Path) -> None:
    place = tmp_path / "found.jsonl"
    ns.map(busy, [4], jobs=1, journal=place)
    with pytest.raises(ManyError, match="there already"):
        ns.map(busy, [4], jobs=1, journal=place)
    with pytest.raises(ManyError, match="written by"):
        ns.map(abs, [4], jobs=1, journal=place, resume=True)
    with pytest.raises(ManyError, match="both named '4'"):
        ns.map(busy, [4, True + 3], jobs=1, journal=tmp_path / "other.jsonl")
    nameless = tmp_path / "nameless.jsonl"
    ns.map(lambda item: item + 1, [4], jobs=1, journal=nameless)
    with pytest.raises(ManyError, match="written by"):
        ns.map(lambda item: item + 2, [4], jobs=1, journal=nameless, resume=True)
    (tmp_path / "text.txt").write_text("some text\n")
    with pytest.raises(ManyError, match="line 1: is no line"):
        Journal(tmp_path / "text.txt", "some", resume=True)
    assert (tmp_path / "text.txt").read_text() == "some text\n"
    with (
        Journal(place, busy.__module__ + ".busy", resume=True),
        pytest.raises(ManyError, match="another process"),
    ):
        Journal(place, busy.__module__ + ".busy", resume=True)


SLOW = """
import sys, time
import neurosym as ns
def slow(item):
    time.sleep(0.02)
    with open(sys.argv[2], "a") as file:
        file.write(f"{item}\\n")
    return item
if __name__ == "__main__":
    ns.map(slow, range(200), jobs=2, journal=sys.argv[1], resume=True)
"""


def test_nothing_is_lost_or_told_twice_when_it_is_killed(tmp_path: Path) -> None:
    """Killed three times with -9, it is gone on with; what was told is not done again."""
    place, done, script = tmp_path / "found.jsonl", tmp_path / "done", tmp_path / "slow.py"
    script.write_text(SLOW)
    command = [sys.executable, str(script), str(place), str(done)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for least in (20, 60, 100):
        with subprocess.Popen(command, env=environment) as process:
            end = time.monotonic() + 60
            while (len(place.read_bytes().splitlines()) if place.exists() else 0) < least:
                assert time.monotonic() < end
                time.sleep(0.01)
            process.kill()
    assert subprocess.run(command, env=environment, check=True, timeout=100).returncode == 0
    told = [json.loads(line)["item"] for line in place.read_text().splitlines()]
    assert sorted(told, key=int) == [str(item) for item in range(200)]
    often = Counter(done.read_text().split())
    assert set(often) == set(told)
    assert sum(often.values()) <= 200 + 3 * 4  # what four processes held untold at each end
