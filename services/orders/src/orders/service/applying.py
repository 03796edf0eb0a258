"""Writing a change: order, timeline and outbox in the unit at hand."""

from datetime import datetime
from typing import Any

from contracts.envelope import Event, EventData, event_id

from orders.domain.changes import Change
from orders.domain.order import Order
from orders.ports import Unit

SOURCE = "orders"


def event_of(data: EventData, now: datetime, traceparent: str | None = None) -> Event[Any]:
    """Returns the event orders says about an order: one of a type, so a repeat has the same id."""
    return Event(
        id=event_id(data.TYPE, SOURCE, data.subject()),
        source=SOURCE,
        time=now,
        data=data,
        traceparent=traceparent,
    )


async def apply(
    unit: Unit, before: Order, change: Change, now: datetime, traceparent: str | None = None
) -> None:
    """Writes what the change says, leaving out what stays as it is."""
    if change.order != before:
        await unit.save(change.order)
    await unit.record(before.order_id, change.entries)
    await unit.say([(topic, event_of(data, now, traceparent)) for topic, data in change.says])
