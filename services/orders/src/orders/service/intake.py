"""order.placed: one order per SmartRecruiters order id (SPEC §3)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.envelope import Event
from contracts.events.order import OrderKind, OrderPlaced
from contracts.topics import ORDERS_REQUESTS

from orders.domain import changes
from orders.domain.enrichment import Resource, Work, begin
from orders.domain.order import Order
from orders.domain.request import request_of
from orders.domain.timeline import Entry, Kind
from orders.errors import Refused
from orders.ports import Transactions, Unit
from orders.service.applying import apply, event_of
from orders.service.people import People

CONSUMER = "gateway.orders"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is read from SmartRecruiters for which package, and for how long it is tried."""

    wanted: frozenset[Resource]
    by_package: Mapping[str, frozenset[Resource]]
    give_up_after: timedelta
    inline_give_up_after: timedelta

    def begin(self, placed: OrderPlaced, now: datetime, traceparent: str | None) -> Work:
        """An inline order is given up on sooner: its candidate sits and waits."""
        inline = placed.kind is OrderKind.INLINE
        patience = self.inline_give_up_after if inline else self.give_up_after
        wanted = self.by_package.get(placed.package_id, self.wanted)
        return begin(placed, wanted, now + patience, traceparent)


class Intake:
    """Takes orders in. May be called twice with the same event, and with another event of the same order."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        plan: Plan,
        clock: Callable[[], datetime],
        people: People,
        enrich: Callable[[], None],
    ) -> None:
        self._transactions = transactions
        self._plan = plan
        self._clock = clock
        self._people = people
        self._enrich = enrich

    async def handle_placed(self, event: Event[OrderPlaced]) -> None:
        """Writes the order and what is to be done for it; nothing of the candidate is written in the clear.

        Raises Refused when the id is another company's, KeysUnavailable.
        """
        now = self._clock()
        placed = self._people.cover(event.data)
        work = self._plan.begin(placed, now, event.traceparent)
        try:
            new = await self._begin(event, _order_of(placed), work, now)
        except Refused:
            await self._people.adopt(placed)
            raise
        if new:
            self._enrich()
        else:
            # A repeat was sealed with a key of its own, and is erased with its candidate, too.
            await self._people.adopt(placed)

    async def _begin(self, event: Event[OrderPlaced], order: Order, work: Work, now: datetime) -> bool:
        async with self._transactions() as unit:
            if not await unit.remember(event.id, CONSUMER):
                return False
            if not await unit.create(order):
                await self._repeat(unit, order, now)
                return False
            await unit.record(order.order_id, [_placed(order)])
            # Due even where nothing is to be read: credentials has to know whose key it is first.
            await unit.begin_enrichment(work, now)
            return True

    async def _repeat(self, unit: Unit, order: Order, now: datetime) -> None:
        known = await unit.lock(order.order_id)
        if known is None or known.company_id != order.company_id:
            raise Refused(f"order {order.order_id} belongs to another company than {order.company_id}")
        await unit.record(order.order_id, [Entry(now, Kind.REPEATED)])


async def request(unit: Unit, order: Order, work: Work, now: datetime) -> None:
    """Asks the engine, in the transaction at hand; the order is locked or new."""
    change = changes.requested(order, now)
    await apply(unit, order, change, now)
    if change.order.requested_at == now:
        await unit.say([(ORDERS_REQUESTS, event_of(request_of(work, now), now, work.traceparent))])


def _order_of(placed: OrderPlaced) -> Order:
    return Order(
        order_id=placed.order_id,
        company_id=placed.company_id,
        kind=placed.kind,
        package_id=placed.package_id,
        job_id=placed.job_id,
        sealed=placed.candidate.sealed,
        placed_at=placed.received_at,
    )


def _placed(order: Order) -> Entry:
    return Entry(order.placed_at, Kind.PLACED, {"package_id": order.package_id, "kind": order.kind.value})
