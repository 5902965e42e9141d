"""A short day of mixed requests: the process holds no more at its end than in the middle."""

from tasks.reliability.memory import ALLOWED, most_held


def test_memory_is_steady() -> None:
    (first, second, third), wrong = most_held(300, 2, 0)
    assert wrong == 0
    assert max(second, third) - first < ALLOWED
