"""Ending orders that nobody else ends: by a person, or by the sweeper."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import structlog

from orders.domain import changes
from orders.domain.order import Order
from orders.domain.sweeping import Finding, Limits, examine
from orders.errors import StorageUnavailable, UnknownOrder
from orders.ports import Transactions
from orders.service.applying import apply

_BATCH = 200
_REPEATS_WITHIN = timedelta(days=14)  # twice the topics' retention

log = structlog.get_logger()


class Cancelling:
    """Cancels orders. A repeat changes nothing; an order that has ended stays as it ended."""

    def __init__(
        self, *, transactions: Transactions, clock: Callable[[], datetime], relay: Callable[[], None]
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._relay = relay

    async def cancel(self, order_id: str, reason: str) -> Order:
        """Returns the order as it is afterwards. Raises UnknownOrder."""
        now = self._clock()
        async with self._transactions() as unit:
            order = await unit.lock(order_id)
            if order is None:
                raise UnknownOrder(order_id)
            change = changes.cancelled(order, reason, now)
            await unit.end_enrichment(order_id)
            await apply(unit, order, change, now)
        self._relay()
        return change.order


class Sweeper:
    """Flags late orders and ends expired ones. Replicas share the work: none is swept twice."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        limits: Limits,
        clock: Callable[[], datetime],
        relay: Callable[[], None],
        forget_events: Callable[[datetime], Awaitable[int]],
    ) -> None:
        self._transactions = transactions
        self._limits = limits
        self._clock = clock
        self._relay = relay
        self._forget_events = forget_events

    async def run(self, every: timedelta) -> None:
        """Sweeps until cancelled; waits out an absent database."""
        while True:
            try:
                while await self.sweep() == _BATCH:
                    pass
                await self._forget_events(self._clock() - _REPEATS_WITHIN)
            except StorageUnavailable as error:
                log.warning("sweeping waits", reason=str(error))
            await asyncio.sleep(every.total_seconds())

    async def sweep(self) -> int:
        """Sweeps one batch in one transaction; returns how many orders it looked at."""
        now = self._clock()
        async with self._transactions() as unit:
            orders = await unit.take_overdue(now, self._limits, at_most=_BATCH)
            for order in orders:
                match examine(order, now, self._limits):
                    case Finding.EXPIRED:
                        await unit.end_enrichment(order.order_id)
                        await apply(unit, order, changes.expired(order, now), now)
                    case Finding.LATE:
                        await apply(unit, order, changes.late(order, now), now)
                    case None:
                        pass
        if orders:
            self._relay()
        return len(orders)
