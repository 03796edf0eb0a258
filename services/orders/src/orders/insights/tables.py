"""The tables' keys, and counting an event into them. Works on any mapping: Faust's tables are some."""

from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from contracts.envelope import EventData

from orders.insights.numbers import Facts, Numbers, Rules, add, count

_LOOK_FOR_OLD_EVERY = 5000


class Key(NamedTuple):
    """A window of a company, as far as one partition's orders go.

    A table's row belongs to the partition whose event wrote it. Topics are partitioned by order, so a
    company's numbers come from all of them: each partition counts for itself, and readers add up.
    """

    company_id: str
    starts_at: datetime
    partition: int

    def text(self) -> str:
        """Returns the key in the table. Company ids hold no slash."""
        return f"{self.company_id}/{int(self.starts_at.timestamp())}/{self.partition}"

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Returns what `text` said."""
        company_id, starts_at, partition = text.split("/")
        return cls(company_id, datetime.fromtimestamp(int(starts_at), UTC), int(partition))


class Tables:
    """Counts events. `changed` names windows that differ from what was flushed last."""

    def __init__(
        self,
        *,
        orders: MutableMapping[str, Facts],
        windows: MutableMapping[str, Numbers],
        rules: Rules,
        keep: timedelta,
    ) -> None:
        self._orders = orders
        self.windows = windows
        self._rules = rules
        self._keep = keep
        self._events = 0
        self.changed: set[str] = set()

    def count(self, order_id: str, data: EventData, *, partition: int, now: datetime) -> None:
        """Counts an event of a partition; the window goes first, so a crash between repeats, not loses."""
        counted = count(self._orders.get(order_id), data, self._rules)
        if counted is not None:
            for starts_at, gains in counted.gains:
                key = Key(counted.company_id, starts_at, partition).text()
                self.windows[key] = add(self.windows.get(key), gains)
                self.changed.add(key)
            self._orders[order_id] = {**counted.facts, "partition": partition, "at": now.timestamp()}
        self._events += 1
        if self._events % _LOOK_FOR_OLD_EVERY == 0:
            self._forget(partition, now - self._keep)

    def _forget(self, partition: int, before: datetime) -> None:
        """Deletes what is old of the partition at hand, in whose changelog the deletion is written."""
        for order_id, facts in list(self._orders.items()):
            if facts["partition"] == partition and facts["at"] < before.timestamp():
                del self._orders[order_id]
        for text in list(self.windows):
            key = Key.parse(text)
            if key.partition == partition and key.starts_at < before:
                del self.windows[text]
                self.changed.discard(text)
