"""What orders asks of engines, and what engines answer."""

from enum import StrEnum
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from contracts.envelope import EventData
from contracts.events.order import Candidate, OrderKind, Requester
from contracts.types import (
    AttachmentType,
    CompanyId,
    Int64,
    OrderId,
    PackageId,
    ResultStatus,
    Timestamp,
    Url,
)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class JobLocation(_Part):
    """Where the job is (SPEC §4.2)."""

    country: str | None = None
    country_code: str | None = None
    region: str | None = None
    region_code: str | None = None
    city: str | None = None
    address: str | None = None
    postal_code: str | None = None
    remote: bool | None = None


class Job(_Part):
    """The job the candidate applies for (SPEC §4.2)."""

    id: str
    title: str | None = None
    ref_number: str | None = None
    department: str | None = None
    location: JobLocation | None = None


class HiringTeamMember(_Part):
    """One person of the job's hiring team (SPEC §4.3)."""

    id: str | None = None
    role: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Missing(_Part):
    """What could not be had from SmartRecruiters, and why; the request goes out without it."""

    resource: Literal["candidate", "job", "hiring_team"]
    reason: str


class AssessmentRequested(EventData):
    """Assess this candidate with this package. Sent once an order; a repeat has the same event id."""

    TYPE: ClassVar[str] = "assessment.requested"

    order_id: OrderId
    company_id: CompanyId
    kind: OrderKind
    package_id: PackageId
    candidate: Candidate
    requester: Requester | None = None
    job: Job | None = None
    hiring_team: tuple[HiringTeamMember, ...] = ()
    fields: dict[str, Any] = Field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    return_url: Url | None = None
    """Where to send the candidate's browser when an inline assessment is over."""
    requested_at: Timestamp

    def subject(self) -> str:
        """The order id."""
        return self.order_id


class AssessmentCancelled(EventData):
    """Stop working on an order: nothing it sends from now on is published."""

    TYPE: ClassVar[str] = "assessment.cancelled"

    order_id: OrderId
    company_id: CompanyId
    reason: str
    cancelled_at: Timestamp

    def subject(self) -> str:
        """The order id."""
        return self.order_id


class Stage(StrEnum):
    """How far an assessment is. `completed` and `failed` are final."""

    LAUNCH = "launch"
    PROGRESS = "progress"
    COMPLETED = "completed"
    FAILED = "failed"


class Score(_Part):
    """Whole numbers with min <= raw <= max; SmartRecruiters shows raw's place between them."""

    raw: Int64
    min: Int64
    max: Int64

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min <= self.raw <= self.max:
            raise ValueError("score needs min <= raw <= max")
        return self


class Attachment(_Part):
    """A report or recording under a hosted URL.

    `link` puts the URL into the result; `upload` has the bridge fetch the URL and hand the file over to
    SmartRecruiters. Inline orders know no upload, so there it becomes a link (SPEC §5.2).
    """

    type: AttachmentType
    url: Url
    delivery: Literal["link", "upload"] = "link"
    file_name: str | None = Field(default=None, max_length=255, pattern=r"^[^/\\\x00-\x1f\x7f\"]+$")
    content_type: str | None = Field(default=None, max_length=255, pattern=r"^[\w.+-]+/[\w.+-]+$")


class _Result(_Part):
    name: str | None = None
    status: ResultStatus | None = None
    score: Score | None = None
    score_label: str | None = None
    summary: str | None = None
    assessment_date: Timestamp | None = None
    submission_date: Timestamp | None = None
    attachments: tuple[Attachment, ...] = ()


class AssessmentResult(_Result):
    """Result of one assessment in the package; a later update of the same `assessment_id` adds to it."""

    assessment_id: PackageId


class PackageResult(_Result):
    """Result of the whole package. What a field says stays until a later update says otherwise."""

    description: str | None = None
    assessments: tuple[AssessmentResult, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [assessment.assessment_id for assessment in self.assessments]
        if len(ids) != len(set(ids)):
            raise ValueError("an assessment_id stands twice in assessments")
        return self


_STATUSES: dict[Stage, tuple[ResultStatus, ...]] = {
    Stage.PROGRESS: (ResultStatus.IN_PROGRESS, ResultStatus.PENDING),
    Stage.COMPLETED: (ResultStatus.COMPLETED,),
    Stage.FAILED: (ResultStatus.REJECTED, ResultStatus.EXPIRED),
}


class AssessmentUpdated(EventData):
    """An engine's word on an order; `result` may be partial, later updates add to it."""

    TYPE: ClassVar[str] = "assessment.updated"

    order_id: OrderId
    company_id: CompanyId
    stage: Stage
    occurred_at: Timestamp
    launch_url: Url | None = None
    result: PackageResult | None = None

    def subject(self) -> str:
        """The order id."""
        return self.order_id

    def status(self) -> ResultStatus | None:
        """Returns the package's status at SmartRecruiters after this update; None when it stays as it is."""
        allowed = _STATUSES.get(self.stage)
        if allowed is None:
            return None
        return (self.result and self.result.status) or allowed[0]

    @model_validator(mode="after")
    def _fits_its_stage(self) -> Self:
        if self.stage is Stage.LAUNCH and self.launch_url is None:
            raise ValueError("stage launch needs launch_url")
        said = self.result.status if self.result else None
        if said is not None and said not in _STATUSES.get(self.stage, ()):
            raise ValueError(f"result.status {said} does not fit stage {self.stage}")
        return self
