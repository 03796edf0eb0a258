"""What PATCH …/results accepts (SPEC §5.1), and how SmartRecruiters shows a score."""

from typing import Any

from contracts.types import AttachmentType, ResultStatus

from sandbox.domain.merge import merge_patch
from sandbox.domain.shape import (
    Check,
    array,
    date_time,
    filled,
    int64,
    one_of,
    problems_of,
    record,
    text,
    url,
)


def _ordered(score: Any, at: str, problems: list[str]) -> None:
    if not score["min"] <= score["raw"] <= score["max"]:
        problems.append(f"{at}: must have min <= raw <= max")


_SCORE = record({"raw": int64, "min": int64, "max": int64}, also=[_ordered])
_ATTACHMENT = record({"type": one_of(*AttachmentType), "url": url})
_COMMON: dict[str, Check] = {
    "assessmentDate": date_time,
    "submissionDate": date_time,
    "name": text,
    "status": one_of(*ResultStatus),
    "score": _SCORE,
    "scoreLabel": text,
    "summary": text,
    "attachments": array(_ATTACHMENT),
}
_RESULT = record(
    {},
    {
        **_COMMON,
        "assessmentPackageDate": date_time,
        "description": text,
        "assessmentResults": array(record({"assessmentId": filled}, _COMMON)),
    },
)


def apply_patch(result: dict[str, Any], patch: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Returns the merged result and what is wrong with it; the whole is checked: a patch may be partial."""
    merged: dict[str, Any] = merge_patch(result, patch)
    return merged, problems_of(_RESULT, merged)


def shown_score(score: Any) -> int | None:
    """Returns the percentage SmartRecruiters shows: 28 in 20…80 is 13."""
    if not score or score["max"] == score["min"]:
        return None
    share: float = (score["raw"] - score["min"]) / (score["max"] - score["min"])
    return round(share * 100)
