"""Files: fetched from where they may be, handed over once, after the result they belong to."""

from typing import Any

import pytest
from contracts.events.assessment import Stage

from tests.results_publisher.support.harness import Harness
from tests.results_publisher.support.smartrecruiters import Answer, FakeSmartRecruiters


def _hosts(smartrecruiters: FakeSmartRecruiters) -> dict[str, Any]:
    return {"results_publisher_attachment_hosts": smartrecruiters.url}


def _upload(smartrecruiters: FakeSmartRecruiters, name: str = "report.pdf", **more: str) -> dict[str, str]:
    return {
        "type": "PDF_URL",
        "url": f"{smartrecruiters.url}/files/{name}",
        "delivery": "upload",
        **more,
    }


async def test_a_file_follows_its_result(harness: Harness, smartrecruiters: FakeSmartRecruiters) -> None:
    smartrecruiters.files["report.pdf"] = (b"%PDF " + b"x" * 300_000, "application/pdf")
    async with harness.publisher(**_hosts(smartrecruiters)):
        await harness.order("order-1")
        file = _upload(smartrecruiters, file_name="Report of a test.pdf")
        link = {"type": "VIDEO_URL", "url": "https://videos.example/1"}
        await harness.update("order-1", stage=Stage.COMPLETED, attachments=[file, link])
        await harness.until("order-1", "published", "published")
        await harness.update("order-1", stage=Stage.COMPLETED, summary="corrected", attachments=[file])
        await harness.until("order-1", "published", "published", "published")
    first, second, third = smartrecruiters.calls
    assert [call.method for call in smartrecruiters.calls] == ["PATCH", "POST", "PATCH"]
    assert first.body["attachments"] == [link]
    assert second.body == smartrecruiters.files["report.pdf"][0]
    assert (second.field_name, second.file_name) == ("file", "Report of a test.pdf")
    # The array replaces whole at SmartRecruiters: the uploaded file is named again, under its address there.
    uploaded = "https://files.smartrecruiters.example/order-1/Report of a test.pdf"
    assert third.body["attachments"] == [link, {"type": "PDF_URL", "url": uploaded}]


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("big.pdf", {"results_publisher_attachment_max_bytes": 1000}, "attachment_too_large"),
        ("big.pdf", {"results_publisher_attachment_hosts": "files.example"}, "attachment_host_forbidden"),
        (
            "missing.pdf",
            {"results_publisher_doubtful_tries": 2, "results_publisher_retry_schedule": "1s,1s"},
            "attachment_unavailable",
        ),
        (
            "redirect.pdf",
            {"results_publisher_retry_schedule": "1s"},
            "exhausted",
        ),
    ],
)
async def test_a_file_that_cannot_be_had_is_a_dead_letter(
    harness: Harness, smartrecruiters: FakeSmartRecruiters, name: str, settings: dict[str, Any], reason: str
) -> None:
    smartrecruiters.files["big.pdf"] = (b"x" * 5000, "application/pdf")
    smartrecruiters.files["redirect.pdf"] = (b"/files/big.pdf", "redirect")
    async with harness.publisher(**{**_hosts(smartrecruiters), **settings}):
        await harness.order("order-1")
        await harness.update("order-1", stage=Stage.COMPLETED, attachments=[_upload(smartrecruiters, name)])
        await harness.until("order-1", "published", "dead")
    (dead,) = await harness.deliveries(status="dead")
    assert dead["reason"] == reason
    assert [call.method for call in smartrecruiters.calls] == ["PATCH"]


async def test_an_upload_is_tried_again(harness: Harness, smartrecruiters: FakeSmartRecruiters) -> None:
    smartrecruiters.files["report.pdf"] = (b"%PDF", "application/pdf")
    smartrecruiters.answers["order-1"].extend([Answer(200), Answer(500)])
    async with harness.publisher(**_hosts(smartrecruiters)):
        await harness.order("order-1")
        await harness.update("order-1", stage=Stage.COMPLETED, attachments=[_upload(smartrecruiters)])
        await harness.until("order-1", "published", "published")
    assert [call.method for call in smartrecruiters.calls] == ["PATCH", "POST", "POST"]


@pytest.mark.parametrize(
    "content", [b"%PDF\n(Lovelace scored 87 of 100) Tj", b""], ids=["a report", "nothing"]
)
async def test_what_an_error_repeats_of_a_file_is_not_kept(
    harness: Harness, smartrecruiters: FakeSmartRecruiters, content: bytes
) -> None:
    smartrecruiters.files["report.pdf"] = (content, "application/pdf")
    repeated = 'filename="Ada Byron.pdf" Content-Type: application/pdf %PDF (Lovelace scored 87 of 100) Tj'
    refusal = Answer(413, body={"message": f"TOO_LARGE: file must be smaller, not: {repeated}"})
    smartrecruiters.answers["order-1"].extend([Answer(200), refusal])
    async with harness.publisher(**_hosts(smartrecruiters)):
        await harness.order("order-1")
        file = _upload(smartrecruiters, file_name="Ada Byron.pdf")
        await harness.update("order-1", stage=Stage.COMPLETED, attachments=[file])
        await harness.until("order-1", "published", "dead")
        (dead,) = await harness.deliveries(status="dead")
        (attempt,) = await harness.attempts(dead["delivery_id"])
    assert attempt["answer"].startswith(
        '{"message": "TOO_LARGE: file must be smaller, not: filename="[redacted].pdf"'
    )
    ours = ["Ada", "Byron", *(["Lovelace", "scored"] if content else [])]
    assert [one for one in ours if one in attempt["answer"]] == []
