"""The watch of a proof: deadlines, words now and then, Ctrl-C that leaves what is known."""

import pytest

from logic.kernels import work_time
from logic.watch import Watch, listening


def test_a_watch_is_late_after_its_seconds() -> None:
    assert not Watch.of(None).late()
    assert Watch.of(None).left is None
    assert not Watch.of(60.0).late()
    watch = Watch(work_time() - 1.0)
    assert watch.late()
    assert watch.left == 0.0
    assert Watch.of(watch) is watch


def test_a_shorter_watch_never_outlasts_the_longer_one() -> None:
    watch = Watch.of(10.0)
    assert watch.until(60.0).deadline == watch.deadline
    assert watch.until(0.0).late()
    assert not watch.late()


def test_an_interruption_ends_all_watches_of_a_proof() -> None:
    watch = Watch()
    shorter = watch.until(60.0)
    with shorter.interruptible():
        raise KeyboardInterrupt
    assert watch.late()
    assert watch.interrupted
    assert watch.left == 0.0
    assert watch.until(60.0).late()
    with pytest.raises(KeyboardInterrupt), Watch(deaf=True).interruptible():
        raise KeyboardInterrupt
    with pytest.raises(ValueError, match="other"), watch.interruptible():
        raise ValueError("other")


def test_words_come_after_a_while_and_then_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("logic.watch.work_time", lambda: now)
    told: list[str] = []
    with listening(told.append):
        watch = Watch()
    for _ in range(100):
        now += 0.1
        watch.until(1.0).progress(1_000, 20_000, "nodes swept")
    assert told == ["1,000 of 20,000 nodes swept"] * 8
    Watch().say("to no one")
    assert len(told) == 8
