"""Erasing and exporting what is kept of a person: on request, and when it has been kept long enough."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from runtime.candidate_keys.client import Subject
from runtime.candidate_keys.errors import Erased, KeysUnavailable, UnknownKey, Unreadable
from runtime.candidate_keys.person import Person

from orders.domain import changes
from orders.domain.timeline import Entry, Kind
from orders.errors import ResultsUnavailable, StorageUnavailable
from orders.ports import CandidateKeys, ErasureQueue, OrderView, Reading, Results, Transactions
from orders.service.applying import apply

_BATCH = 200
ASKED_FOR = "asked for"
OUTLIVED = "kept long enough"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did. A repeat finds less to do, and the same orders."""

    keys: int
    """Keys destroyed."""
    orders: tuple[str, ...]
    ended: tuple[str, ...]
    """Orders that were open, and are cancelled."""
    deleted: int
    """Deliveries deleted at results-publisher."""
    dropped: int
    """Those of them that were still to be sent."""
    results_pending: bool
    """results-publisher did not answer: the sweeper goes on with it."""


@dataclass(frozen=True, slots=True)
class Exported:
    """All that is kept of one order; `person` None: erased."""

    view: OrderView
    person: Person | None
    results: Any


class Erasing:
    """The keys go first: from then on nobody reads the person anywhere, whatever comes between.

    Every step may be repeated, and what a crash or an outage left undone the sweeper does.
    """

    def __init__(
        self,
        *,
        keys: CandidateKeys,
        results: Results,
        transactions: Transactions,
        reading: Reading,
        queue: ErasureQueue,
        kept_for: timedelta | None,
        clock: Callable[[], datetime],
        relay: Callable[[], None],
    ) -> None:
        self._keys = keys
        self._results = results
        self._transactions = transactions
        self._reading = reading
        self._queue = queue
        self._kept_for = kept_for
        self._clock = clock
        self._relay = relay

    async def erase(self, subject: Subject, *, reason: str = ASKED_FOR) -> Erasure:
        """Erases a person. Raises KeysUnavailable, StorageUnavailable: say it again."""
        keys, known = await self._keys.erase(subject)
        order_ids = sorted({*known, *subject.order_ids})
        ours = [one for one in order_ids if await self._ours(subject.company_id, one)]
        ended = [one for one in ours if await self._erase_order(one, reason)]
        self._relay()
        try:
            deleted, dropped = await self._erase_results(subject.company_id, order_ids, ours)
            pending = False
        except ResultsUnavailable as error:
            log.warning("results are erased later", orders=len(ours), reason=str(error))
            deleted, dropped, pending = 0, 0, True
        log.info("candidate erased", company_id=subject.company_id, orders=len(ours), keys=keys, why=reason)
        return Erasure(keys, tuple(ours), tuple(ended), deleted, dropped, pending)

    async def export(self, subject: Subject) -> list[Exported]:
        """Returns everything kept of a person.

        Raises KeysUnavailable, ResultsUnavailable, StorageUnavailable.
        """
        order_ids = sorted({*await self._keys.orders(subject), *subject.order_ids})
        views = [await self._reading.get(one) for one in order_ids]
        ours = [one for one in views if one is not None and one.order.company_id == subject.company_id]
        results = await self._results.export(subject.company_id, [one.order.order_id for one in ours])
        return [
            Exported(one, await self._person(one.order.sealed), results.get(one.order.order_id))
            for one in ours
        ]

    async def run(self, every: timedelta) -> None:
        """Sweeps until cancelled; waits out whoever is absent."""
        while True:
            try:
                while await self.sweep() == _BATCH:
                    pass
            except (KeysUnavailable, ResultsUnavailable, StorageUnavailable) as error:
                log.warning("erasing waits", reason=str(error))
            await asyncio.sleep(every.total_seconds())

    async def sweep(self) -> int:
        """Goes on with what was left undone, then erases what has been kept long enough; returns how many."""
        for company_id, order_ids in _by_company(await self._queue.unfinished(at_most=_BATCH)).items():
            await self._erase_results(company_id, order_ids, order_ids)
        if self._kept_for is None:
            return 0
        outlived = await self._queue.outlived(self._clock() - self._kept_for, at_most=_BATCH)
        for company_id, order_ids in _by_company(outlived).items():
            await self.erase(Subject(company_id, order_ids=tuple(order_ids)), reason=OUTLIVED)
        return len(outlived)

    async def _ours(self, company_id: str, order_id: str) -> bool:
        found = await self._reading.get(order_id)
        return found is not None and found.order.company_id == company_id

    async def _erase_order(self, order_id: str, reason: str) -> bool:
        """Returns whether it was open until now."""
        now = self._clock()
        async with self._transactions() as unit:
            order = await unit.lock(order_id)
            if order is None:
                return False
            await unit.end_enrichment(order_id)
            await apply(unit, order, changes.erased(order, reason, now), now)
            return not order.state.terminal

    async def _erase_results(
        self, company_id: str, order_ids: Sequence[str], ours: Sequence[str]
    ) -> tuple[int, int]:
        if not order_ids:
            return 0, 0
        done = await self._results.erase(company_id, order_ids)
        now = self._clock()
        for order_id in ours:
            async with self._transactions() as unit:
                await unit.results_erased(order_id, now)
                if (one := done.get(order_id)) is not None and one.deleted:
                    facts = {"deleted": one.deleted, "dropped": one.dropped}
                    await unit.record(order_id, [Entry(now, Kind.RESULTS_ERASED, facts)])
        return sum(one.deleted for one in done.values()), sum(one.dropped for one in done.values())

    async def _person(self, sealed: str | None) -> Person | None:
        if sealed is None:
            return None
        try:
            person, _ = await self._keys.open(sealed)
        except (Erased, UnknownKey, Unreadable):
            return None
        return person


def _by_company(orders: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for company_id, order_id in orders:
        found[company_id].append(order_id)
    return found
