"""A worker starts from its saved state, or from its files where nothing can be kept."""

import subprocess
from pathlib import Path

import pytest

from logic.kernel_folder import KernelFolder
from reasoner import Program, infer
from reasoner.prolog import saved_state, workers
from reasoner.prolog.workers import Pool


@pytest.mark.parametrize("kept", [True, False])
def test_a_worker_starts_with_and_without_a_state(kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_state, "find_folder", lambda: KernelFolder(tmp_path if kept else None))
    pool = Pool()
    monkeypatch.setattr(workers, "_pool", pool)
    saved_state.arguments.cache_clear()
    try:
        text = "0.5::a(1). 0.5::a(2). b(S) :- findall(X, a(X), L), foldl(c, L, 0, S). c(X, A, B) :- B is A + X."
        answers = infer(Program.parse(text, ()), "b(S)")
        assert [answers.probability(number).item() for number in range(4)] == [pytest.approx(0.25)] * 4
        (worker,) = pool.workers
        assert ("-x" in worker.process.args) == kept  # pyright: ignore[reportOperatorIssue]
        assert len([*tmp_path.glob("worker-*.state")]) == kept
    finally:
        pool.end_all()
        saved_state.arguments.cache_clear()


def test_a_state_that_cannot_be_made_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_state, "find_folder", lambda: KernelFolder(tmp_path))
    monkeypatch.setattr(saved_state, "_SAVING", ("--no-such-option",))
    saved_state.arguments.cache_clear()
    (file,) = saved_state.arguments("swipl")
    saved_state.arguments.cache_clear()
    assert Path(file).name == "worker.pl"
    assert not [*tmp_path.glob("*.state")]


def test_prolog_reads_its_files_without_a_word() -> None:
    loop = Path(workers.__file__).with_name("worker.pl")
    found = subprocess.run(["swipl", "-q", "-f", "none", str(loop)], input="", capture_output=True, text=True)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")
