"""orders-insights as a process, killed; and how events are counted."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from contracts.events.assessment import Stage
from contracts.events.result import ResultPublished, ResultRejected
from contracts.types import ResultStatus
from orders.insights.numbers import EMPTY, Rules, learn
from orders.insights.tables import Tables
from runtime.kafka import topics

from tests.orders.support import events
from tests.orders.support.bench import TOKEN, Bench, Servers, running, settings
from tests.orders.support.events import T0
from tests.orders.support.smartrecruiters import SmartRecruiters
from tests.support import processes
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.waiting import eventually

RULES = Rules(window=timedelta(hours=1), late_after=timedelta(hours=3))
NUMBERS = """
SELECT sum(orders)::int AS orders, sum(results)::int AS results, sum(failures)::int AS failures,
       sum(late)::int AS late, sum(timed_results)::int AS timed FROM orders.insights WHERE company_id = $1
"""


@pytest.fixture
def environment(servers: Servers) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": servers.kafka,
        "KAFKA_TOPIC_PREFIX": servers.prefix,
        "DATABASE_URL": servers.database_url,
        "INTERNAL_API_TOKEN": TOKEN,
        "ORDERS_INSIGHTS_INTERNAL_PORT": str(free_port()),
        "ORDERS_INSIGHTS_FLUSH_EVERY": "0.2",
        "ORDERS_INSIGHTS_KEEP": str(100 * 365 * 86400),  # the events' time is T0
    }


@pytest.fixture
def process(environment: dict[str, str], tmp_path: Path) -> Process:
    port = environment["ORDERS_INSIGHTS_INTERNAL_PORT"]
    return Process(
        ["-m", "orders.insights"],
        env=environment,
        log=tmp_path / "insights.log",
        ready_url=f"http://127.0.0.1:{port}/health/ready",
    )


@pytest.fixture
async def connection(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(servers.database_url)
    yield opened
    await opened.close()


async def _shows(connection: asyncpg.Connection, **expected: int) -> None:
    async def shown() -> bool:
        row = await connection.fetchrow(NUMBERS, "acme")
        assert row is not None
        assert dict(row) == expected
        return True

    await eventually(shown, 40)


async def test_the_numbers_are_right_after_a_kill(
    bench: Bench, servers: Servers, world: SmartRecruiters, process: Process, connection: asyncpg.Connection
) -> None:
    chosen = settings(servers, world)
    try:
        async with running(chosen), processes.running(process, within=60):
            await _say(bench, range(10))
            await _shows(connection, orders=10, results=4, failures=2, late=0, timed=4)
            # What the changelog, not yet the offsets, may know of.
            await process.kill()
            await _say(bench, range(10, 20))
            await bench.requested("o-19")  # orders go on without it
            await process.start(within=60)
            await _shows(connection, orders=20, results=8, failures=4, late=0, timed=8)
            answer = await bench.get("/api/insights?company_id=acme", chosen.orders_internal_port)
            assert sum(window["orders"] for window in answer["windows"]) == 20
            assert await process.stop() == 0
    finally:
        await _delete_changelog(servers)


async def test_what_comes_while_no_partition_is_active_is_not_lost(
    servers: Servers, environment: dict[str, str], connection: asyncpg.Connection, tmp_path: Path
) -> None:
    """One was killed before it had committed anything, and more came while the next read back."""
    changelog = f"{servers.prefix}orders-insights-facts-changelog"
    await topics.create_compacted(servers.kafka, [changelog], partitions=3, replication=1)
    kept = {"company_id": "acme", "order": T0.timestamp(), "partition": 0, "at": T0.timestamp()}
    async with AIOKafkaProducer(bootstrap_servers=servers.kafka) as producer:
        await producer.send_and_wait(changelog, json.dumps(kept).encode(), key=b'"o-1"', partition=0)
    held = Process(
        ["-m", "tests.orders.support.held_insights"],
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        log=tmp_path / "insights.log",
    )
    try:
        async with processes.running(held):
            await _shows(connection, orders=2, results=0, failures=0, late=0, timed=0)
    finally:
        await _delete_changelog(servers)


async def _say(bench: Bench, numbers: range) -> None:
    for number in numbers:
        name = f"o-{number}"
        said = await bench.say(events.placed(name, received_at=T0))
        await bench.repeat(said)
        if number % 5 < 2:
            await bench.say(events.delivery(ResultPublished, name, ResultStatus.COMPLETED))
        if number % 5 == 2:
            await bench.say(events.updated(name, Stage.FAILED))


async def _delete_changelog(servers: Servers) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    try:
        names = [
            name for name in await admin.list_topics() if name.startswith(f"{servers.prefix}orders-insights")
        ]
        assert [name.removeprefix(servers.prefix) for name in names] == ["orders-insights-facts-changelog"]
        async with asyncio.timeout(20):
            await admin.delete_topics(names)
    finally:
        await admin.close()


def _tables(orders: dict[str, Any]) -> Tables:
    return Tables(orders=orders, rules=RULES, keep=timedelta(days=1))


def test_counting() -> None:
    orders: dict[str, Any] = {}
    tables = _tables(orders)
    said = [
        events.placed("o-1", received_at=T0),
        events.placed("o-1", received_at=T0 + timedelta(minutes=1)),
        events.updated("o-1", Stage.PROGRESS),
        events.delivery(ResultPublished, "o-1", ResultStatus.IN_PROGRESS),
        events.delivery(ResultPublished, "o-1", ResultStatus.COMPLETED, at=T0 + timedelta(hours=4)),
        events.delivery(ResultPublished, "o-1", ResultStatus.COMPLETED, at=T0 + timedelta(hours=5)),
        events.delivery(ResultRejected, "o-2", ResultStatus.COMPLETED, at=T0),
        events.updated("o-2", Stage.FAILED),
        events.delivery(ResultPublished, "o-3", ResultStatus.COMPLETED, at=T0),
    ]
    for data in said:
        tables.count(data.subject(), data, partition=2, now=T0)
    assert {key.starts_at - T0: tuple(numbers.values()) for key, numbers in tables.windows.items()} == {
        timedelta(): (1, 1, 1, 0, 0.0, 0),
        timedelta(hours=4): (0, 1, 0, 1, 14400.0, 1),
    }
    assert list(tables.windows[next(iter(tables.windows))]) == list(EMPTY)
    assert tables.changed == set(tables.windows)
    assert learn(None, events.connected("acme")) is None

    # Another process, which has what was kept of the orders and nothing else.
    again = _tables(orders)
    again.rebuild(T0)
    assert again.windows == tables.windows
    assert again.changed == set(again.windows)
    for data in said:
        again.count(data.subject(), data, partition=2, now=T0)
    assert again.windows == tables.windows


@pytest.mark.parametrize("turned", [False, True])
def test_a_result_is_timed_whichever_topic_is_read_first(turned: bool) -> None:  # noqa: FBT001 - a parameter
    tables = _tables({})
    said = [
        events.placed("o-1", received_at=T0),
        events.delivery(ResultPublished, "o-1", ResultStatus.COMPLETED, at=T0 + timedelta(minutes=5)),
    ]
    for data in reversed(said) if turned else said:
        tables.count("o-1", data, partition=0, now=T0)
    assert [tuple(numbers.values()) for numbers in tables.windows.values()] == [(1, 1, 0, 0, 300.0, 1)]


def test_what_is_old_is_forgotten_partition_by_partition() -> None:
    orders: dict[str, Any] = {}
    tables = _tables(orders)
    for partition in (0, 1):
        tables.count(f"old-{partition}", events.placed("old", received_at=T0), partition=partition, now=T0)
    later = T0 + timedelta(days=2)
    for number in range(5000):
        data = events.placed(f"new-{number}", received_at=later)
        tables.count(data.order_id, data, partition=1, now=later)
    assert "old-0" in orders
    assert "old-1" not in orders
    assert {key.starts_at for key in tables.windows} == {later}


def test_a_window_some_of_whose_orders_are_forgotten_is_not_written_again() -> None:
    orders: dict[str, Any] = {}
    tables = _tables(orders)
    tables.count("o-1", events.placed("o-1", received_at=T0), partition=0, now=T0)
    later = T0 + timedelta(days=1, minutes=1)
    result = events.delivery(ResultPublished, "o-1", ResultStatus.COMPLETED, at=later)
    tables.rebuild(later)
    assert tables.windows == {}
    tables.count("o-1", result, partition=0, now=later)
    assert [tuple(numbers.values()) for numbers in tables.windows.values()] == [(0, 1, 0, 1, 86460.0, 1)]
    tables.rebuild(later)
    assert {key.starts_at for key in tables.windows} == {T0 + timedelta(days=1)}
