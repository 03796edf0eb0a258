"""The merged result of an order: every update adds to it, so that each PATCH can carry the whole of it.

SmartRecruiters takes a merge patch (RFC 7396): arrays replace whole, so a partial array would erase. An
update may therefore be partial, a PATCH never is.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from contracts.events.assessment import AssessmentResult, AssessmentUpdated, Attachment, PackageResult
from contracts.types import ResultStatus
from pydantic import BaseModel

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """What engines have said of an order so far. `result` holds no package status: that is `status`."""

    result: PackageResult = field(default_factory=PackageResult)
    status: ResultStatus | None = None
    changed_at: datetime | None = None
    """`occurred_at` of the newest update in it."""


def merge(document: Document, update: AssessmentUpdated) -> Document | None:
    """Returns the document with the update added; None when it comes after another final status.

    Scalars override, an explicit null erases, attachments add up by url, assessments by assessment_id. An
    update older than what is already there only fills what nothing newer has said. A final status stays:
    corrections of a final result must say the same status.
    """
    said = update.status()
    before = document.status
    if before is not None and before.final and said is not before:
        return None
    late = document.changed_at is not None and update.occurred_at < document.changed_at
    addition = update.result or PackageResult()
    older, newer = (addition, document.result) if late else (document.result, addition)
    return Document(
        result=_package(older, newer),
        status=_status(said, before) if late else (said or before),
        changed_at=max(document.changed_at or update.occurred_at, update.occurred_at),
    )


def uploads(document: Document) -> list[Attachment]:
    """Returns the files to be handed over, of the package and of its assessments, each url once."""
    result = document.result
    everywhere = [*result.attachments, *(one for part in result.assessments for one in part.attachments)]
    return list({one.url: one for one in everywhere if one.delivery == "upload"}.values())


def _status(older: ResultStatus | None, newer: ResultStatus | None) -> ResultStatus | None:
    """The newer one, except that nothing takes a final status back."""
    if newer is None or (older is not None and older.final and not newer.final):
        return older
    return newer


def _package(older: PackageResult, newer: PackageResult) -> PackageResult:
    fields = _common(older, newer)
    if older.assessments or newer.assessments:
        fields["assessments"] = _add_up(older.assessments, newer.assessments, _assessment_id, _assessment)
    return PackageResult(**fields)


def _assessment(older: AssessmentResult, newer: AssessmentResult) -> AssessmentResult:
    fields = _common(older, newer)
    if (status := _status(older.status, newer.status)) is not None:
        fields["status"] = status
    return AssessmentResult(**fields)


def _common(
    older: PackageResult | AssessmentResult, newer: PackageResult | AssessmentResult
) -> dict[str, Any]:
    fields = {**_said(older), **_said(newer)}
    fields.pop("status", None)
    if older.attachments or newer.attachments:
        fields["attachments"] = _add_up(older.attachments, newer.attachments, _url, _attachment)
    return fields


def _add_up(
    older: Iterable[T], newer: Sequence[T], key: Callable[[T], str], combine: Callable[[T, T], T]
) -> tuple[T, ...]:
    found = {key(one): one for one in older}
    for one in newer:
        found[key(one)] = combine(found[key(one)], one) if key(one) in found else one
    return tuple(found.values())


def _said(model: BaseModel) -> dict[str, Any]:
    return {name: getattr(model, name) for name in model.model_fields_set}


def _url(attachment: Attachment) -> str:
    return attachment.url


def _assessment_id(result: AssessmentResult) -> str:
    return result.assessment_id


def _attachment(older: Attachment, newer: Attachment) -> Attachment:
    return Attachment(**{**_said(older), **_said(newer)})
