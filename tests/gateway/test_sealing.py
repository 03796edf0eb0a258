"""Orders are sealed without waiting for anybody: with keys at hand, then to credentials' public key."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from runtime.candidate_keys.errors import KeysUnavailable
from runtime.candidate_keys.jwe import header_of
from runtime.candidate_keys.pool import KeyPool

from tests.gateway.support.cabled import cabled_world
from tests.gateway.support.world import World, inline_order, standard_order
from tests.support.cables import Cable
from tests.support.waiting import eventually

MARKS = ("Lovelace", "ada@example.com", "cand-1", "phone-of-hers")


@pytest.fixture
async def sealing(kafka: str, database_url: str, topic_prefix: str) -> AsyncIterator[tuple[World, Cable]]:
    """A gateway with three keys at hand; its Kafka is at the end of a cable."""
    async with cabled_world(
        kafka=kafka, prefix=topic_prefix, database_url=database_url, gateway_candidate_keys=3
    ) as made_and_line:
        yield made_and_line


async def test_with_credentials_away_orders_go_on_with_the_keys_at_hand_and_then_without(
    sealing: tuple[World, Cable],
) -> None:
    made, _ = sealing
    made.credentials.away = True
    order_ids = [str(uuid4()) for _ in range(6)]
    for order_id in order_ids:
        assert await made.place(_order(order_id)) == (202, None)
    made.credentials.away = False
    placed = {event.data.order_id: event.data for event in await made.placed()}
    kinds = [header_of(placed[order_id].candidate.sealed)["alg"] for order_id in order_ids]
    assert kinds == ["dir"] * 3 + ["ECDH-ES"] * 3
    for order_id in order_ids:
        person = made.credentials.candidate_keys.opened(placed[order_id].candidate.sealed)
        assert (person.candidate.last_name, person.unknown_fields["candidate"]["phone"]) == (
            "Lovelace",
            "phone-of-hers",
        )
    keys = {header_of(placed[order_id].candidate.sealed)["kid"] for order_id in order_ids}
    assert len(keys) == 4
    await eventually(lambda: _sealed_with_its_own(made), 10)


async def test_nothing_of_a_candidate_is_in_the_spool_or_in_kafka(sealing: tuple[World, Cable]) -> None:
    made, to_kafka = sealing
    await to_kafka.cut()
    assert await made.place(_order(str(uuid4()))) == (202, None)
    assert (await made.place(inline_order(str(uuid4()))))[0] == 200
    assert await made.spooled() == 2
    rows = await made.sql("SELECT convert_from(value, 'UTF8') || headers::text AS text FROM gateway.spool")
    texts = [row["text"] for row in rows]
    await to_kafka.mend()
    await eventually(lambda: _relayed(made), 20)
    texts += [event.data.model_dump_json() for event in await made.placed()]
    assert len(texts) == 4
    assert [mark for mark in MARKS for text in texts if mark in text] == []


async def test_an_order_nobody_can_seal_is_503_and_nothing_of_it_is_kept(
    sealing: tuple[World, Cable], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = sealing

    def nothing_at_hand(_pool: KeyPool, _plain: bytes) -> str:
        raise KeysUnavailable("credentials has never answered")

    monkeypatch.setattr(KeyPool, "seal", nothing_at_hand)
    status, answer = await made.place(_order(str(uuid4())))
    assert (status, answer["code"]) == (503, "not_durable")
    assert await made.placed() == []
    assert await made.spooled() == 0


def _order(order_id: str) -> dict[str, Any]:
    order = standard_order(order_id)
    order["candidate"] |= {"phone": "phone-of-hers"}
    return order


async def _sealed_with_its_own(made: World) -> bool:
    order_id = str(uuid4())
    assert await made.place(_order(order_id)) == (202, None)
    (event,) = [one for one in await made.placed() if one.data.order_id == order_id]
    return bool(header_of(event.data.candidate.sealed)["alg"] == "dir")


async def _relayed(made: World) -> bool:
    return await made.spooled() == 0
