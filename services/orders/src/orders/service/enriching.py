"""Working off due enrichments: companies side by side, none waiting for another."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from contracts.events.order import Candidate
from runtime.candidate_keys.errors import CandidateKeyError, Erased, KeysUnavailable

from orders.domain import changes
from orders.domain.enrichment import (
    Again,
    Finished,
    Found,
    Outcome,
    Resource,
    TryAgain,
    Work,
    opened,
    proceed,
)
from orders.domain.request import completed
from orders.domain.timeline import Entry, Kind
from orders.errors import StorageUnavailable
from orders.ports import EnrichmentQueue, Resources, Transactions
from orders.service.applying import apply
from orders.service.intake import request
from orders.service.people import Opened, People

_IDLE = 0.5
_LEAST_TIME = timedelta(seconds=0.05)
_KEYS_WAIT = timedelta(seconds=2)
_OPERATOR_WAIT = timedelta(minutes=1)

log = structlog.get_logger()


class Enriching:
    """Reads what orders need and asks the engine when it is there, or when patience ends.

    At most `per_company` orders of a company are worked on at a time, and companies share no other limit, so
    one that hangs holds up itself alone. Work of a process that dies comes due again after `lease`.
    Without credentials all of it waits: nobody may be asked about a candidate whose key is nobody's yet.
    """

    def __init__(
        self,
        *,
        transactions: Transactions,
        queue: EnrichmentQueue,
        resources: Resources,
        people: People,
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
        self._people = people
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
            await self._work_opened(work)
        except Erased:
            await self._erased(order_id)
        except CandidateKeyError as error:
            await self._wait_for_keys(work, error)
        except StorageUnavailable as error:
            log.warning("enrichment is repeated", order_id=order_id, reason=str(error))
        except Exception:
            log.exception("enrichment failed and is repeated", order_id=order_id)
        finally:
            self._leased.discard(order_id)
            del self._running[order_id]
            self.wake()

    async def _work_opened(self, work: Work) -> None:
        person = await self._people.open(work.placed, bound=work.bound)
        candidate = person.person.candidate
        known = opened(work, candidate)
        outcomes = await self._attempt(known)
        found = outcomes.get(Resource.CANDIDATE)
        if isinstance(found, Found):
            candidate = completed(candidate, found.body)
            outcomes[Resource.CANDIDATE] = Found({})  # that it was had; what it said is sealed
            if candidate.email != person.person.candidate.email:
                await self._people.bind(work.placed, person, candidate)
        async with self._leasing:  # from here on a renewal would overwrite when it is due
            self._leased.discard(work.placed.order_id)
        await self._conclude(known, outcomes, person, candidate)

    async def _erased(self, order_id: str) -> None:
        """Ends an order whose candidate was erased while it was on its way."""
        now = self._clock()
        async with self._transactions() as unit:
            order = await unit.lock(order_id)
            if order is not None and await unit.end_enrichment(order_id):
                await apply(unit, order, changes.erased(order, "asked for before the order came", now), now)
        self._relay()

    async def _wait_for_keys(self, work: Work, error: CandidateKeyError) -> None:
        """No attempt, and nothing off the patience with SmartRecruiters: what to read is not even known."""
        log.warning(
            "enrichment waits for keys",
            order_id=work.placed.order_id,
            cause=type(error).__name__,
            reason=str(error),
        )
        wait = _KEYS_WAIT if isinstance(error, KeysUnavailable) else _OPERATOR_WAIT
        async with self._leasing:
            self._leased.discard(work.placed.order_id)
        try:
            async with self._transactions() as unit:
                later = replace(work, give_up_at=work.give_up_at + wait)
                await unit.postpone_enrichment(later, self._clock() + wait)
        except StorageUnavailable as unavailable:
            log.warning("enrichment is repeated", order_id=work.placed.order_id, reason=str(unavailable))

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

    async def _conclude(
        self, work: Work, outcomes: dict[Resource, Outcome], person: Opened, candidate: Candidate
    ) -> None:
        now = self._clock()
        sealed = person.sealed(candidate)
        step = proceed(_with(work, sealed), outcomes, now, self._chance())
        order_id = work.placed.order_id
        async with self._transactions() as unit:
            order = await unit.lock(order_id)
            match step:
                case Finished(after) if order is not None and await unit.end_enrichment(order_id):
                    await unit.record(order_id, _news(work, after, now))
                    await request(unit, replace(order, sealed=sealed.sealed), after, now)
                case Again(after, due_at) if await unit.postpone_enrichment(after, due_at):
                    delayed = Entry(now, Kind.ENRICHMENT_DELAYED, {"reason": after.reason})
                    await unit.record(order_id, [*_news(work, after, now), delayed])
                case _:
                    return  # somebody else ended it: cancelled, expired, or worked on after our lease
        self._relay()


def _with(work: Work, sealed: Candidate) -> Work:
    """Returns the work as it is kept."""
    return replace(work, placed=work.placed.model_copy(update={"candidate": sealed}), bound=True)


def _news(before: Work, after: Work, now: datetime) -> list[Entry]:
    found = [one.value for one in Resource if one in after.found and one not in before.found]
    entries = [Entry(now, Kind.ENRICHED, {"resources": ", ".join(found)})] if found else []
    return entries + [
        Entry(now, Kind.MISSING, {"resource": one.value, "reason": why})
        for one, why in sorted(after.missing.items())
        if one not in before.missing
    ]
