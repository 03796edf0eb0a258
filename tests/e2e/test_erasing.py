"""A marked person goes through everything; then they are erased, and nothing of them is found anywhere."""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from local_stack.errors import LocalStackError
from runtime.candidate_keys.jwe import header_of

from tests.e2e.support import bytes as on_disk
from tests.e2e.support import checks
from tests.e2e.support.world import Json, Placed, World
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_TOPICS = ("gateway.orders", "gateway.orders.dlq", "orders.requests")
# SmartRecruiters' own side, which sends the person and shows them to the recruiter.
_NOT_OURS = ("sandbox.log",)


def _marked() -> dict[str, str]:
    word = secrets.token_hex(6)
    return {
        "id": f"marked-id-{word}",
        "email": f"marked.{word}@person.example",
        "firstName": f"Zażółć{word}",
        "lastName": f"Marked-{word}",
        "phoneNumber": f"+00 {word} 77",
    }


async def test_an_erased_person_is_nowhere(world: World) -> None:
    person = _marked()
    placed = [
        await world.order("acme", candidate=person, repeat=2),
        await world.inline_order("acme", candidate=person),
        await _spooled(world, person),
    ]
    elsewhere = await world.order("globex", candidate=person)
    await _refused(world, person)
    await checks.all_settle(world, [*placed, elsewhere])
    await _dead_letter(world, placed[0])
    marks = [person[name] for name in person]
    order_ids = {one.order_id for one in placed}
    exported = await _export(world, "acme", person["id"])
    assert {one["order_id"] for one in exported} >= {placed[0].order_id, placed[2].order_id}
    assert {one["order_id"] for one in await _export(world, "acme", "", email=person["email"])} == order_ids
    assert all(one["candidate"]["last_name"] == person["lastName"] for one in exported)
    assert all(one["results"]["deliveries"] for one in exported)
    assert any(person["phoneNumber"] in str(one["unknown_fields"]) for one in exported)
    sealed = await _sealed(world, order_ids)
    assert len(sealed["gateway.orders"]) == 4, "each order, and the repeat with a key of its own"
    assert (len(sealed["gateway.orders.dlq"]), len(sealed["orders.requests"])) == (1, 3)
    everything = [token for tokens in sealed.values() for token in tokens]
    assert {await _opens(world, token) for token in everything} == {200}

    said = await _bridge(world, "erase", person["id"], "--company", "acme", "--yes")
    assert "0 of them not sent yet" in said
    assert "keys destroyed" in said

    await world.rows("VACUUM")
    await world.rows("CHECKPOINT")
    looked_at = [world.stack.data]
    found = await asyncio.to_thread(on_disk.search, looked_at, marks, leave_out=_NOT_OURS)
    assert found == []
    assert {await _opens(world, token) for token in everything} == {410}
    for one in await _export(world, "acme", "", email=person["email"]):
        assert (one["candidate"], one["results"]["deliveries"], one["results"]["result"]) == (None, [], None)
        assert [row["kind"] for row in one["timeline"]][-2:] == ["erased", "results_erased"]
    (other,) = await _sealed_of(world, "orders.requests", {elsewhere.order_id})
    assert await _opens(world, other) == 200, "another company's order of the same person"
    assert "0 keys destroyed" in await _bridge(world, "erase", person["id"], "--company", "acme", "--yes")


async def test_the_search_would_find_them(world: World, tmp_path: Path) -> None:
    """Otherwise nothing it does not find means anything."""
    order = await world.order("acme")
    await checks.all_settle(world, [order])
    await world.rows("CHECKPOINT")
    found = await asyncio.to_thread(on_disk.search, [world.stack.data], [order.order_id])
    places = {path.partition(": ")[0] for path in found}
    for part in ("postgres/base", "postgres/pg_wal", "kafka/segments/gateway.orders"):
        assert any(f"/{part}" in path for path in places), part
    logged = await asyncio.to_thread(on_disk.search, [world.stack.logs], ["listening"])
    assert any("/gateway.log" in path for path in logged)
    for number, text in enumerate(
        (b"Za\\u017c\\u00f3", "Zażó".encode("utf-16-le"), b"x" * 30 + "Zażó".encode())
    ):
        file = tmp_path / str(number)
        file.write_bytes(text)
        assert on_disk.search([tmp_path], ["Zażó"]) == [f"{file}: Zażó"]
        file.unlink()


async def _spooled(world: World, person: Json) -> Placed:
    """An order that comes while Kafka is away."""
    await world.kill("kafka")
    try:
        order = await world.order("acme", candidate=person)
    finally:
        await world.restart("kafka")
    assert order.accepted
    return order


async def _refused(world: World, person: Json) -> None:
    """Orders that are refused, with the person in them."""
    nameless = {name: value for name, value in person.items() if name != "lastName"}
    assert (await world.order("acme", candidate=nameless)).status == 400
    assert (await world.order("acme", "no-such-package", candidate=person)).status == 404


async def _dead_letter(world: World, order: Placed) -> None:
    """The order's record again, in another company's name: nobody can use it."""
    (first, *_) = [
        record for record in await _records(world, "gateway.orders") if record.key == order.order_id.encode()
    ]
    value = json.loads(first.value) | {"company_id": "umbrella"}
    headers = [(name, raw) for name, raw in first.headers if name != "ce_id"]
    producer = AIOKafkaProducer(bootstrap_servers=world.stack.kafka.bootstrap_servers)
    await asyncio.wait_for(producer.start(), 15)
    try:
        sending = producer.send_and_wait(
            "gateway.orders",
            json.dumps(value).encode(),
            key=first.key,
            headers=[*headers, ("ce_id", secrets.token_hex(8).encode())],
        )
        await asyncio.wait_for(sending, 15)
    finally:
        await asyncio.wait_for(producer.stop(), 10)

    async def buried() -> bool:
        return bool(await _sealed_of(world, "gateway.orders.dlq", {order.order_id}))

    await eventually(buried, 30)


async def _sealed(world: World, order_ids: set[str]) -> dict[str, list[str]]:
    return {topic: await _sealed_of(world, topic, order_ids) for topic in _TOPICS}


async def _sealed_of(world: World, topic: str, order_ids: set[str]) -> list[str]:
    """Every sealed candidate of these orders in a topic, repeats of a record left out."""
    values = [json.loads(record.value) for record in await _records(world, topic) if record.value]
    ours = [value for value in values if value["order_id"] in order_ids and "candidate" in value]
    if topic == "gateway.orders":
        ours = [value for value in ours if value["company_id"] != "umbrella"]
    found = {value["candidate"]["sealed"]: None for value in ours}
    assert all(header_of(token)["alg"] == "dir" for token in found)
    return list(found)


async def _records(world: World, topic: str) -> list[Any]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=world.stack.kafka.bootstrap_servers, auto_offset_reset="earliest"
    )
    await asyncio.wait_for(consumer.start(), 15)
    try:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        found: list[Any] = []
        async with asyncio.timeout(30):
            while any([await consumer.position(place) < end for place, end in ends.items()]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
        return found
    finally:
        await asyncio.wait_for(consumer.stop(), 10)


async def _opens(world: World, sealed: str) -> int:
    """What an engine is answered."""
    headers = {"Authorization": f"Bearer {world.stack.keys['engine_api_token']}"}
    url = f"{world.stack.urls.orders}/engines/candidates/open"
    async with world.http.post(url, json={"sealed": sealed}, headers=headers) as answer:
        return answer.status


async def _export(world: World, company_id: str, candidate_id: str, *, email: str = "") -> list[Json]:
    who = ["--email", email] if email else [candidate_id]
    found: list[Json] = json.loads(await _bridge(world, "export", *who, "--company", company_id))["orders"]
    return found


async def _bridge(world: World, *arguments: str) -> str:
    try:
        return await asyncio.to_thread(world.stack.bridge, "candidates", *arguments)
    except LocalStackError as error:
        raise AssertionError(str(error)) from error
