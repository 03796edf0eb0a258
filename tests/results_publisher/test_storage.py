"""What the database does behind the service's back, and what is cleared away."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import asyncpg
from contracts.events.assessment import Stage
from results_publisher.storage.ingestion import PostgresIngestion
from results_publisher.storage.lanes import PostgresLanes
from runtime.database import UNAVAILABLE

from tests.results_publisher.support.harness import Harness, update
from tests.results_publisher.support.smartrecruiters import FakeSmartRecruiters
from tests.support.waiting import eventually


async def test_broken_connections_lose_nothing(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    async with harness.publisher(results_publisher_requests_per_second=20.0):
        for number in range(30):
            await harness.order(f"order-{number}")
            await harness.update(f"order-{number}", summary="one")
            await harness.update(f"order-{number}", stage=Stage.COMPLETED, summary="two")
        for seen in (5, 20):
            await eventually(partial(_seen, smartrecruiters, seen))
            await _break_connections(harness)

        async def all_there() -> bool:
            try:
                return len(await harness.deliveries(status="published")) == 60
            except UNAVAILABLE:  # our own connection was among the broken ones
                return False

        await eventually(all_there, within=40)
        told = await harness.told(60)
    for number in range(30):
        said = [call.body["summary"] for call in smartrecruiters.of(f"order-{number}")]
        assert sorted(said) == said
    assert {event.type for event in told} == {"result.published"}


async def test_an_update_written_beside_its_order_is_found(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    async with harness.publisher():
        await harness.order("order-1")
        await harness.order("order-2")
        await harness.update("order-2")
        await harness.until("order-2", "published")
        # As when one replica takes the order while another takes the update.
        await harness.pool.execute(
            "INSERT INTO results_publisher.waiting_updates (event_id, order_id, update) VALUES ($1, $2, $3)",
            uuid4(),
            "order-1",
            update("order-1", summary="found").model_dump_json(exclude_unset=True),
        )
        await harness.until("order-1", "published")
    assert smartrecruiters.of("order-1")[0].body["summary"] == "found"


async def test_what_is_old_enough_goes_as_a_whole(harness: Harness) -> None:
    async with harness.publisher():
        await harness.order("old")
        await harness.update("old", stage=Stage.COMPLETED)
        await harness.until("old", "published")
    store, now = PostgresIngestion(harness.pool), datetime.now(UTC)
    past, future = now - timedelta(days=1), now + timedelta(days=1)
    await store.forget(deliveries_before=past, inbox_before=past)
    assert await _counts(harness) == {"deliveries": 1, "attempts": 1, "orders": 1, "results": 1, "inbox": 2}
    await store.forget(deliveries_before=future, inbox_before=future)
    assert set((await _counts(harness)).values()) == {0}


async def test_a_lease_is_one_replicas_until_it_ends(harness: Harness) -> None:
    lease = timedelta(seconds=30)
    first = PostgresLanes(harness.pool, owner=uuid4(), lease=lease)
    second = PostgresLanes(harness.pool, owner=uuid4(), lease=lease)
    await _due(harness, "acme")
    assert await first.acquire(10) == ["acme"]
    assert await second.acquire(10) == []
    assert await second.renew(["acme"]) == set()
    assert await first.renew(["acme"]) == {"acme"}
    await second.release({"acme": timedelta(0)})
    assert await first.renew(["acme"]) == {"acme"}
    await first.release({"acme": timedelta(0)})
    assert await first.renew(["acme"]) == set()
    assert await second.acquire(10) == ["acme"]
    await second.release({"acme": timedelta(minutes=5)})
    assert await first.acquire(10) == []  # what the pace owes is owed by everybody


def _seen(smartrecruiters: FakeSmartRecruiters, count: int) -> bool:
    return len(smartrecruiters.calls) >= count


async def _due(harness: Harness, company_id: str) -> None:
    await harness.pool.execute("INSERT INTO results_publisher.companies (company_id) VALUES ($1)", company_id)
    await harness.pool.execute(
        "INSERT INTO results_publisher.deliveries (delivery_id, order_id, company_id, kind, status, body)"
        " VALUES ($1, 'order-1', $2, 'result', 'pending', '{}')",
        uuid4(),
        company_id,
    )


async def _counts(harness: Harness) -> dict[str, int]:
    tables = ("deliveries", "attempts", "orders", "results", "inbox")
    query = "SELECT count(*) FROM results_publisher.{}"
    return {table: await harness.pool.fetchval(query.format(table)) for table in tables}


async def _break_connections(harness: Harness) -> None:
    connection = await asyncpg.connect(harness.database_url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
