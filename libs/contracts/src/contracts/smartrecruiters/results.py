"""PATCH /orders/{orderId}/results, the model of SPEC §5.1: a merge patch (RFC 7396), arrays replace whole."""

from typing import Self

from pydantic import Field, model_validator

from contracts.smartrecruiters.wire import Wire
from contracts.types import AttachmentType, Int64, ResultStatus, Timestamp


class WireScore(Wire):
    """Integers with min <= raw <= max, all three required."""

    raw: Int64
    min: Int64
    max: Int64

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min <= self.raw <= self.max:
            raise ValueError("score needs min <= raw <= max")
        return self


class WireAttachment(Wire):
    """A hosted URL shown with the result."""

    type: AttachmentType
    url: str


class _Result(Wire):
    assessment_date: Timestamp | None = None
    submission_date: Timestamp | None = None
    name: str | None = None
    status: ResultStatus | None = None
    score: WireScore | None = None
    score_label: str | None = None
    summary: str | None = None
    attachments: tuple[WireAttachment, ...] | None = None


class WireAssessmentResult(_Result):
    """Result of one assessment in the package."""

    assessment_id: str


class ResultPatch(_Result):
    """The body. SmartRecruiters' own description calls the date assessmentPackageDate: both are sent."""

    assessment_package_date: Timestamp | None = None
    description: str | None = None
    assessment_results: tuple[WireAssessmentResult, ...] | None = None


class AttachmentAnswer(Wire):
    """201 of POST …/results/attachment."""

    url: str = Field(min_length=1)
