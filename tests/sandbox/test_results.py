from typing import Any

import pytest
from sandbox.domain.results import apply_patch, shown_score

WHOLE = {
    "assessmentDate": "2020-08-28T20:36:28.618Z",
    "assessmentPackageDate": "2020-08-28T20:36:28Z",
    "submissionDate": "2020-08-28T20:36:28.618+02:00",
    "name": "Backend",
    "description": "",
    "status": "IN_PROGRESS",
    "score": {"raw": 0, "min": 0, "max": 0},
    "scoreLabel": "good",
    "summary": "fine",
    "attachments": [{"type": "VIDEO_URL", "url": "https://files.example.com/v"}],
    "assessmentResults": [
        {
            "assessmentId": "a",
            "assessmentDate": "2020-08-28T20:36:28.618Z",
            "submissionDate": "2020-08-28T20:36:28.618Z",
            "name": "A",
            "score": {"raw": -1, "min": -1, "max": 2**63 - 1},
            "scoreLabel": "x",
            "summary": "y",
            "attachments": [{"type": "OTHER_URL", "url": "http://files.example.com/o"}],
            "status": "EXPIRED",
        }
    ],
}


def test_everything_spec_names_is_taken() -> None:
    assert apply_patch({}, WHOLE) == (WHOLE, [])


def attachment(**changes: Any) -> dict[str, Any]:
    return {"attachments": [{"type": "PDF_URL", "url": "https://files.example.com/a", **changes}]}


def assessment(**changes: Any) -> dict[str, Any]:
    return {"assessmentResults": [{"assessmentId": "a", **changes}]}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"status": "DONE"}, "status"),
    ({"status": "completed"}, "status"),
    ({"status": 1}, "status"),
    ({"score": 3}, "score"),
    ({"score": {"raw": 1, "min": 0}}, "score.max"),
    ({"score": {"raw": 1.0, "min": 0, "max": 2}}, "score.raw"),
    ({"score": {"raw": True, "min": 0, "max": 2}}, "score.raw"),
    ({"score": {"raw": "1", "min": 0, "max": 2}}, "score.raw"),
    ({"score": {"raw": 0, "min": 0, "max": 2**63}}, "score.max"),
    ({"score": {"raw": 3, "min": 0, "max": 2}}, "score: must have min <= raw <= max"),
    ({"score": {"raw": 0, "min": 1, "max": 2}}, "score: must have min <= raw <= max"),
    ({"score": {"raw": 0, "min": 0, "max": 2, "percent": 1}}, "score.percent"),
    ({"attachments": {}}, "attachments"),
    (attachment(type="IMAGE_URL"), "attachments[0].type"),
    (attachment(url="ftp://files.example.com"), "attachments[0].url"),
    (attachment(url="javascript:alert(1)"), "attachments[0].url"),
    (attachment(url="https://"), "attachments[0].url"),
    (attachment(url="https://[broken"), "attachments[0].url"),
    (attachment(url="https://files.example.com/a b"), "attachments[0].url"),
    (attachment(name="report"), "attachments[0].name"),
    ({"attachments": [{"type": "PDF_URL"}]}, "attachments[0].url"),
    ({"assessmentResults": [{"name": "A"}]}, "assessmentResults[0].assessmentId"),
    ({"assessmentResults": [None]}, "assessmentResults[0]"),
    (assessment(assessmentId=""), "assessmentResults[0].assessmentId"),
    (assessment(score={"raw": 9, "min": 0, "max": 1}), "assessmentResults[0].score"),
    (assessment(status="OK"), "assessmentResults[0].status"),
    (assessment(description="no such field here"), "assessmentResults[0].description"),
    (assessment(summary=None), "assessmentResults[0].summary"),
    ({"submissionDate": "2020-08-28"}, "submissionDate"),
    ({"submissionDate": "2020-08-28T20:36:28"}, "submissionDate"),
    ({"submissionDate": "2020-13-28T20:36:28Z"}, "submissionDate"),
    ({"submissionDate": 1598646988}, "submissionDate"),
    ({"summary": 5}, "summary"),
    ({"sumary": "misspelt"}, "sumary"),
]


@pytest.mark.parametrize(("patch", "problem"), WRONG)
def test_what_is_refused(patch: dict[str, Any], problem: str) -> None:
    _, problems = apply_patch({}, patch)
    assert len(problems) == 1
    assert problems[0].startswith(problem)


def test_a_partial_score_is_checked_merged() -> None:
    result = {"score": {"raw": 1, "min": 0, "max": 2}}
    assert apply_patch(result, {"score": {"raw": 2}}) == ({"score": {"raw": 2, "min": 0, "max": 2}}, [])
    assert apply_patch(result, {"score": {"raw": 3}})[1]
    assert apply_patch(result, {"score": {"min": None}})[1] == ["score.min: is required"]


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        ({"raw": 28, "min": 20, "max": 80}, 13),
        ({"raw": 0, "min": 0, "max": 100}, 0),
        ({"raw": 100, "min": 0, "max": 100}, 100),
        ({"raw": -5, "min": -10, "max": 0}, 50),
        ({"raw": 0, "min": 0, "max": 0}, None),
        (None, None),
    ],
)
def test_the_score_a_recruiter_sees(score: dict[str, int] | None, shown: int | None) -> None:
    assert shown_score(score) == shown
