"""What is done now and then: what has waited or was held for too long, and what is old enough to go."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from results_publisher.ports import IngestionStore
from results_publisher.service.ingestion import IngestionService

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Retention:
    """How long things are kept. The inbox outlives the topics' retention of 7 days: no repeat comes later."""

    unknown_orders: timedelta
    held: timedelta
    deliveries: timedelta
    inbox: timedelta = timedelta(days=14)


class Housekeeping:
    """Every replica does it: all of it may be done twice."""

    def __init__(
        self,
        *,
        ingestion: IngestionService,
        store: IngestionStore,
        retention: Retention,
        now: Callable[[], datetime],
        settle_every: float = 2.0,
        forget_every: float = 600.0,
    ) -> None:
        self._ingestion = ingestion
        self._store = store
        self._retention = retention
        self._now = now
        self._settle_every = settle_every
        self._forget_every = forget_every

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._repeat(self._settle, self._settle_every))
            tasks.create_task(self._repeat(self._forget, self._forget_every))

    async def _settle(self) -> None:
        await self._ingestion.settle(unknown_after=self._retention.unknown_orders)
        await self._ingestion.cut_off(held_for=self._retention.held)

    async def _forget(self) -> None:
        now = self._now()
        await self._store.forget(
            deliveries_before=now - self._retention.deliveries, inbox_before=now - self._retention.inbox
        )

    async def _repeat(self, work: Callable[[], Awaitable[None]], every: float) -> None:
        while True:
            try:
                await work()
            except Exception as error:
                log.warning("housekeeping failed, comes again", exc_info=error)
            await asyncio.sleep(every)
