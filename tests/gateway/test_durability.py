"""202 means durable: Kafka away, PostgreSQL away, both away; and what happens when they are back."""

import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

from tests.gateway.support.cabled import cabled_world
from tests.gateway.support.world import World, inline_order, standard_order
from tests.support.cables import Cable, cable
from tests.support.waiting import eventually

Cut = tuple[World, Cable, Cable]


@pytest.fixture
async def cables(kafka: str, database_url: str, topic_prefix: str) -> AsyncIterator[Cut]:
    """A gateway whose Kafka and PostgreSQL are at the end of cables."""
    place = urlsplit(database_url)
    async with cable(str(place.hostname), place.port or 5432) as to_postgres:
        netloc = f"{place.netloc.rpartition('@')[0]}@127.0.0.1:{to_postgres.port}"
        async with cabled_world(
            kafka=kafka,
            prefix=topic_prefix,
            database_url=database_url,
            gateway_database=urlunsplit(place._replace(netloc=netloc)),
            gateway_spool_deadline_seconds=1.0,
        ) as (made, to_kafka):
            yield made, to_kafka, to_postgres


@pytest.mark.parametrize("how", ["cut", "blocked"])
async def test_kafka_away_orders_are_spooled_then_relayed_in_order(cables: Cut, how: str) -> None:
    made, to_kafka, _ = cables
    if how == "cut":
        await to_kafka.cut()
    else:
        to_kafka.block()
    order_ids = [str(uuid4()) for _ in range(20)]
    answers = [await made.place(standard_order(order_ids[0]))]
    began = time.monotonic()
    answers += [await made.place(standard_order(order_id)) for order_id in order_ids[1:]]
    assert answers == [(202, None)] * 20
    assert time.monotonic() - began < 3, "an order waits for a Kafka that is known to be away"
    rows = await made.sql("SELECT convert_from(key, 'UTF8') FROM gateway.spool ORDER BY id")
    assert [row[0] for row in rows] == order_ids
    assert await made.place(standard_order(order_ids[3])) == (202, None)
    assert await made.spooled() == 20, "a repeat is the same order"
    status, answer = await made.place(inline_order(), "/packages/inline/orders")
    assert (status, list(answer)) == (200, ["url"])

    await to_kafka.mend()
    await eventually(lambda: _empty(made), 30)
    for partition in await made.placed_by_partition():
        relayed = [order_id for order_id in dict.fromkeys(partition) if order_id in order_ids]
        assert relayed == [order_id for order_id in order_ids if order_id in relayed]
    assert {event.data.order_id for event in await made.placed()} >= set(order_ids)


async def test_after_kafka_is_back_orders_go_there_again(cables: Cut) -> None:
    made, to_kafka, _ = cables
    await to_kafka.cut()
    assert (await made.place(standard_order()))[0] == 202
    assert await made.spooled() == 1
    await to_kafka.mend()
    await eventually(lambda: _empty(made), 30)
    before = await made.offsets()

    async def straight() -> bool:
        assert (await made.place(standard_order()))[0] == 202
        return await made.spooled() == 0 and await made.offsets() > before

    await eventually(straight, 20, every=0.3)


@pytest.mark.parametrize("how", ["cut", "blocked"])
async def test_postgres_away_orders_go_to_kafka_alone(cables: Cut, how: str) -> None:
    made, _, to_postgres = cables
    if how == "cut":
        await to_postgres.cut()
    else:
        to_postgres.block()
    began = time.monotonic()
    assert [await made.place(standard_order()) for _ in range(5)] == [(202, None)] * 5
    assert time.monotonic() - began < 1
    assert await made.offsets() == 5
    async with made.session.get(f"{made.url}/health/ready") as response:
        assert response.status == 200
    await to_postgres.mend()


async def test_both_away_is_503_at_once_and_nothing_is_kept(cables: Cut) -> None:
    made, to_kafka, to_postgres = cables
    await to_kafka.cut()
    assert (await made.place(standard_order()))[0] == 202
    await to_postgres.cut()
    for order in (standard_order(), standard_order(), inline_order()):
        began = time.monotonic()
        async with made.session.post(
            f"{made.url}/packages/orders", json=order, headers=made.bearer()
        ) as response:
            assert response.status == 503
            assert int(response.headers["Retry-After"]) > 0
            assert (await response.json())["code"] == "not_durable"
        assert time.monotonic() - began < 2.5
    assert await made.spooled() == 1
    await to_postgres.mend()
    await to_kafka.mend()
    await eventually(lambda: _empty(made), 30)
    assert {event.data.order_id for event in await made.placed()} != set()


async def _empty(made: World) -> bool:
    return await made.spooled() == 0
