"""What results-publisher says of deliveries to SmartRecruiters."""

from enum import StrEnum

from contracts.envelope import EventData
from contracts.types import CompanyId, OrderId, ResultStatus, Timestamp


class DeliveryKind(StrEnum):
    """A result PATCH, or an attachment's POST."""

    RESULT = "result"
    ATTACHMENT = "attachment"


class _Delivery(EventData):
    order_id: OrderId
    company_id: CompanyId
    delivery_id: str
    """The same for every event about one delivery: what `bridge deliveries` takes."""
    kind: DeliveryKind
    status: ResultStatus | None = None
    attempts: int
    occurred_at: Timestamp

    def subject(self) -> str:
        """The order id."""
        return self.order_id


class ResultPublished(_Delivery):
    """SmartRecruiters took it."""

    TYPE = "result.published"


class ResultRejected(_Delivery):
    """No further attempt will be made by itself: it is a dead letter a person can see, mend and replay."""

    TYPE = "result.rejected"
    http_status: int | None = None
    reason: str
    """In words an operator can act on; never an answer's body."""


class ResultHeld(_Delivery):
    """The company's integration is disabled: kept, and sent when it connects again."""

    TYPE = "result.held"
    reason: str
