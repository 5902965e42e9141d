"""Kernels run plain as they run compiled; compiled ones are kept where nobody else can write; compiling is no proof."""

import os
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from logic import CircuitBuilder, Literal, compile_certified, kernels, verify
from logic.circuit import Circuit, Gate
from logic.evaluation import evaluate
from logic.kernel_folder import KernelFolder, find_folder, why_unsafe
from logic.kernels import kernel, run_kernels, work_time

ROOT = Path(__file__).parent.parent
MAPPINGS = ("dual-rail", "single-rail", "fail-silent", "majority", "logicsnn")


def random_circuit(seed: int) -> Circuit:
    """Twelve gates of all kinds over five inputs."""
    random, make = np.random.default_rng(seed), CircuitBuilder()
    wires: list[Literal] = [*make.inputs(*"abcde")]
    for _ in range(12):
        kind = Gate(int(random.integers(4)))
        count = 3 if kind is Gate.MAJ else 2
        chosen = [wires[at] for at in random.choice(len(wires), count, replace=False)]
        wires.append(make.gate(kind, [~one if random.random() < 0.3 else one for one in chosen]))
    return make.build(x=wires[-1], y=~wires[-2], z=wires[-3])


@pytest.mark.parametrize("seed", range(4))
def test_plain_and_compiled_kernels_give_the_same_networks_and_verdicts(seed: int) -> None:
    found: dict[str, list[object]] = {"always": [], "never": []}
    circuit = random_circuit(seed)
    for mode in ("always", "never"):
        with run_kernels(mode):
            words = np.random.default_rng(seed).integers(0, 2**64, (5, 3), dtype=np.uint64)
            found[mode].append(evaluate(circuit, words).tolist())
            for mapping in MAPPINGS if mode == "always" else MAPPINGS[:1]:
                compiled = compile_certified(circuit, mapping)
                flat = compiled.network.flatten()
                verdict = verify(compiled.network, circuit, certificate=compiled.certificate)
                arrays = [flat.threshold, flat.bias, flat.pre, flat.post, flat.weight, flat.delay]
                found[mode].append((verdict.holds, verdict.claim, [array.tolist() for array in arrays]))
                assert verdict.holds
    assert found["never"] == found["always"][:2]


def spin(count: int) -> int:
    """A loop that wraps at 64 bits."""
    value = np.uint64(count)
    for _ in range(count):
        value = value * np.uint64(0x9E3779B97F4A7C15) + np.uint64(1)
    return int(value >> np.uint64(1))


def test_what_wraps_wraps_alike_and_compiling_takes_no_work_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels._STATE, "folder", KernelFolder(None, "this is a test"))  # pyright: ignore[reportPrivateUsage]
    fast = kernel()(spin)
    with run_kernels("never"):
        plain = fast(50)
    start, started = work_time(), time.perf_counter()
    with run_kernels("always"):
        assert fast(50) == plain == spin_by_hand(50)
    worked, passed = work_time() - start, time.perf_counter() - started
    assert worked < passed / 2  # most of it was compiling


@kernel()
def ones(count: int) -> np.uint64:
    """A word of ones for 1, of zeros for 0."""
    return np.uint64(0) - np.uint64(count)


@kernel()
def half(words: tuple[np.uint64, np.uint64]) -> np.uint64:
    """The second word, shifted."""
    return words[1] >> np.uint64(1)


@kernel()
def half_of_ones(numbers: np.ndarray) -> np.uint64:
    """What one kernel makes of what another one gave."""
    return half((ones(numbers[0]), ones(numbers[1])))


def test_inside_of_a_plain_kernel_those_that_are_compiled_already_run_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels._STATE, "folder", KernelFolder(None, "this is a test"))  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(kernels._STATE, "plain_seconds", 0.0)  # pyright: ignore[reportPrivateUsage]
    with run_kernels("always"):
        assert half((np.uint64(0), np.uint64(2))) == ones(1) % 2 == 1
    assert half_of_ones(np.array([0, 0])) == 0
    assert half_of_ones(np.array([0, 1])) == 2**63 - 1  # compiled, `ones` would give an int, too large for `half`


def test_threads_that_need_a_kernel_at_once_share_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(kernels._STATE, "folder", KernelFolder(folder))  # pyright: ignore[reportPrivateUsage]
    import numba

    settings: Any = vars(numba)["config"]
    for one in (ones, half, half_of_ones):
        one.forget()
    before, interval, start = settings.CACHE_DIR, sys.getswitchinterval(), threading.Barrier(8)

    def use(number: int) -> tuple[object, int]:
        start.wait()
        made = half_of_ones.compiled()
        return made, int(half_of_ones(np.array([0, 1], np.int64 if number % 2 else np.int32)))

    sys.setswitchinterval(1e-6)
    try:
        with run_kernels("always"), ThreadPoolExecutor(8) as pool:
            found = list(pool.map(use, range(8)))
    finally:
        sys.setswitchinterval(interval)
        for one in (ones, half, half_of_ones):
            one.forget()
    assert len({id(made) for made, _ in found}) == 1
    assert {value for _, value in found} == {2**63 - 1}
    assert before == settings.CACHE_DIR
    assert list(folder.rglob("*.nbi"))


def spin_by_hand(count: int) -> int:
    value = count
    for _ in range(count):
        value = (value * 0x9E3779B97F4A7C15 + 1) % 2**64
    return value >> 1


def test_large_arrays_and_spent_patience_make_a_kernel_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels._STATE, "plain_seconds", 0.0)  # pyright: ignore[reportPrivateUsage]

    def count(numbers: tuple[np.ndarray, ...]) -> int:
        return len(numbers)

    one = kernel(large=10)(count)
    chosen: list[int] = []
    monkeypatch.setattr(type(one), "compiled", lambda self: lambda numbers: chosen.append(1) or len(numbers))  # pyright: ignore[reportUnknownLambdaType]
    one((np.zeros(9),))
    assert not chosen
    one((np.zeros(5), np.zeros(5)))
    assert len(chosen) == 1
    monkeypatch.setattr(kernels._STATE, "plain_seconds", 1.0)  # pyright: ignore[reportPrivateUsage]
    one((np.zeros(1),))
    assert len(chosen) == 2


def test_a_folder_that_others_can_write_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    safe = tmp_path / "safe" / "kernels"
    assert why_unsafe(safe) == ""
    assert stat.S_IMODE(safe.stat().st_mode) & 0o077 == 0
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(safe))
    assert find_folder() == KernelFolder(safe)
    safe.chmod(0o770)
    assert "others can write" in why_unsafe(safe)
    safe.chmod(0o700)
    safe.parent.chmod(0o777)
    assert str(safe.parent) in why_unsafe(safe)  # who writes there can put another folder in its place
    found = find_folder()
    assert found.path is None
    assert "others can write" in found.reason
    (tmp_path / "file").touch()
    assert "cannot be made" in why_unsafe(tmp_path / "file" / "below")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_another_user_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    assert "belongs to another user" in why_unsafe(folder)


@pytest.mark.parametrize("kept", [True, False])
def test_compiling_is_said_once_on_standard_error(tmp_path: Path, kept: bool) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir(mode=0o700)
    if not kept:
        folder.chmod(0o777)
    code = """
import numpy as np
from logic.kernels import run_kernels
from logic.mapping.word_tables import ones
with run_kernels("always"):
    print(ones(np.uint64(2**64 - 1)), ones(np.uint64(5)))
"""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": str(Path(__file__).parent.parent)}
    for time_round in range(2 if kept else 1):
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.stdout.split() == ["64", "2"], done.stderr
        lines = done.stderr.splitlines()
        if kept and time_round:
            assert lines == []
        else:
            assert len(lines) == 1
            assert "compiling kernels" in lines[0]
            assert ("kept in" if kept else "kept nowhere: ") in lines[0]
    assert bool([*folder.rglob("*.nbi")]) == kept


def test_a_kernel_is_compiled_anew_when_one_that_it_calls_has_changed(tmp_path: Path) -> None:
    """The caller's own file stays as it is; what the called one adds, a constant of its file, becomes another."""
    caller = (
        "import numpy as np\nfrom callee import add\nfrom logic.kernels import kernel\n"
        "@kernel(large=0)\ndef run(numbers):\n    return add(numbers[0])\n"
        "if __name__ == '__main__':\n    print(int(run(np.array([1]))))\n"
    )
    (tmp_path / "caller.py").write_text(caller)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kept"), "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    answers: list[str] = []
    for more in (1, 1, 20):
        (tmp_path / "callee.py").write_text(
            f"from logic.kernels import kernel\nMORE = {more}\n@kernel(large=0)\ndef add(one):\n    return one + MORE\n"
        )
        (tmp_path / "callee.py").touch()
        command = [sys.executable, str(tmp_path / "caller.py")]
        answers.append(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)
    assert answers == ["2\n", "2\n", "21\n"]
