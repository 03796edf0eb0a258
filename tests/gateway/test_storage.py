"""The spool and the launch addresses on a real PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from gateway.domain.orders import Record, personal, placed, read_order, recorded
from gateway.errors import Unavailable
from gateway.ports import Launch, SpooledRecord
from gateway.storage.launches import PostgresLaunches
from gateway.storage.spool import PostgresSpool
from runtime import database
from runtime.candidate_keys.jwe import CandidateKey

from tests.gateway.support.world import standard_order


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[database.Pool]:
    async with database.pool(database_url, max_size=4) as opened:
        yield opened


def record(order_id: str) -> Record:
    order = read_order(json.dumps(standard_order(order_id)).encode(), inline_only=False)
    sealed = CandidateKey("k", bytes(32)).seal(personal(order))
    data = placed(order, order_id=order_id, return_url=None, received_at=datetime.now(UTC), sealed=sealed)
    return recorded(data, traceparent=None)


async def test_what_is_spooled_comes_out_as_it_went_in_oldest_first_once(pool: database.Pool) -> None:
    spool = PostgresSpool(pool=pool, deadline=3)
    records = [record(f"o{number}") for number in range(5)]
    for one in [*records, records[2]]:
        await spool.put(one)
    published: list[SpooledRecord] = []

    async def publish(batch: Sequence[SpooledRecord]) -> None:
        published.extend(batch)

    assert await spool.drain(publish) == 5
    assert published == [SpooledRecord(one.topic, one.key, one.value, one.headers) for one in records]
    assert await spool.drain(publish) == 0


async def test_a_relay_that_fails_leaves_everything(pool: database.Pool) -> None:
    spool = PostgresSpool(pool=pool, deadline=3)
    await spool.put(record("o1"))

    async def fails(_batch: Sequence[SpooledRecord]) -> None:
        raise Unavailable("Kafka")

    with pytest.raises(Unavailable):
        _ = await spool.drain(fails)
    assert await pool.fetchval("SELECT count(*) FROM gateway.spool") == 1


async def test_one_replica_relays_at_a_time(pool: database.Pool, database_url: str) -> None:
    await PostgresSpool(pool=pool, deadline=3).put(record("o1"))
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_batch: Sequence[SpooledRecord]) -> None:
        entered.set()
        await go_on.wait()

    async with database.pool(database_url, max_size=2) as other:
        first = asyncio.create_task(PostgresSpool(pool=pool, deadline=3).drain(slow))
        await entered.wait()
        assert await PostgresSpool(pool=other, deadline=3).drain(slow) == 0
        go_on.set()
        assert await first == 1
        await PostgresSpool(pool=pool, deadline=3).put(record("o2"))
        assert await PostgresSpool(pool=other, deadline=3).drain(slow) == 1


async def test_launches(pool: database.Pool) -> None:
    launches = PostgresLaunches(pool=pool, retention=timedelta(days=1))
    assert await launches.get("o1") is None
    await launches.put_many({})
    await launches.put_many({"o1": Launch("https://a", finished=False), "o2": Launch(None, finished=True)})
    await launches.put_many({"o1": Launch(None, finished=True), "o2": Launch("https://late", finished=False)})
    assert await launches.get("o1") == Launch("https://a", finished=True)
    assert await launches.get("o2") == Launch("https://late", finished=True)
    assert await launches.delete_old() == 0
    await pool.execute(
        "UPDATE gateway.launches SET updated_at = now() - interval '2 days' WHERE order_id = 'o1'"
    )
    assert await launches.delete_old() == 1
    assert await launches.get("o1") is None


async def test_a_database_that_is_gone_is_unavailable(pool: database.Pool) -> None:
    await pool.close()
    launches = PostgresLaunches(pool=pool, retention=timedelta(days=1))
    with pytest.raises(Unavailable):
        _ = await launches.get("o1")
    with pytest.raises(Unavailable):
        _ = await launches.delete_old()
    with pytest.raises(Unavailable):
        await PostgresSpool(pool=pool, deadline=1).put(record("o1"))
