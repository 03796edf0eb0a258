"""Field types that events share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, PlainSerializer, StrictInt, StringConstraints

OrderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]
CompanyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]
PackageId = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^https?://[^\s]+$")]
Int64 = Annotated[StrictInt, Field(ge=-(2**63), le=2**63 - 1)]


def _to_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _to_text(value: datetime) -> str:
    return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# In UTC with milliseconds, as SPEC §5.1 writes its dates.
Timestamp = Annotated[
    AwareDatetime, AfterValidator(_to_utc), PlainSerializer(_to_text, return_type=str, when_used="json")
]


class PackageType(StrEnum):
    """What a package or assessment is (SPEC §1.2, §2)."""

    BACKGROUND_CHECK = "BACKGROUND_CHECK"
    BEHAVIORAL_ASSESSMENT = "BEHAVIORAL_ASSESSMENT"
    INLINE_ASSESSMENT = "INLINE_ASSESSMENT"
    REFERENCE_CHECK = "REFERENCE_CHECK"
    SKILL_TEST = "SKILL_TEST"
    VIDEO_INTERVIEW = "VIDEO_INTERVIEW"


class ResultStatus(StrEnum):
    """Status of a package's result and of each assessment in it, as SmartRecruiters knows them."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"

    @property
    def final(self) -> bool:
        """Whether nothing but the same status may follow."""
        return self in {ResultStatus.COMPLETED, ResultStatus.REJECTED, ResultStatus.EXPIRED}


class AttachmentType(StrEnum):
    """How SmartRecruiters shows an attachment's URL (SPEC §5.1)."""

    VIDEO_URL = "VIDEO_URL"
    PDF_URL = "PDF_URL"
    OTHER_URL = "OTHER_URL"
