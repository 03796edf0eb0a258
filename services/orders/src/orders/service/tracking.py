"""Following orders: engines' updates, deliveries to SmartRecruiters, companies' connections."""

from collections.abc import Callable
from datetime import datetime, timedelta

from contracts.envelope import Event
from contracts.events.assessment import AssessmentUpdated
from contracts.events.integration import IntegrationConnected, IntegrationDisabled, IntegrationRotated

from orders.domain import changes
from orders.domain.changes import Delivery
from orders.domain.order import Order
from orders.domain.states import State
from orders.domain.timeline import Entry, Kind
from orders.errors import NotYet, Refused
from orders.ports import Transactions, Unit
from orders.service.applying import SOURCE, apply

Integration = IntegrationConnected | IntegrationRotated | IntegrationDisabled


class Tracking:
    """Writes what others say of orders, each event once."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        clock: Callable[[], datetime],
        unknown_within: timedelta,
        enrich: Callable[[], None],
        forget_token: Callable[[str], None],
    ) -> None:
        self._transactions = transactions
        self._clock = clock
        self._unknown_within = unknown_within
        self._enrich = enrich
        self._forget_token = forget_token

    async def handle_updated(self, event: Event[AssessmentUpdated]) -> None:
        """An engine's update.

        Raises NotYet for an order that is not known or not asked for yet, Refused when it never will be, or
        belongs to another company.
        """
        if event.source == SOURCE:
            return  # our own closing word, which the order had before it was said
        now = self._clock()
        async with self._transactions() as unit:
            if await unit.remember(event.id, "engines.updates"):
                order = await self._order(unit, event, event.data.order_id, event.data.company_id)
                if order.state is State.PLACED and now - event.time < self._unknown_within:
                    raise NotYet(f"order {order.order_id} has not been asked for yet")
                await apply(unit, order, changes.updated(order, event.data, now), now)

    async def handle_delivery(self, event: Event[Delivery]) -> None:
        """What became of a delivery. Raises like `handle_updated`."""
        async with self._transactions() as unit:
            if await unit.remember(event.id, "results.deliveries"):
                order = await self._order(unit, event, event.data.order_id, event.data.company_id)
                await apply(unit, order, changes.delivered(order, event.data), self._clock())

    async def handle_integration(self, event: Event[Integration]) -> None:
        """A company's connection, noted in the timeline of its open orders; reconnecting hastens them."""
        data = event.data
        connected = not isinstance(data, IntegrationDisabled)
        self._forget_token(data.company_id)
        async with self._transactions() as unit:
            if not await unit.remember(event.id, "credentials.integrations"):
                return
            if not await unit.save_company(data.company_id, connected=connected, changed_at=data.changed_at):
                return
            kind = Kind.RECONNECTED if connected else Kind.DISABLED
            await unit.record_for_open(data.company_id, Entry(data.changed_at, kind))
            if connected:
                await unit.hasten_enrichment(data.company_id, self._clock())
        self._enrich()

    async def _order(
        self, unit: Unit, event: Event[AssessmentUpdated] | Event[Delivery], order_id: str, company_id: str
    ) -> Order:
        order = await unit.lock(order_id)
        if order is None:
            if self._clock() - event.time < self._unknown_within:
                raise NotYet(f"order {order_id} is not known yet")
            raise Refused(f"order {order_id} is not known")
        if order.company_id != company_id:
            raise Refused(f"order {order_id} does not belong to company {company_id}")
        return order
