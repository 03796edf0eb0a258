"""Merging: updates add up, and nothing is erased that nobody erased."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.events.assessment import AssessmentUpdated, Stage
from contracts.types import AttachmentType, ResultStatus
from hypothesis import given
from hypothesis import strategies as st
from results_publisher.domain.document import Document, merge, uploads

from tests.results_publisher.support.harness import update

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)

_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(max_size=5),
    "score_label": st.text(max_size=5),
    "summary": st.text(max_size=5),
    "assessment_date": st.just(BEGIN),
    "submission_date": st.just(BEGIN),
    "score": st.integers(0, 9).map(lambda raw: {"raw": raw, "min": 0, "max": 9}),
}
_ATTACHMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from([one.value for one in AttachmentType]),
            "url": st.sampled_from(["https://a.example/1", "https://a.example/2", "https://a.example/3"]),
        },
        optional={"delivery": st.sampled_from(["link", "upload"])},
    ),
    max_size=3,
)
_ASSESSMENTS = st.lists(
    st.fixed_dictionaries(
        {"assessment_id": st.sampled_from(["a", "b", "c"])},
        optional={**_SCALARS, "attachments": _ATTACHMENTS},
    ),
    max_size=3,
    unique_by=lambda one: one["assessment_id"],
)
_RESULTS = st.fixed_dictionaries(
    {},
    optional={
        **_SCALARS,
        "description": st.text(max_size=5),
        "attachments": _ATTACHMENTS,
        "assessments": _ASSESSMENTS,
    },
)


@st.composite
def _updates(draw: st.DrawFn) -> list[AssessmentUpdated]:
    results = draw(st.lists(_RESULTS, min_size=1, max_size=6))
    times = draw(st.lists(st.integers(0, 10), min_size=len(results), max_size=len(results)))
    return [
        update("order-1", occurred_at=BEGIN + timedelta(seconds=time), **result)
        for result, time in zip(results, times, strict=True)
    ]


def _merged(updates: list[AssessmentUpdated]) -> Document:
    document = Document()
    for one in updates:
        document = merge(document, one) or document
    return document


@given(_updates())
def test_no_update_erases_what_another_said(updates: list[AssessmentUpdated]) -> None:
    document = _merged(updates).result
    said = [one.result for one in updates if one.result is not None]
    for result in said:
        for name in result.model_fields_set - {"attachments", "assessments"}:
            assert getattr(document, name) is not None
        assert {one.url for one in result.attachments} <= {one.url for one in document.attachments}
        for part in result.assessments:
            (kept,) = [one for one in document.assessments if one.assessment_id == part.assessment_id]
            assert part.model_fields_set - {"attachments"} <= kept.model_fields_set
            assert {one.url for one in part.attachments} <= {one.url for one in kept.attachments}


@given(_updates())
def test_the_last_word_holds(updates: list[AssessmentUpdated]) -> None:
    updates.sort(key=lambda one: one.occurred_at)
    document = _merged(updates).result
    for name in _SCALARS:
        said = [one.result for one in updates if one.result and name in one.result.model_fields_set]
        if said:
            assert getattr(document, name) == getattr(said[-1], name)


@given(st.lists(st.sampled_from(list(Stage)), max_size=8), st.data())
def test_a_final_status_is_never_overtaken(stages: list[Stage], data: st.DataObject) -> None:
    document = Document()
    for stage in stages:
        occurred_at = BEGIN + timedelta(seconds=data.draw(st.integers(0, 5)))
        before = document.status
        after = merge(document, update("order-1", stage=stage, occurred_at=occurred_at))
        if before is not None and before.final:
            assert after is None or after.status is before
        document = after or document


def test_an_explicit_null_erases() -> None:
    document = _merged([update("order-1", summary="wrong", name="Skills"), update("order-1", summary=None)])
    assert document.result.summary is None
    assert "summary" in document.result.model_fields_set
    assert document.result.name == "Skills"


def test_a_late_update_fills_but_does_not_override() -> None:
    newer = update("order-1", occurred_at=BEGIN + timedelta(seconds=5), summary="new")
    late = update("order-1", occurred_at=BEGIN, summary="old", name="Skills")
    document = _merged([newer, late])
    assert (document.result.summary, document.result.name) == ("new", "Skills")


def test_a_late_final_status_still_counts() -> None:
    newer = update("order-1", occurred_at=BEGIN + timedelta(seconds=5))
    late = update("order-1", stage=Stage.COMPLETED, occurred_at=BEGIN)
    assert _merged([newer, late]).status is ResultStatus.COMPLETED


def test_expired_does_not_become_rejected() -> None:
    document = _merged([update("order-1", stage=Stage.FAILED, status="EXPIRED")])
    assert document.status is ResultStatus.EXPIRED
    assert merge(document, update("order-1", stage=Stage.FAILED)) is None


def test_an_assessments_final_status_stays() -> None:
    done = {"assessment_id": "a", "status": "COMPLETED"}
    again = {"assessment_id": "a", "status": "IN_PROGRESS", "summary": "more"}
    document = _merged([update("order-1", assessments=[done]), update("order-1", assessments=[again])])
    (part,) = document.result.assessments
    assert (part.status, part.summary) == (ResultStatus.COMPLETED, "more")


def test_each_file_is_uploaded_once() -> None:
    file = {"type": "PDF_URL", "url": "https://a.example/1", "delivery": "upload"}
    document = _merged(
        [update("order-1", attachments=[file], assessments=[{"assessment_id": "a", "attachments": [file]}])]
    )
    assert [one.url for one in uploads(document)] == ["https://a.example/1"]
