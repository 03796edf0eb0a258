"""Placing orders, over HTTP and on real Kafka."""

import asyncio
from typing import Any
from uuid import uuid4

from contracts.events.order import OrderKind

from tests.gateway.support.world import World, callback, inline_order, standard_order


async def the_event(world: World, order_id: str) -> list[Any]:
    return [event for event in await world.placed() if event.data.order_id == order_id]


async def test_an_order_is_in_kafka_when_it_is_answered(shared_world: World) -> None:
    order_id = str(uuid4())
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    async with shared_world.session.post(
        f"{shared_world.url}/packages/orders",
        json=standard_order(order_id, fields={"team": "blue"}, somethingNew={"a": [1, None]}),
        headers={**shared_world.bearer(), "traceparent": traceparent},
    ) as response:
        assert response.status == 202
        assert await response.read() == b""
        assert response.headers["X-Request-Id"]
    (event,) = await the_event(shared_world, order_id)
    assert event.type == "order.placed"
    assert event.traceparent.split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    data = event.data
    assert (data.company_id, data.kind, data.package_id, data.job_id) == (
        "acme",
        OrderKind.STANDARD,
        "skills",
        "job-1",
    )
    assert data.result_callback_url == callback(order_id)
    assert data.candidate.model_dump(exclude_none=True).keys() == {"sealed"}
    person = shared_world.credentials.candidate_keys.opened(data.candidate.sealed)
    assert person.candidate.model_dump(exclude_none=True) == {
        "id": "cand-1",
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "application_language": "en",
    }
    assert data.requester.email == "boss@example.com"
    assert data.fields == {"team": "blue"}
    assert data.unknown_fields == {}
    assert person.unknown_fields == {"somethingNew": {"a": [1, None]}}
    assert data.return_url is None


async def test_a_repeat_is_the_same_order_and_the_same_answer(shared_world: World) -> None:
    first, second = str(uuid4()), str(uuid4())
    assert [await shared_world.place(standard_order(first)) for _ in range(2)] == [(202, None)] * 2
    answers = [await shared_world.place(inline_order(second), "/packages/inline/orders") for _ in range(2)]
    assert answers[0] == answers[1]
    for order_id in (first, second):
        events = await the_event(shared_world, order_id)
        assert len({event.id for event in events}) == 1


async def test_both_payloads_come_to_one_url(shared_world: World) -> None:
    order_id = str(uuid4())
    status, answer = await shared_world.place(inline_order(order_id))
    assert status == 200
    assert list(answer) == ["url"]
    (event,) = await the_event(shared_world, order_id)
    assert event.data.kind is OrderKind.INLINE
    assert event.data.return_url == answer["url"] + "/done"
    person = shared_world.credentials.candidate_keys.opened(event.data.candidate.sealed)
    assert (person.candidate.id, person.candidate.first_name) == (None, "Ada")


async def test_the_other_spelling_of_the_completed_url(shared_world: World) -> None:
    order = inline_order()
    order["completeAssessmentCallbackUrl"] = order.pop("completedAssessmentCallbackUrl")
    status, answer = await shared_world.place(order, "/packages/inline/orders")
    assert status == 200
    assert answer["url"].startswith("https://bridge.example/t/h1.")


async def test_job_named_either_way(shared_world: World) -> None:
    order_id = str(uuid4())
    status, _ = await shared_world.place(standard_order(order_id, jobId=None, job={"id": "job-2"}))
    assert status == 202
    (event,) = await the_event(shared_world, order_id)
    assert event.data.job_id == "job-2"


async def test_a_package_id_may_hold_any_characters(shared_world: World) -> None:
    assert await shared_world.place(standard_order(assessmentPackageId="ü/ 100%?#")) == (202, None)


async def test_two_companies_with_one_order_id_are_two_orders(shared_world: World) -> None:
    order_id = str(uuid4())
    for company in ("acme", "globex"):
        async with shared_world.session.post(
            f"{shared_world.url}/packages/orders",
            json=standard_order(order_id, companyId=company),
            headers=shared_world.bearer(company),
        ) as response:
            assert response.status == 202
    events = await the_event(shared_world, order_id)
    assert len({event.id for event in events}) == 2


async def test_many_at_once(shared_world: World) -> None:
    before = await shared_world.offsets()
    answers = await asyncio.gather(*(shared_world.place(standard_order()) for _ in range(50)))
    assert set(answers) == {(202, None)}
    assert await shared_world.offsets() == before + 50
