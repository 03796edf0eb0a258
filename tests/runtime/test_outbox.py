import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from contracts import codec
from contracts.topics import RESULTS_DELIVERIES
from runtime import outbox
from runtime.database import Pool, pool
from runtime.kafka.producer import BrokerUnavailable, EventProducer, Message
from runtime.outbox import OutboxRelay

from tests.runtime.support import everything, producing, published
from tests.runtime.tables import TABLES
from tests.support.waiting import eventually


@pytest.fixture
async def box(empty_database_url: str) -> AsyncIterator[Pool]:
    async with pool(empty_database_url) as opened:
        await opened.execute(TABLES)
        yield opened


@asynccontextmanager
async def relaying(box: Pool, producer: EventProducer) -> AsyncIterator[OutboxRelay]:
    relay = OutboxRelay(pool=box, schema="box", producer=producer, batch=50)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        await asyncio.wait([task])


async def write(box: Pool, order: str, numbers: Sequence[int]) -> None:
    async with box.acquire() as connection, connection.transaction():
        items = [(RESULTS_DELIVERIES, published(order, number)) for number in numbers]
        await outbox.put_many(connection, "box", items)


async def waiting(box: Pool) -> int:
    return int(await box.fetchval("SELECT count(*) FROM box.outbox"))


async def arrived(kafka: str, prefix: str, count: int) -> list[tuple[str, int]]:
    records = await everything(kafka, prefix + RESULTS_DELIVERIES.name, count, within_ms=2000)
    events = [codec.decode(record.value, record.headers) for record in records]
    return [(event.data.order_id, event.data.attempts) for event in events]


async def test_events_leave_in_order_and_rows_go_after(kafka: str, topics: str, box: Pool) -> None:
    async with producing(kafka, topics) as producer, relaying(box, producer) as relay:
        for first in range(0, 60, 20):
            await write(box, "a", range(first, first + 20))
            await write(box, "b", range(first, first + 20))
            relay.wake()
        await eventually(lambda: none_waits(box))
    found = await arrived(kafka, topics, 120)
    assert [number for order, number in found if order == "a"] == list(range(60))
    assert [number for order, number in found if order == "b"] == list(range(60))


async def none_waits(box: Pool) -> bool:
    return await waiting(box) == 0


async def test_a_rolled_back_event_is_never_published(kafka: str, topics: str, box: Pool) -> None:
    async with box.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await outbox.put(connection, "box", RESULTS_DELIVERIES, published("never"))
        await transaction.rollback()
    await write(box, "a", [1])
    async with producing(kafka, topics) as producer, relaying(box, producer):
        await eventually(lambda: none_waits(box))
    assert await arrived(kafka, topics, 2) == [("a", 1)]


async def test_a_crash_between_publishing_and_deleting_repeats_and_loses_nothing(
    kafka: str, topics: str, box: Pool
) -> None:
    published_once = asyncio.Event()

    class Dying(EventProducer):
        async def publish_batch(self, messages: Sequence[Message]) -> None:
            await super().publish_batch(messages)
            published_once.set()
            await asyncio.Event().wait()

    await write(box, "a", [1])
    async with (
        Dying(bootstrap_servers=kafka, prefix=topics, client_id="tests") as dying,
        relaying(box, dying),
    ):
        await asyncio.wait_for(published_once.wait(), 10)
    assert await waiting(box) == 1
    async with producing(kafka, topics) as producer, relaying(box, producer):
        await eventually(lambda: none_waits(box))
    assert await arrived(kafka, topics, 2) == [("a", 1), ("a", 1)]


async def test_of_two_relays_one_works_and_the_other_takes_over(kafka: str, topics: str, box: Pool) -> None:
    async with producing(kafka, topics) as producer:
        async with relaying(box, producer):
            await write(box, "a", range(100))
            await eventually(lambda: none_waits(box))
            async with relaying(box, producer):
                await write(box, "a", range(100, 200))
                await eventually(lambda: none_waits(box))
        async with relaying(box, producer):
            await write(box, "a", range(200, 300))
            await eventually(lambda: none_waits(box))
    assert await arrived(kafka, topics, 300) == [("a", number) for number in range(300)]


async def test_rows_wait_while_kafka_is_away(kafka: str, topics: str, box: Pool) -> None:
    class Away(EventProducer):
        failures = 0

        async def publish_batch(self, messages: Sequence[Message]) -> None:
            if self.failures == 0:
                self.failures += 1
                raise BrokerUnavailable("away")
            await super().publish_batch(messages)

    await write(box, "a", [1, 2])
    async with (
        Away(bootstrap_servers=kafka, prefix=topics, client_id="tests") as producer,
        relaying(box, producer),
    ):
        await eventually(lambda: none_waits(box))
    assert await arrived(kafka, topics, 2) == [("a", 1), ("a", 2)]
