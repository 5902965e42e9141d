"""What was prepared is kept for the next time, as much of it as memory allows: the least recently used is let go."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """Values by key, together no heavier than a bound.

    Args:
        most: The bound.
        weight: Of a value.

    Example:
        >>> kept = Kept[str](10, len)
        >>> [kept.get(word, lambda word=word: word.upper()) for word in ("abcd", "efgh", "ijkl")]
        ['ABCD', 'EFGH', 'IJKL']
        >>> len(kept), "abcd" in kept
        (2, False)
    """

    def __init__(self, most: int, weight: Callable[[Value], int]) -> None:
        self._most, self._weight = most, weight
        self._values: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._total = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of a key, made if it is not there; one heavier than the bound is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
        value = make()
        weight = self._weight(value)
        with self._lock:
            if key not in self._values:
                self._values[key] = value, weight
                self._total += weight
            while self._total > self._most:
                _, (_, freed) = self._values.popitem(last=False)
                self._total -= freed
        return value

    def clear(self) -> None:
        """Lets go of all."""
        with self._lock:
            self._values.clear()
            self._total = 0
