"""Answers in, result out."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from contracts.events.assessment import AssessmentResult, Attachment, PackageResult, Score
from contracts.types import ResultStatus

from reference_engine.domain.catalogue import Package, Part
from reference_engine.errors import Unanswered

Answers = Mapping[str, str]
"""Question id -> the chosen place, as a form sends it."""


def check(package: Package, answers: Answers) -> dict[str, int]:
    """Returns the chosen place for each question. Raises Unanswered naming those without a valid one."""
    chosen: dict[str, int] = {}
    for question in package.questions:
        given = answers.get(question.id, "")
        if given.isascii() and given.isdigit() and int(given[:3]) < len(question.choices):
            chosen[question.id] = int(given[:3])
    missing = tuple(question.id for question in package.questions if question.id not in chosen)
    if missing:
        raise Unanswered(missing)
    return chosen


def autopilot_answers(package: Package, order_id: str) -> dict[str, str]:
    """Returns answers that are the same whenever the same order is answered again."""
    return {
        question.id: str(
            hashlib.sha256(f"{order_id} {question.id}".encode()).digest()[0] % len(question.choices)
        )
        for question in package.questions
    }


def started(package: Package, *, at: datetime) -> PackageResult:
    """Returns what is known when the candidate begins."""
    return PackageResult(
        name=package.name,
        status=ResultStatus.IN_PROGRESS,
        assessment_date=at,
        assessments=tuple(
            AssessmentResult(
                assessment_id=part.id, name=part.name, status=ResultStatus.IN_PROGRESS, assessment_date=at
            )
            for part in package.parts
        ),
    )


def finished(
    package: Package,
    chosen: Mapping[str, int],
    *,
    began_at: datetime,
    at: datetime,
    attachments: tuple[Attachment, ...],
) -> PackageResult:
    """Returns the whole result: scores are counts of right answers, so whole numbers."""
    parts = tuple(_part(part, chosen, began_at=began_at, at=at) for part in package.parts)
    raw, most = sum(_right(part, chosen) for part in package.parts), len(package.questions)
    return PackageResult(
        name=package.name,
        description=package.description,
        status=ResultStatus.COMPLETED,
        score=Score(raw=raw, min=0, max=most),
        score_label=label(raw, most),
        summary=f"{raw} of {most} answers are right.",
        assessment_date=began_at,
        submission_date=at,
        attachments=attachments,
        assessments=parts,
    )


def declined(package: Package, *, at: datetime) -> PackageResult:
    """Returns what is said when the candidate does not want to take the test."""
    return PackageResult(
        name=package.name,
        status=ResultStatus.REJECTED,
        summary="The candidate declined the assessment.",
        submission_date=at,
        assessments=tuple(
            AssessmentResult(assessment_id=part.id, name=part.name, status=ResultStatus.REJECTED)
            for part in package.parts
        ),
    )


def label(raw: int, most: int) -> str:
    """Returns the word shown next to a score."""
    share = raw / most
    if share >= 0.75:
        return "strong"
    return "solid" if share >= 0.5 else "weak"


def _right(part: Part, chosen: Mapping[str, int]) -> int:
    return sum(chosen[question.id] == question.right for question in part.questions)


def _part(part: Part, chosen: Mapping[str, int], *, began_at: datetime, at: datetime) -> AssessmentResult:
    raw, most = _right(part, chosen), len(part.questions)
    return AssessmentResult(
        assessment_id=part.id,
        name=part.name,
        status=ResultStatus.COMPLETED,
        score=Score(raw=raw, min=0, max=most),
        score_label=label(raw, most),
        summary=f"{raw} of {most} answers are right.",
        assessment_date=began_at,
        submission_date=at,
    )
