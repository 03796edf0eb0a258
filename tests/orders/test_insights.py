"""orders-insights as a process, killed; and how events are counted."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from contracts.events.assessment import Stage
from contracts.events.result import ResultPublished, ResultRejected
from contracts.types import ResultStatus
from orders.insights.numbers import EMPTY, Rules, count
from orders.insights.tables import Key, Tables

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
def process(servers: Servers, tmp_path: Path) -> Process:
    port = free_port()
    return Process(
        ["-m", "orders.insights"],
        env={
            "KAFKA_BOOTSTRAP_SERVERS": servers.kafka,
            "KAFKA_TOPIC_PREFIX": servers.prefix,
            "DATABASE_URL": servers.database_url,
            "INTERNAL_API_TOKEN": TOKEN,
            "ORDERS_INSIGHTS_INTERNAL_PORT": str(port),
            "ORDERS_INSIGHTS_FLUSH_EVERY": "0.2",
        },
        log=tmp_path / "insights.log",
        ready_url=f"http://127.0.0.1:{port}/health/ready",
    )


async def test_the_numbers_are_right_after_a_kill(
    bench: Bench, servers: Servers, world: SmartRecruiters, process: Process
) -> None:
    chosen = settings(servers, world)
    connection = await asyncpg.connect(servers.database_url)

    async def numbers() -> dict[str, Any]:
        row = await connection.fetchrow(NUMBERS, "acme")
        assert row is not None
        return dict(row)

    async def shows(**expected: int) -> None:
        async def shown() -> bool:
            found = await numbers()
            assert found == expected
            return True

        await eventually(shown, 40)

    try:
        async with running(chosen), processes.running(process, within=60):
            await _say(bench, range(10))
            await shows(orders=10, results=4, failures=2, late=0, timed=4)
            # What the changelog, not yet the offsets, may know of.
            await process.kill()
            await _say(bench, range(10, 20))
            await bench.requested("o-19")  # orders go on without it
            await process.start(within=60)
            await shows(orders=20, results=8, failures=4, late=0, timed=8)
            answer = await bench.get("/api/insights?company_id=acme", chosen.orders_internal_port)
            assert sum(window["orders"] for window in answer["windows"]) == 20
            assert await process.stop() == 0
    finally:
        await connection.close()
        await _delete_changelogs(servers)


async def _say(bench: Bench, numbers: range) -> None:
    for number in numbers:
        name = f"o-{number}"
        said = await bench.say(events.placed(name, received_at=T0))
        await bench.repeat(said)
        if number % 5 < 2:
            await bench.say(events.delivery(ResultPublished, name, ResultStatus.COMPLETED))
        if number % 5 == 2:
            await bench.say(events.updated(name, Stage.FAILED))


async def _delete_changelogs(servers: Servers) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers.kafka)
    await admin.start()
    try:
        names = [
            name for name in await admin.list_topics() if name.startswith(f"{servers.prefix}orders-insights")
        ]
        assert sorted(name.removeprefix(servers.prefix) for name in names) == [
            "orders-insights-orders-changelog", "orders-insights-windows-changelog",
        ]  # fmt: skip
        async with asyncio.timeout(20):
            await admin.delete_topics(names)
    finally:
        await admin.close()


def test_counting() -> None:
    windows: dict[str, Any] = {}
    tables = Tables(orders={}, windows=windows, rules=RULES, keep=timedelta(days=1))
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
    assert {Key.parse(name).starts_at - T0: tuple(numbers.values()) for name, numbers in windows.items()} == {
        timedelta(): (1, 1, 1, 0, 0.0, 0),
        timedelta(hours=4): (0, 1, 0, 1, 14400.0, 1),
    }
    assert list(windows[next(iter(windows))]) == list(EMPTY)
    assert tables.changed == set(windows)
    assert count(None, events.connected("acme"), RULES) is None


@pytest.mark.parametrize("turned", [False, True])
def test_a_result_is_timed_whichever_topic_is_read_first(turned: bool) -> None:  # noqa: FBT001 - a parameter
    windows: dict[str, Any] = {}
    tables = Tables(orders={}, windows=windows, rules=RULES, keep=timedelta(days=1))
    said = [
        events.placed("o-1", received_at=T0),
        events.delivery(ResultPublished, "o-1", ResultStatus.COMPLETED, at=T0 + timedelta(minutes=5)),
    ]
    for data in reversed(said) if turned else said:
        tables.count("o-1", data, partition=0, now=T0)
    assert [tuple(numbers.values()) for numbers in windows.values()] == [(1, 1, 0, 0, 300.0, 1)]


def test_what_is_old_is_forgotten_partition_by_partition() -> None:
    orders: dict[str, Any] = {}
    windows: dict[str, Any] = {}
    tables = Tables(orders=orders, windows=windows, rules=RULES, keep=timedelta(days=1))
    for partition in (0, 1):
        tables.count(f"old-{partition}", events.placed("old", received_at=T0), partition=partition, now=T0)
    later = T0 + timedelta(days=2)
    for number in range(5000):
        data = events.placed(f"new-{number}", received_at=later)
        tables.count(data.order_id, data, partition=1, now=later)
    assert "old-0" in orders
    assert "old-1" not in orders
    assert {Key.parse(name).partition for name in windows if Key.parse(name).starts_at == T0} == {0}
