"""Taking events in: whole batches, one commit each."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from contracts.envelope import Event
from contracts.events.assessment import AssessmentUpdated
from contracts.events.integration import IntegrationConnected, IntegrationDisabled, IntegrationRotated
from contracts.events.order import OrderPlaced

from results_publisher.domain.delivery import NewDelivery, Order
from results_publisher.domain.ingestion import Incoming, apply, dead_update
from results_publisher.errors import RefusedEvents, UnstorableEvents
from results_publisher.ports import IngestionStore, IngestionTransaction, TokenCache

log = structlog.get_logger()

Integration = IntegrationConnected | IntegrationRotated | IntegrationDisabled


@dataclass(slots=True)
class _Taken:
    companies: set[str]
    integrations: list[Integration]


class IngestionService:
    """Each event counts once, however often it comes.

    `due` is told, after the commit, of companies with something new to send; `changed` of those whose
    integration changed.
    """

    def __init__(
        self,
        *,
        store: IngestionStore,
        tokens: TokenCache,
        due: Callable[[Iterable[str]], None],
        changed: Callable[[str, bool], None],
        committed: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._due = due
        self._changed = changed
        self._committed = committed
        self._now = now

    async def handle(self, events: Sequence[Event[Any]]) -> None:
        """Keeps all of it, or nothing. Raises RefusedEvents for those that must not be tried again."""
        try:
            await self._handle(events)
        except UnstorableEvents as error:
            if len(events) == 1:
                raise RefusedEvents({events[0].id: f"PostgreSQL refuses a value: {error}"}) from error
            for event in events:  # one of them spoils the batch: find it
                await self.handle([event])

    async def settle(self, *, unknown_after: timedelta) -> None:
        """Works off updates that waited: for orders that came, and for those that never did."""
        known = await self._store.orders_with_waiting(500)
        if known:
            async with self._store.transaction() as work:
                deliveries = await self._apply(work, known, [])
            self._due({one.company_id for one in deliveries})
        while await self._store.give_up_waiting(older_than=unknown_after, now=self._now()):
            self._committed()

    async def cut_off(self, *, held_for: timedelta) -> None:
        """Gives up what has been held for too long."""
        while count := await self._store.cut_off(held_for=held_for, now=self._now()):
            log.warning("held for too long", deliveries=count)
            self._committed()

    async def _handle(self, events: Sequence[Event[Any]]) -> None:
        async with self._store.transaction() as work:
            new = await work.remember([event.id for event in events])
            taken = await self._take(work, [event for event in _each_once(events) if event.id in new])
        for integration in taken.integrations:
            self._tokens.forget(integration.company_id)
            self._changed(integration.company_id, integration.state == "connected")
        if taken.companies:
            self._due(taken.companies)
        self._committed()

    async def _take(self, work: IngestionTransaction, events: Sequence[Event[Any]]) -> _Taken:
        integrations = _of(events, IntegrationConnected, IntegrationRotated, IntegrationDisabled)
        changed = [
            one.data
            for one in integrations
            if await work.set_company(
                one.data.company_id,
                connected=one.data.state == "connected",
                changed_at=one.data.changed_at,
                now=self._now(),
            )
        ]
        placed = [_order(event.data) for event in _of(events, OrderPlaced)]
        updates = [Incoming(one.id, one.data, one.traceparent) for one in _of(events, AssessmentUpdated)]
        await work.add_orders(placed)
        touched = {order.order_id for order in placed} | {one.update.order_id for one in updates}
        deliveries = await self._apply(work, sorted(touched), updates) if touched else []
        companies = {one.company_id for one in deliveries}
        return _Taken(companies | {one.company_id for one in changed if one.state == "connected"}, changed)

    async def _apply(
        self, work: IngestionTransaction, order_ids: Sequence[str], updates: Sequence[Incoming]
    ) -> list[NewDelivery]:
        orders = await work.lock(order_ids)
        erased = await work.erased(order_ids)
        documents = await work.documents(list(orders))
        waited = [one for one in await work.take_waiting(list(orders)) if one.update.order_id not in erased]
        updates = [one for one in updates if one.update.order_id not in erased]
        changes = apply(orders, documents, [*waited, *updates])
        ours = {one.event_id for one in updates}
        refused = [one for one in changes.refused if one.event_id in ours]
        if refused:
            reason = "company_id is not the order's company"
            raise RefusedEvents({one.event_id: reason for one in refused})
        late = [dead_update(one, "company_mismatch") for one in changes.refused]
        await work.save_documents(changes.documents)
        await work.add_deliveries([*changes.deliveries, *late], self._now())
        await work.add_waiting(changes.waiting)
        return changes.deliveries


def _order(placed: OrderPlaced) -> Order:
    return Order(placed.order_id, placed.company_id, placed.kind, placed.result_callback_url)


def _of(events: Iterable[Event[Any]], *kinds: type[Any]) -> list[Event[Any]]:
    return [event for event in events if isinstance(event.data, kinds)]


def _each_once(events: Sequence[Event[Any]]) -> list[Event[Any]]:
    return list({event.id: event for event in reversed(events)}.values())[::-1]
