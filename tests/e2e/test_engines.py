"""An engine of another team: JSON and Kafka alone, beside the reference engine, for one customer."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from tests.e2e.support import checks
from tests.e2e.support.world import Json, World
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_COMPANY, _PACKAGE = "globex", "team-references"
_AT = "2026-03-02T10:15:00Z"
_FILE = {"type": "VIDEO_URL", "url": "https://files.vendor.example/recording"}
_REPORT = {"type": "PDF_URL", "url": "https://files.vendor.example/report.pdf"}
_OF_EACH = {
    "score": {"raw": 28, "min": 20, "max": 80},
    "score_label": "solid",
    "summary": "Two of three referees answered.",
    "assessment_date": _AT,
    "submission_date": _AT,
}
_RESULT = {
    **_OF_EACH,
    "name": "Reference check",
    "description": "By telephone.",
    "attachments": [_REPORT],
    "assessments": [{"assessment_id": "referees", "status": "COMPLETED", **_OF_EACH, "attachments": [_FILE]}],
}
_ON_THE_WIRE = {
    "score": {"raw": 28, "min": 20, "max": 80},
    "scoreLabel": "solid",
    "summary": "Two of three referees answered.",
}


class Engine:
    """Speaks CloudEvents in structured mode, as a team without our contracts would."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer

    async def say(self, topic: str, kind: str, key: str, data: Json) -> None:
        """One event, acknowledged."""
        event = {
            "specversion": "1.0",
            "id": str(uuid4()),
            "type": kind,
            "source": "engines/team",
            "time": _AT,
            "subject": key,
            "datacontenttype": "application/json",
            "data": data,
        }
        headers = [("content-type", b"application/cloudevents+json")]
        await self._producer.send_and_wait(topic, json.dumps(event).encode(), key.encode(), headers=headers)

    async def update(self, order_id: str, stage: str, at: str, **more: object) -> None:
        """Its word on an order."""
        data = {"order_id": order_id, "company_id": _COMPANY, "stage": stage, "occurred_at": at, **more}
        await self.say("engines.updates", "assessment.updated", order_id, data)


@asynccontextmanager
async def engine(world: World) -> AsyncIterator[Engine]:
    producer = AIOKafkaProducer(bootstrap_servers=world.stack.kafka.bootstrap_servers, acks="all")
    await producer.start()
    try:
        yield Engine(producer)
    finally:
        await producer.stop()


async def _offered(world: World, company_id: str) -> set[str]:
    said = await world.admin("POST", f"/companies/{company_id}/packages")
    assert said["problems"] == []
    return {package["id"] for package in said["answer"]}


async def _offer(world: World, team: Engine) -> None:
    """One package, to one customer."""
    package = {
        "company_id": _COMPANY,
        "package_id": _PACKAGE,
        "type": "SKILL_TEST",
        "name": "References",
        "description": "By telephone.",
        "assessments": [],
    }
    await team.say("engines.packages", "package.published", f"{_COMPANY}/{_PACKAGE}", package)

    async def is_offered() -> bool:
        return _PACKAGE in await _offered(world, _COMPANY)

    await eventually(is_offered, 10.0, every=0.1)


async def test_a_package_for_one_customer_and_a_result_with_everything(world: World) -> None:
    since = await world.now()
    async with engine(world) as team:
        await _offer(world, team)
        assert _PACKAGE not in await _offered(world, "acme")
        assert (await world.order("acme", _PACKAGE)).status == 404

        order = await world.order(_COMPANY, _PACKAGE)
        assert order.accepted
        await eventually(lambda: _is_requested(world, order.order_id), 20.0, every=0.2)
        await team.update(order.order_id, "progress", "2026-03-02T10:10:00Z")
        await team.update(order.order_id, "completed", _AT, result=_RESULT)
        await team.update(order.order_id, "progress", "2026-03-02T10:20:00Z", result={"summary": "too late"})
        await checks.all_settle(world, [order])
        corrected = {"score_label": "strong"}
        await team.update(order.order_id, "completed", "2026-03-02T10:30:00Z", result=corrected)

        async def is_corrected() -> bool:
            result = (await world.shown(order.order_id))["result"]
            return bool(result["scoreLabel"] == "strong")

        await eventually(is_corrected, 20.0, every=0.1)
    patches = await world.record(since, call="result_patch", order_id=order.order_id)
    assert [each["request"]["status"] for each in patches] == ["IN_PROGRESS", "COMPLETED", "COMPLETED"]
    completed = patches[1]["request"]
    assert completed.items() >= {**_ON_THE_WIRE, "name": "Reference check", "status": "COMPLETED"}.items()
    assert completed["attachments"] == [_REPORT]
    (nested,) = completed["assessmentResults"]
    assert nested.items() >= {**_ON_THE_WIRE, "assessmentId": "referees", "status": "COMPLETED"}.items()
    assert nested["attachments"] == [_FILE]
    for dated in (completed, nested):
        assert dated["assessmentDate"].startswith("2026-03-02T10:15:00")
        assert dated["submissionDate"].startswith("2026-03-02T10:15:00")
    assert patches[2]["request"] == {**completed, "scoreLabel": "strong"}


async def test_what_an_error_repeats_of_a_result_is_not_kept(world: World) -> None:
    """SmartRecruiters' errors repeat whole requests: a PATCH that names people, and a file."""
    mark = f"zq{secrets.token_hex(6)}"
    link = {"type": "VIDEO_URL", "url": f"https://{mark}.example/recording?signature={mark}"}
    file = {"type": "PDF_URL", "url": f"{world.stack.urls.engine}/health/live", "delivery": "upload"}
    result = {
        "name": f"Taught by {mark}",
        "summary": f'{mark} Łódź said: "Well done,\n{mark}!"',
        "attachments": [link, file | {"file_name": f"Report on {mark}.json"}],
    }
    since = await world.now()
    fault = {"company_id": _COMPANY, "kind": "status", "status": 400, "echo": True}
    fault |= {"message": "summary is too long:"}
    await world.faults(*(fault | {"call": call} for call in ("result_patch", "attachment")))
    async with engine(world) as team:
        await _offer(world, team)
        order = await world.order(_COMPANY, _PACKAGE)
        await team.update(order.order_id, "completed", _AT, result=result)

        async def refused() -> list[str]:
            kept = await _kept(world, order.order_id)
            return kept if len(kept) == 2 else []

        kept = await eventually(refused, 30.0, every=0.2)
    calls = await world.record(since, order_id=order.order_id)
    told = {each["call"]: each["response"]["message"] for each in calls if each["fault"]}
    assert {call: mark in text for call, text in told.items()} == {"result_patch": True, "attachment": True}
    assert "live" in told["attachment"], "the file itself"
    for text in kept:
        assert "summary is too long: " in text
        assert f"/orders/{order.order_id}/results" in text
        assert [word for word in (mark, "Taught", "Łódź", "Well", "live") if word in text] == []
    for path in world.stack.logs.glob("*.log"):
        assert path.stem == "sandbox" or mark not in path.read_text(errors="replace"), path


async def _kept(world: World, order_id: str) -> list[str]:
    """What is kept of refusals."""
    query = (
        "SELECT answer FROM results_publisher.attempts JOIN results_publisher.deliveries USING (delivery_id)"
        " WHERE order_id = $1 AND attempts.http_status = 400"
    )
    return [row["answer"] for row in await world.rows(query, order_id)]


async def _is_requested(world: World, order_id: str) -> bool:
    return order_id in await checks.requests(world)
