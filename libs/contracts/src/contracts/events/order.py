"""What the gateway says of orders."""

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from contracts.envelope import EventData
from contracts.types import CompanyId, OrderId, PackageId, Timestamp, Url


class OrderKind(StrEnum):
    """Whether the candidate is invited later, or sits in the middle of an application now (SPEC §3)."""

    STANDARD = "standard"
    INLINE = "inline"


class Candidate(BaseModel):
    """The person to assess. `id` is absent for inline orders: the application is not finished yet.

    In events the person's own fields are absent and stand in `sealed`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    application_language: str | None = None
    sealed: str | None = None
    """The fields above as JSON, under a key of this order alone: a compact JWE (RFC 7516), dir, A256GCM.

    The bridge opens it as long as the candidate's data is kept (docs/engines.md).
    """


class Requester(BaseModel):
    """The recruiter who ordered; absent when a hiring step ordered by itself."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    user_id: str | None = None
    email: str | None = None


class OrderPlaced(EventData):
    """SmartRecruiters placed an order and was told it is durable (SPEC §3)."""

    TYPE: ClassVar[str] = "order.placed"

    order_id: OrderId
    company_id: CompanyId
    kind: OrderKind
    package_id: PackageId
    job_id: str | None = None
    result_callback_url: Url
    candidate: Candidate
    requester: Requester | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    return_url: Url | None = None
    """Where the candidate goes after an inline assessment: the gateway's own hand-off link."""
    received_at: Timestamp
    unknown_fields: dict[str, Any] = Field(default_factory=dict)
    """What SmartRecruiters sent beyond its documents, as it came; where `candidate` is sealed, in there."""

    def subject(self) -> str:
        """The order id."""
        return self.order_id
