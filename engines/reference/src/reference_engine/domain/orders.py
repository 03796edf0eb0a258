"""The state of each order, as the events say it.

Events may come twice, and the two topics in any order relative to each other: what is set stays set.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.envelope import Event
from contracts.events.assessment import (
    AssessmentCancelled,
    AssessmentRequested,
    AssessmentUpdated,
    PackageResult,
    Stage,
)

from reference_engine.domain.catalogue import PACKAGES, Package


@dataclass(slots=True)
class Order:
    """One order of one of our packages."""

    request: AssessmentRequested | None = None
    launched: bool = False
    began_at: datetime | None = None
    result: PackageResult | None = None
    """Set when the test is over, by completion or by the candidate's refusal."""
    cancelled: bool = False

    @property
    def package(self) -> Package | None:
        """The package ordered, once the request was read."""
        return PACKAGES.get(self.request.package_id) if self.request else None


class Orders:
    """All orders, rebuilt from orders.requests and engines.updates.

    Other engines' updates and other engines' packages are none of ours. What was read longer ago than `keep`
    is forgotten; an event's own time is not asked, so a wrong clock elsewhere forgets nothing.
    """

    def __init__(self, *, source: str, keep: timedelta, clock: Callable[[], datetime]) -> None:
        self._source = source
        self._keep = keep
        self._clock = clock
        self._orders: dict[str, Order] = {}
        self._first_read: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[str]:
        return iter(self._orders)

    def get(self, order_id: str) -> Order | None:
        """Returns the order when its request was read and is for one of our packages."""
        order = self._orders.get(order_id)
        return order if order is not None and order.request is not None else None

    def apply(self, event: Event[Any]) -> None:
        """Takes in an event; a repeat changes nothing, and of two final updates the first holds."""
        match event.data:
            case AssessmentRequested() as request if request.package_id in PACKAGES:
                order = self._order(request.order_id)
                order.request = order.request or request
            case AssessmentCancelled() as cancelled:
                self._order(cancelled.order_id).cancelled = True
            case AssessmentUpdated() as update if event.source == self._source:
                _advance(self._order(update.order_id), update)
            case _:
                return
        self._forget()

    def _order(self, order_id: str) -> Order:
        self._first_read.setdefault(order_id, self._clock())
        return self._orders.setdefault(order_id, Order())

    def _forget(self) -> None:
        horizon = self._clock() - self._keep
        while self._first_read:
            oldest = next(iter(self._first_read))
            if self._first_read[oldest] >= horizon:
                return
            del self._first_read[oldest], self._orders[oldest]


def _advance(order: Order, update: AssessmentUpdated) -> None:
    match update.stage:
        case Stage.LAUNCH:
            order.launched = True
        case Stage.PROGRESS:
            order.began_at = order.began_at or update.occurred_at
        case Stage.COMPLETED | Stage.FAILED:
            order.result = order.result or update.result or PackageResult()
