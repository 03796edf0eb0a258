"""What is delivered: a PATCH of the merged result, or the POST of one file."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from contracts.events.order import OrderKind
from contracts.events.result import DeliveryKind
from contracts.types import AttachmentType, ResultStatus


class DeliveryStatus(StrEnum):
    """Where a delivery stands. `pending` and `held` are open, the others are over until somebody replays."""

    PENDING = "pending"
    HELD = "held"
    PUBLISHED = "published"
    DEAD = "dead"
    IGNORED = "ignored"
    """An update after a final status: kept to be seen, never sent."""
    SUPERSEDED = "superseded"
    """A dead letter that something later made good."""


@dataclass(frozen=True, slots=True)
class Order:
    """What of an order the delivery of its results depends on."""

    order_id: str
    company_id: str
    kind: OrderKind
    callback_url: str


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """Something to send, made from one update. The same update makes the same `delivery_id`."""

    delivery_id: UUID
    order_id: str
    company_id: str
    kind: DeliveryKind
    body: str
    """JSON: the PATCH, or the attachment as the engine described it."""
    result_status: ResultStatus | None
    status: DeliveryStatus = DeliveryStatus.PENDING
    reason: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file SmartRecruiters took, under the address it answered."""

    type: AttachmentType
    url: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """An open delivery, claimed by the one replica that works on its company."""

    delivery_id: UUID
    order: Order
    kind: DeliveryKind
    body: str
    result_status: ResultStatus | None
    attempts: int
    """All attempts so far: the number in the rows."""
    tries: int
    """Attempts since it was last queued: what the retry schedule counts."""
    previous_http_status: int | None = None
    uploaded: tuple[UploadedFile, ...] = ()
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, as it is kept. `answer` is what is kept of a refusal's body."""

    number: int
    started_at: datetime
    duration_ms: int
    http_status: int | None = None
    error: str | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of one attempt and what follows from it; `due_at` is set when it is tried again."""

    delivery: Delivery
    attempt: Attempt
    status: DeliveryStatus
    due_at: datetime | None = None
    reason: str | None = None
    uploaded: UploadedFile | None = field(default=None)
