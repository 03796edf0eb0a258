"""Every field of SPEC 5.1 reaches the wire."""

import json
from typing import Any

from contracts.events.assessment import Stage
from contracts.events.order import OrderKind
from contracts.types import AttachmentType, ResultStatus
from results_publisher.domain.addresses import result_url
from results_publisher.domain.delivery import UploadedFile
from results_publisher.domain.document import Document, merge
from results_publisher.domain.wire import keep_final, to_wire, with_uploads

from tests.results_publisher.support.harness import update

DATE = "2020-08-28T20:36:28.618Z"
SCORE = {"raw": 0, "min": 0, "max": 0}
LINK = {"type": "VIDEO_URL", "url": "https://a.example/video"}
FILE = {"type": "PDF_URL", "url": "https://a.example/report.pdf", "delivery": "upload"}
SPEC_5_1 = {
    "assessmentDate": DATE,
    "submissionDate": DATE,
    "name": "string",
    "description": "string",
    "status": "IN_PROGRESS",
    "score": SCORE,
    "scoreLabel": "string",
    "summary": "string",
    "attachments": [LINK],
    "assessmentResults": [
        {
            "assessmentId": "string",
            "assessmentDate": DATE,
            "submissionDate": DATE,
            "score": SCORE,
            "scoreLabel": "string",
            "summary": "string",
            "attachments": [LINK],
            "status": "IN_PROGRESS",
        }
    ],
}
_COMMON: dict[str, Any] = {
    "assessment_date": DATE,
    "submission_date": DATE,
    "score": SCORE,
    "score_label": "string",
    "summary": "string",
    "attachments": [LINK],
    "status": "IN_PROGRESS",
}


def _wire(kind: OrderKind = OrderKind.STANDARD, stage: Stage = Stage.PROGRESS, **result: Any) -> Any:
    document = merge(Document(), update("order-1", stage=stage, **result))
    assert document is not None
    return json.loads(to_wire(document, kind).to_json())


def test_every_field_of_the_workflow_reaches_the_wire() -> None:
    assessment = {**_COMMON, "assessment_id": "string"}
    wire = _wire(**{**_COMMON, "name": "string", "description": "string", "assessments": [assessment]})
    # SmartRecruiters' own description has another name for the date.
    assert wire.pop("assessmentPackageDate") == DATE
    assert wire == SPEC_5_1


def test_what_was_never_said_is_left_out() -> None:
    assert _wire() == {"status": "IN_PROGRESS"}


def test_what_was_erased_is_null() -> None:
    assert _wire(summary=None, assessment_date=None) == {
        "status": "IN_PROGRESS",
        "summary": None,
        "assessmentDate": None,
        "assessmentPackageDate": None,
    }


def test_stages_become_statuses() -> None:
    assert _wire(stage=Stage.COMPLETED)["status"] == "COMPLETED"
    assert _wire(stage=Stage.FAILED)["status"] == "REJECTED"
    assert _wire(stage=Stage.FAILED, status="EXPIRED")["status"] == "EXPIRED"
    assert _wire(status="PENDING")["status"] == "PENDING"


def test_files_are_links_for_inline_orders_only() -> None:
    assert "attachments" not in _wire(attachments=[FILE])
    assert _wire(attachments=[FILE, LINK])["attachments"] == [LINK]
    inline = _wire(OrderKind.INLINE, attachments=[FILE, LINK])
    assert inline["attachments"] == [{"type": "PDF_URL", "url": FILE["url"]}, LINK]


def test_uploaded_files_stay_in_an_array_that_replaces_whole() -> None:
    file = UploadedFile(AttachmentType.PDF_URL, "https://sr.example/1")
    body = json.dumps({"attachments": [LINK]})
    once = with_uploads(body, [file])
    assert json.loads(once)["attachments"] == [LINK, {"type": "PDF_URL", "url": "https://sr.example/1"}]
    assert json.loads(with_uploads(once, [file])) == json.loads(once)
    without = '{"status":"COMPLETED"}'
    assert with_uploads(without, [file]) == without
    assert with_uploads(body, []) == body


def test_a_mended_body_keeps_a_final_status() -> None:
    body = '{"status": "IN_PROGRESS", "summary": "x"}'
    assert json.loads(keep_final(body, ResultStatus.COMPLETED))["status"] == "COMPLETED"
    assert keep_final(body, ResultStatus.PENDING) == body
    assert keep_final(body, None) == body


def test_the_callback_is_called_only_where_it_is_the_documented_one() -> None:
    api = "https://api.smartrecruiters.com"
    own = f"{api}/assessment-api/v202010/orders/o-1/results"
    regional = "https://eu.smartrecruiters.com/assessment-api/v202010/orders/o-1/results"

    def address(callback: str, *, allowed: bool = True) -> str:
        return result_url("o-1", callback, api_url=api, allowed=lambda _url: allowed)

    assert address(regional) == regional
    assert address(regional, allowed=False) == own
    assert address(regional.replace("o-1", "o-2")) == own
    assert address(f"{regional}?next=x") == own
    assert address(regional.replace("/results", "")) == own
