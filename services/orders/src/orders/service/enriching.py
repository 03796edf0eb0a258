"""Working off due enrichments: companies side by side, none waiting for another."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from orders.domain.enrichment import Again, Finished, Outcome, Resource, TryAgain, Work, proceed
from orders.domain.timeline import Entry, Kind
from orders.errors import StorageUnavailable
from orders.ports import EnrichmentQueue, Resources, Transactions
from orders.service.intake import request

_IDLE = 0.5
_LEAST_TIME = timedelta(seconds=0.05)

log = structlog.get_logger()


class Enriching:
    """Reads what orders need and asks the engine when it is there, or when patience ends.

    At most `per_company` orders of a company are worked on at a time, and companies share no other limit, so
    one that hangs holds up itself alone. Work of a process that dies comes due again after `lease`.
    """

    def __init__(
        self,
        *,
        transactions: Transactions,
        queue: EnrichmentQueue,
        resources: Resources,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        relay: Callable[[], None],
        call_timeout: timedelta,
        per_company: int = 8,
        lease: timedelta = timedelta(seconds=10),
    ) -> None:
        self._transactions = transactions
        self._queue = queue
        self._resources = resources
        self._clock = clock
        self._chance = chance
        self._relay = relay
        self._call_timeout = call_timeout
        self._per_company = per_company
        self._lease = lease
        self._woken = asyncio.Event()
        self._running: dict[str, str] = {}
        self._leased: set[str] = set()
        self._leasing = asyncio.Lock()

    def wake(self) -> None:
        """Call after a commit that made work due: it is claimed at once."""
        self._woken.set()

    async def run(self) -> None:
        """Works until cancelled; waits out an absent database."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._renew_regularly())
            while True:
                self._woken.clear()
                try:
                    for work in await self._claim():
                        tasks.create_task(self._work(work), name=f"enrich {work.placed.order_id}")
                except StorageUnavailable as error:
                    log.warning("enrichment waits", reason=str(error))
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_IDLE):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> list[Work]:
        works = await self._queue.claim(
            self._clock(),
            busy=Counter(self._running.values()),
            per_company=self._per_company,
            lease=self._lease,
        )
        new = [work for work in works if work.placed.order_id not in self._running]
        for work in new:
            self._running[work.placed.order_id] = work.placed.company_id
            self._leased.add(work.placed.order_id)
        return new

    async def _renew_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            async with self._leasing:
                try:
                    if self._leased:
                        await self._queue.renew(sorted(self._leased), self._clock() + self._lease)
                except StorageUnavailable as error:
                    log.warning("leases not renewed", reason=str(error))

    async def _work(self, work: Work) -> None:
        order_id = work.placed.order_id
        try:
            outcomes = await self._attempt(work)
            async with self._leasing:  # from here on a renewal would overwrite when it is due
                self._leased.discard(order_id)
            await self._conclude(work, outcomes)
        except StorageUnavailable as error:
            log.warning("enrichment is repeated", order_id=order_id, reason=str(error))
        except Exception:
            log.exception("enrichment failed and is repeated", order_id=order_id)
        finally:
            self._leased.discard(order_id)
            del self._running[order_id]
            self.wake()

    async def _attempt(self, work: Work) -> dict[Resource, Outcome]:
        left = work.give_up_at - self._clock()
        if left <= timedelta(0):
            return {}
        limit = max(min(left, self._call_timeout), _LEAST_TIME)
        outcomes = await asyncio.gather(*(self._fetch(work, one, limit) for one in work.open))
        return dict(zip(work.open, outcomes, strict=True))

    async def _fetch(self, work: Work, resource: Resource, limit: timedelta) -> Outcome:
        resource_id = work.resource_id(resource) or ""
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await self._resources.fetch(work.placed.company_id, resource, resource_id)
        except TimeoutError:
            return TryAgain(f"{resource}: no answer in time")

    async def _conclude(self, work: Work, outcomes: dict[Resource, Outcome]) -> None:
        now = self._clock()
        step = proceed(work, outcomes, now, self._chance())
        order_id = work.placed.order_id
        async with self._transactions() as unit:
            order = await unit.lock(order_id)
            match step:
                case Finished(after) if order is not None and await unit.end_enrichment(order_id):
                    await unit.record(order_id, _news(work, after, now))
                    await request(unit, order, after, now)
                case Again(after, due_at) if await unit.postpone_enrichment(after, due_at):
                    delayed = Entry(now, Kind.ENRICHMENT_DELAYED, {"reason": after.reason})
                    await unit.record(order_id, [*_news(work, after, now), delayed])
                case _:
                    return  # somebody else ended it: cancelled, expired, or worked on after our lease
        self._relay()


def _news(before: Work, after: Work, now: datetime) -> list[Entry]:
    found = [one.value for one in Resource if one in after.found and one not in before.found]
    entries = [Entry(now, Kind.ENRICHED, {"resources": ", ".join(found)})] if found else []
    return entries + [
        Entry(now, Kind.MISSING, {"resource": one.value, "reason": why})
        for one, why in sorted(after.missing.items())
        if one not in before.missing
    ]
