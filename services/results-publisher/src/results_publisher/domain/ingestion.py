"""Updates become documents and deliveries."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from contracts.envelope import event_id
from contracts.events.assessment import AssessmentUpdated
from contracts.events.order import OrderKind
from contracts.events.result import DeliveryKind

from results_publisher.domain.delivery import DeliveryStatus, NewDelivery, Order
from results_publisher.domain.document import Document, merge, uploads
from results_publisher.domain.wire import to_wire

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One update and the id of the event it came in."""

    event_id: UUID
    update: AssessmentUpdated
    traceparent: str | None = None


@dataclass(slots=True)
class Changes:
    """What a batch of updates comes to."""

    documents: dict[str, Document] = field(default_factory=dict)
    deliveries: list[NewDelivery] = field(default_factory=list)
    waiting: list[Incoming] = field(default_factory=list)
    """Their order is not known yet."""
    refused: list[Incoming] = field(default_factory=list)
    """They name another company than the order's."""


def apply(
    orders: Mapping[str, Order], documents: Mapping[str, Document], updates: Sequence[Incoming]
) -> Changes:
    """Returns the changes, deliveries in the order of the updates."""
    changes = Changes()
    for incoming in updates:
        order = orders.get(incoming.update.order_id)
        if order is None:
            changes.waiting.append(incoming)
        elif order.company_id != incoming.update.company_id:
            changes.refused.append(incoming)
        else:
            before = changes.documents.get(order.order_id) or documents.get(order.order_id) or Document()
            _add(changes, order, before, incoming)
    return changes


def dead_update(incoming: Incoming, reason: str) -> NewDelivery:
    """Returns an update nobody can publish, as a dead letter with what it said."""
    document = merge(Document(), incoming.update) or Document()
    return NewDelivery(
        delivery_id=event_id("dead-update", str(incoming.event_id)),
        order_id=incoming.update.order_id,
        company_id=incoming.update.company_id,
        kind=DeliveryKind.RESULT,
        body=to_wire(document, OrderKind.STANDARD).to_json().decode(),
        result_status=document.status,
        status=DeliveryStatus.DEAD,
        reason=reason,
        traceparent=_known(incoming.traceparent),
    )


def _add(changes: Changes, order: Order, before: Document, incoming: Incoming) -> None:
    after = merge(before, incoming.update)
    if after is None:
        said = merge(Document(), incoming.update) or Document()
        changes.deliveries.append(_result(order, said, incoming, DeliveryStatus.IGNORED))
        return
    changes.documents[order.order_id] = after
    if incoming.update.status() is None:  # stage launch: nothing SmartRecruiters wants to know
        return
    changes.deliveries.append(_result(order, after, incoming, DeliveryStatus.PENDING))
    if order.kind is OrderKind.STANDARD:
        changes.deliveries.extend(_files(order, before, after, incoming))


def _result(order: Order, document: Document, incoming: Incoming, status: DeliveryStatus) -> NewDelivery:
    return NewDelivery(
        delivery_id=event_id("delivery", str(incoming.event_id), "result"),
        order_id=order.order_id,
        company_id=order.company_id,
        kind=DeliveryKind.RESULT,
        body=to_wire(document, order.kind).to_json().decode(),
        result_status=document.status,
        status=status,
        reason="after_final_status" if status is DeliveryStatus.IGNORED else None,
        traceparent=_known(incoming.traceparent),
    )


def _files(order: Order, before: Document, after: Document, incoming: Incoming) -> list[NewDelivery]:
    """Each address is handed over once in an order's life, however often updates repeat it."""
    # A launch may have named a file without a result to hang it on: `before` counts from a status on.
    known = {one.url for one in uploads(before)} if before.status is not None else set()
    return [
        NewDelivery(
            delivery_id=event_id("delivery", str(incoming.event_id), "attachment", one.url),
            order_id=order.order_id,
            company_id=order.company_id,
            kind=DeliveryKind.ATTACHMENT,
            body=one.model_dump_json(),
            result_status=after.status,
            traceparent=_known(incoming.traceparent),
        )
        for one in uploads(after)
        if one.url not in known
    ]


def _known(traceparent: str | None) -> str | None:
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None
