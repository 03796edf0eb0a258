"""Dead letters: seen, mended, replayed."""

import json
from typing import Any

from contracts.events.assessment import Stage

from tests.results_publisher.support.harness import Harness, api
from tests.results_publisher.support.smartrecruiters import Answer, FakeSmartRecruiters


async def _dead(harness: Harness, smartrecruiters: FakeSmartRecruiters, status: int = 400) -> dict[str, Any]:
    message = {"errors": [{"code": "INVALID", "message": "summary is too long"}]}
    smartrecruiters.answers["order-1"].append(Answer(status, body=message))
    await harness.order("order-1")
    await harness.update("order-1", stage=Stage.COMPLETED, summary="too long")
    await harness.until("order-1", "dead")
    (dead,) = await harness.deliveries()
    return dead


async def test_a_permanent_refusal_is_a_dead_letter_at_once_and_can_be_mended(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    async with harness.publisher() as address:
        dead = await _dead(harness, smartrecruiters)
        (event,) = await harness.told(1)
        assert (event.type, event.data.http_status) == ("result.rejected", 400)
        assert "too long" not in event.data.reason
        _, listed = await api("GET", f"{address}/api/deliveries?status=dead")
        assert [one["delivery_id"] for one in listed["deliveries"]] == [str(dead["delivery_id"])]
        url = f"{address}/api/deliveries/{dead['delivery_id']}"
        _, shown = await api("GET", url)
        assert "summary is too long" in shown["attempt_rows"][0]["answer"]
        status, _ = await api("PUT", f"{url}/body", {**json.loads(shown["body"]), "summary": "short"})
        assert status == 204
        status, _ = await api("POST", f"{url}/replay")
        assert status == 202
        await harness.until("order-1", "published")
        told = await harness.told(2)
        status, problem = await api("POST", f"{url}/replay")
        assert (status, problem["code"]) == (409, "not_possible")
    assert [call.body["summary"] for call in smartrecruiters.calls] == ["too long", "short"]
    assert {one.type: one.data.attempts for one in told} == {"result.rejected": 1, "result.published": 2}


async def test_what_an_error_repeats_of_ours_is_not_kept(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    summary, link = "Ada Lovelace convinced Grace", "https://reports.example/1?signature=q9z8"
    said = "COMPLETED is odd. You sent acme:1 as Authorization: Bearer acme:1 for ada@example.com"
    repeated = json.dumps({"summary": summary, "url": link})
    message = f"{said}, client_secret=hunter2; summary is too long for {repeated}: Lovelace, Ada"
    smartrecruiters.answers["order-1"].append(Answer(400, body={"message": message}))
    async with harness.publisher() as address:
        await harness.order("order-1")
        attachments = [{"type": "PDF_URL", "url": link}]
        await harness.update("order-1", stage=Stage.COMPLETED, summary=summary, attachments=attachments)
        await harness.until("order-1", "dead")
        (dead,) = await harness.deliveries()
        _, shown = await api("GET", f"{address}/api/deliveries/{dead['delivery_id']}")
    answer = shown["attempt_rows"][0]["answer"]
    assert "COMPLETED is odd. You sent [redacted] as Authorization" in answer
    assert "summary is too long for" in answer
    ours = ("acme:1", "ada", "hunter2", "lovelace", "grace", "reports", "q9z8")
    assert [one for one in ours if one in answer.lower()] == []
    assert smartrecruiters.calls[0].token == "acme:1"


async def test_a_mended_body_must_keep_the_contract(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    async with harness.publisher() as address:
        dead = await _dead(harness, smartrecruiters)
        url = f"{address}/api/deliveries/{dead['delivery_id']}/body"
        for body in (
            "{",
            json.dumps({"score": {"raw": 3, "min": 5, "max": 9}}),
            json.dumps({"status": "DONE"}),
        ):
            status, problem = await api("PUT", url, body)
            assert (status, problem["code"]) == (422, "invalid_body")


async def test_what_follows_a_dead_letter_goes_on(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    smartrecruiters.answers["order-1"].append(Answer(422))
    async with harness.publisher():
        await harness.order("order-1")
        await harness.update("order-1", summary="first")
        await harness.update("order-1", name="second")
        await harness.until("order-1", "dead", "published")
    assert smartrecruiters.calls[-1].body == {"status": "IN_PROGRESS", "summary": "first", "name": "second"}


async def test_a_replay_takes_nothing_newer_back(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    smartrecruiters.answers["order-1"].append(Answer(422))
    async with harness.publisher() as address:
        await harness.order("order-1")
        await harness.update("order-1", summary="old")
        await harness.update("order-1", stage=Stage.COMPLETED, summary="new")
        await harness.until("order-1", "dead", "published")
        (dead,) = await harness.deliveries(status="dead")
        await api("POST", f"{address}/api/deliveries/{dead['delivery_id']}/replay")
        await harness.until("order-1", "published", "published")
    assert smartrecruiters.calls[-1].body == {"status": "COMPLETED", "summary": "new"}


async def test_an_exhausted_schedule_is_a_dead_letter_and_replayed_in_bulk(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    smartrecruiters.always["acme"] = Answer(500)
    async with harness.publisher(results_publisher_retry_schedule="1s") as address:
        for number in range(3):
            await harness.order(f"order-{number}")
            await harness.update(f"order-{number}")
        for number in range(3):
            await harness.until(f"order-{number}", "dead")
        smartrecruiters.always.clear()
        url = f"{address}/api/deliveries/replay"
        assert (await api("POST", url, {}))[0] == 400
        assert (await api("POST", url, {"company_id": "globex"}))[1] == {"replayed": 0}
        assert (await api("POST", url, {"company_id": "acme", "reason": "exhausted"}))[1] == {"replayed": 3}
        for number in range(3):
            await harness.until(f"order-{number}", "published")
    assert len(smartrecruiters.calls) == 9


async def test_the_api_needs_its_token(harness: Harness) -> None:
    async with harness.publisher() as address:
        assert (await api("GET", f"{address}/api/deliveries", token="wrong"))[0] == 401
        assert (await api("GET", f"{address}/api/deliveries/nothing"))[0] == 404
        assert (await api("GET", f"{address}/api/deliveries?limit=no"))[0] == 400
        assert (await api("GET", f"{address}/health/ready"))[0] == 200
