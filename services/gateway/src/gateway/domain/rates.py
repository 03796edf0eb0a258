"""How often something may happen: so many a minute, a minute's worth of them at once (GCRA)."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Rates(Generic[K]):
    """One rate for each key; times in seconds. Of too many keys the longest untouched begin anew."""

    def __init__(self, *, per_minute: int, remembered: int = 10_000) -> None:
        self._interval = 60.0 / per_minute
        self._ahead = 60.0 - self._interval
        self._remembered = remembered
        # When a key that took its share evenly would come next.
        self._next: OrderedDict[K, float] = OrderedDict()

    def wait(self, key: K, now: float) -> float:
        """Returns how long until the key may take one more, 0 when it may now."""
        return max(0.0, self._next.get(key, now) - self._ahead - now)

    def take(self, key: K, now: float) -> None:
        """Takes one, also one too many."""
        self._next[key] = max(self._next.get(key, now), now) + self._interval
        self._next.move_to_end(key)
        while len(self._next) > self._remembered:
            self._next.popitem(last=False)

    def give_back(self, key: K) -> None:
        """Undoes one `take`."""
        if key in self._next:
            self._next[key] -= self._interval
