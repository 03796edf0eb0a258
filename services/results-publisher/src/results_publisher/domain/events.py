"""What is said on results.deliveries. Ids are made from the delivery: a repeat is the same event."""

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Event, event_id
from contracts.events.result import DeliveryKind, ResultHeld, ResultPublished, ResultRejected
from contracts.types import ResultStatus

from results_publisher.domain.delivery import DeliveryStatus, Finished
from results_publisher.domain.retry import explain

SOURCE = "results-publisher"


def finished(item: Finished, now: datetime) -> Event[Any] | None:
    """Returns the event of a delivery that is over; None when it is tried again."""
    if item.status is DeliveryStatus.PUBLISHED:
        return published(item, now)
    if item.status is DeliveryStatus.DEAD:
        return rejected(
            delivery_id=item.delivery.delivery_id,
            order_id=item.delivery.order.order_id,
            company_id=item.delivery.order.company_id,
            kind=item.delivery.kind,
            status=item.delivery.result_status,
            attempts=item.attempt.number,
            http_status=item.attempt.http_status,
            reason=item.reason or "exhausted",
            traceparent=item.delivery.traceparent,
            now=now,
        )
    return None


def published(item: Finished, now: datetime) -> Event[ResultPublished]:
    """SmartRecruiters took it, at this attempt."""
    delivery = item.delivery
    data = ResultPublished(
        order_id=delivery.order.order_id,
        company_id=delivery.order.company_id,
        delivery_id=str(delivery.delivery_id),
        kind=delivery.kind,
        status=delivery.result_status,
        attempts=item.attempt.number,
        occurred_at=now,
    )
    identity = event_id(data.TYPE, data.delivery_id, str(data.attempts))
    return Event(id=identity, source=SOURCE, time=now, data=data, traceparent=delivery.traceparent)


def rejected(
    *,
    delivery_id: UUID,
    order_id: str,
    company_id: str,
    kind: DeliveryKind,
    status: ResultStatus | None,
    attempts: int,
    reason: str,
    now: datetime,
    http_status: int | None = None,
    traceparent: str | None = None,
    again: str = "",
) -> Event[ResultRejected]:
    """A dead letter; after a replay another number of attempts, or `again`, makes it another event."""
    data = ResultRejected(
        order_id=order_id,
        company_id=company_id,
        delivery_id=str(delivery_id),
        kind=kind,
        status=status,
        attempts=attempts,
        occurred_at=now,
        http_status=http_status,
        reason=explain(reason),
    )
    identity = event_id(data.TYPE, data.delivery_id, str(attempts), *filter(None, (again,)))
    return Event(id=identity, source=SOURCE, time=now, data=data, traceparent=traceparent)


def held(
    *,
    delivery_id: UUID,
    order_id: str,
    company_id: str,
    kind: DeliveryKind,
    status: ResultStatus | None,
    attempts: int,
    now: datetime,
    traceparent: str | None = None,
) -> Event[ResultHeld]:
    """Kept until the company connects again; said once of each delivery."""
    data = ResultHeld(
        order_id=order_id,
        company_id=company_id,
        delivery_id=str(delivery_id),
        kind=kind,
        status=status,
        attempts=attempts,
        occurred_at=now,
        reason="the company's integration is not connected; it is sent when it connects again",
    )
    identity = event_id(data.TYPE, data.delivery_id)
    return Event(id=identity, source=SOURCE, time=now, data=data, traceparent=traceparent)
