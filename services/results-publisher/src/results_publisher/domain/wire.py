"""A document as SmartRecruiters' PATCH body (SPEC §5.1)."""

import json
from collections.abc import Iterable
from typing import Any

from contracts.events.assessment import AssessmentResult, Attachment, PackageResult
from contracts.events.order import OrderKind
from contracts.smartrecruiters import ResultPatch, WireAssessmentResult, WireAttachment, WireScore
from contracts.types import ResultStatus

from results_publisher.domain.delivery import UploadedFile
from results_publisher.domain.document import Document

_PLAIN = ("name", "score_label", "summary", "assessment_date", "submission_date")


def to_wire(document: Document, kind: OrderKind) -> ResultPatch:
    """Returns the whole result. What was never said is left out, what was erased is null.

    The candidate's date goes out under both names it has (assessmentDate, assessmentPackageDate). Files to be
    uploaded are not in it, except for inline orders, which know no upload: those get the hosted address.
    """
    result = document.result
    fields = _common(result, kind)
    if "description" in result.model_fields_set:
        fields["description"] = result.description
    if "assessment_date" in fields:
        fields["assessment_package_date"] = fields["assessment_date"]
    if document.status is not None:
        fields["status"] = document.status
    if result.assessments:
        fields["assessment_results"] = tuple(_assessment(one, kind) for one in result.assessments)
    return ResultPatch(**fields)


def with_uploads(body: str, uploaded: Iterable[UploadedFile]) -> str:
    """Returns the body with the files SmartRecruiters has already: the array would replace them else."""
    files = list(uploaded)
    if not files or '"attachments"' not in body:
        return body
    patch = json.loads(body)
    listed = patch.get("attachments")
    if not isinstance(listed, list):
        return body
    urls = {one.get("url") for one in listed}
    listed.extend({"type": file.type, "url": file.url} for file in files if file.url not in urls)
    return json.dumps(patch, ensure_ascii=False)


def keep_final(body: str, status: ResultStatus | None) -> str:
    """Returns a mended body that cannot take a final status back."""
    if status is None or not status.final:
        return body
    return json.dumps({**json.loads(body), "status": status}, ensure_ascii=False)


def _assessment(result: AssessmentResult, kind: OrderKind) -> WireAssessmentResult:
    fields = _common(result, kind)
    if result.status is not None:
        fields["status"] = result.status
    return WireAssessmentResult(assessment_id=result.assessment_id, **fields)


def _common(result: PackageResult | AssessmentResult, kind: OrderKind) -> dict[str, Any]:
    fields = {name: getattr(result, name) for name in _PLAIN if name in result.model_fields_set}
    if "score" in result.model_fields_set:
        score = result.score
        fields["score"] = score and WireScore(raw=score.raw, min=score.min, max=score.max)
    links = tuple(
        WireAttachment(type=one.type, url=one.url) for one in result.attachments if _is_link(one, kind)
    )
    if links:
        fields["attachments"] = links
    return fields


def _is_link(attachment: Attachment, kind: OrderKind) -> bool:
    return attachment.delivery == "link" or kind is OrderKind.INLINE
