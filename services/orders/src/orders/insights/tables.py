"""What is kept of each order, and the windows that follow from it. Works on any mapping: Faust's is one."""

from collections.abc import MutableMapping
from datetime import datetime, timedelta
from typing import NamedTuple

from contracts.envelope import EventData

from orders.insights.numbers import Facts, Numbers, Rules, add, learn, worth

_LOOK_FOR_OLD_EVERY = 5000


class Key(NamedTuple):
    """A window of a company, as far as one partition's orders go.

    Topics are partitioned by order, so a company's numbers come from all partitions, which replicas share:
    each partition counts for itself, and readers add up.
    """

    company_id: str
    starts_at: datetime
    partition: int


class Tables:
    """Counts events. `orders` outlives the process; `windows` is what its orders are worth, together.

    One row an event is what makes a kill harmless: of two rows in two topics one could be lost, and the
    repeat would find the other. `changed` names windows that differ from what was flushed last. A window
    that began longer ago than `keep` is left as it was: of some of its orders nothing is known any more.
    """

    def __init__(self, *, orders: MutableMapping[str, Facts], rules: Rules, keep: timedelta) -> None:
        self._orders = orders
        self._rules = rules
        self._keep = keep
        self._events = 0
        self.windows: dict[Key, Numbers] = {}
        self.changed: set[Key] = set()

    def count(self, order_id: str, data: EventData, *, partition: int, now: datetime) -> None:
        """Counts an event of a partition; the same event again changes nothing."""
        known = self._orders.get(order_id)
        learnt = learn(known, data)
        if learnt is not None:
            facts = {**learnt, "partition": partition, "at": now.timestamp()}
            self._orders[order_id] = facts
            if known is not None:
                self._add(known, now, times=-1)
            self._add(facts, now)
        self._events += 1
        if self._events % _LOOK_FOR_OLD_EVERY == 0:
            self._forget(partition, now)

    def rebuild(self, now: datetime) -> None:
        """Counts anew, after `orders` was read back: whoever had them may have died before a flush."""
        self.windows.clear()
        for facts in self._orders.values():
            self._add(facts, now)
        self.changed = set(self.windows)

    def _add(self, facts: Facts, now: datetime, *, times: int = 1) -> None:
        for starts_at, gains in worth(facts, self._rules):
            if starts_at >= now - self._keep:
                key = Key(facts["company_id"], starts_at, facts["partition"])
                self.windows[key] = add(self.windows.get(key), gains, times)
                self.changed.add(key)

    def _forget(self, partition: int, now: datetime) -> None:
        """Deletes what is old: orders of the partition at hand only, in whose changelog it is written."""
        before = now - self._keep
        for order_id, facts in list(self._orders.items()):
            if facts["partition"] == partition and facts["at"] < before.timestamp():
                del self._orders[order_id]
        self.windows = {key: numbers for key, numbers in self.windows.items() if key.starts_at >= before}
        self.changed &= self.windows.keys()
