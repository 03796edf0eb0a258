"""Prometheus metrics that more than one service has. No label is an id of a person, company or order.

What is counted for every order is told to Prometheus many at once, before anybody reads it: `inc` takes a
microsecond, and there are five of them.
"""

from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

_settling: list[Callable[[], None]] = []


def before_reading(settle: Callable[[], None]) -> None:
    """`settle` is called whenever the metrics are about to be read."""
    _settling.append(settle)


def settle() -> None:
    """To be called before the metrics are read."""
    for each in _settling:
        each()


class Tally:
    """Counts in `count`, for a counter that is told later."""

    __slots__ = ("_counter", "count")

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.count = 0
        before_reading(self._settle)

    def _settle(self) -> None:
        counted, self.count = self.count, 0
        self._counter.inc(counted)


REQUESTS = Counter("bridge_http_requests_total", "HTTP requests answered", ["method", "route", "status"])
REQUEST_SECONDS = Histogram("bridge_http_request_seconds", "Time to answer a request", ["route"])
CONSUMED = Counter("bridge_consumed_total", "Records finished", ["group", "topic"])
RETRIED = Counter("bridge_consume_retries_total", "Records tried again", ["group", "topic"])
DEAD_LETTERS = Counter("bridge_dead_letters_total", "Records sent to a dead-letter topic", ["group", "topic"])
UNCOMMITTED = Gauge("bridge_uncommitted_records", "Records between the commit and the newest", ["group"])
PUBLISHED = Counter("bridge_published_total", "Records the broker acknowledged", ["topic"])
PUBLISH_FAILURES = Counter("bridge_publish_failures_total", "Records not acknowledged in time", ["topic"])
RELAYED = Counter("bridge_outbox_relayed_total", "Outbox rows published", ["schema"])
