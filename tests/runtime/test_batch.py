import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from contracts.topics import RESULTS_DELIVERIES
from runtime.kafka.consumer import BadRecords, BatchConsumer, Received
from runtime.kafka.producer import EventProducer

from tests.runtime.consuming import committed, while_it_runs
from tests.runtime.support import everything, message, producing, published
from tests.support.guards import Lines
from tests.support.waiting import eventually

Handle = Callable[[Sequence[Received]], Awaitable[None]]


@pytest.fixture
async def producer(kafka: str, topics: str) -> AsyncIterator[EventProducer]:
    async with producing(kafka, topics) as one:
        yield one


@asynccontextmanager
async def consuming(
    kafka: str, prefix: str, producer: EventProducer, handle: Handle, **settings: Any
) -> AsyncIterator[asyncio.Task[None]]:
    consumer = BatchConsumer(
        bootstrap_servers=kafka,
        prefix=prefix,
        group="readers",
        topics=[RESULTS_DELIVERIES],
        handle=handle,
        producer=producer,
        **{"backoff": (0.01, 0.05), "grace": 0.1, **settings},
    )
    async with while_it_runs(consumer) as task:
        yield task


def numbers(batch: Sequence[Received]) -> list[int]:
    return [received.event.data.attempts for received in batch]


async def test_a_batch_is_handed_over_whole_and_committed_after(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    batches: list[list[int]] = []

    async def handle(batch: Sequence[Received]) -> None:
        batches.append(numbers(batch))

    await producer.publish_batch([message(published("a", number)) for number in range(200)])
    async with consuming(kafka, topics, producer, handle):
        await eventually(lambda: sum(map(len, batches)) == 200)
    assert [number for batch in batches for number in batch] == list(range(200))
    assert max(map(len, batches)) > 20
    assert await committed(kafka, topics) == 200


async def test_a_failing_batch_is_tried_again_whole_until_it_works(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    tries: list[list[int]] = []

    async def handle(batch: Sequence[Received]) -> None:
        tries.append(numbers(batch))
        if len(tries) < 4:
            raise ConnectionError("the database is away")

    await producer.publish_batch([message(published("a", number)) for number in range(5)])
    async with consuming(kafka, topics, producer, handle):
        await eventually(lambda: len(tries) == 4)
    assert tries == [list(range(5))] * 4
    assert await committed(kafka, topics) == 5


async def test_bad_records_become_dead_letters_and_the_rest_is_handed_over_again(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    handed: list[list[int]] = []

    async def handle(batch: Sequence[Received]) -> None:
        handed.append(numbers(batch))
        if bad := [(one, "odd") for one in batch if one.event.data.attempts % 2]:
            raise BadRecords(bad)

    await producer.publish_encoded(RESULTS_DELIVERIES.name, b"a", b"not json", [])
    await producer.publish_batch([message(published("a", number)) for number in range(6)])
    async with consuming(kafka, topics, producer, handle):
        await eventually(lambda: [0, 2, 4] in handed)
        letters = await everything(kafka, topics + RESULTS_DELIVERIES.dead_letter, 4)
    reasons = sorted(dict(letter.headers)["dlq_reason"].decode() for letter in letters)
    assert reasons == ["InvalidEvent: ce_id is missing", "odd", "odd", "odd"]


async def test_an_unfinished_batch_is_handed_over_again_after_a_restart(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    begun = asyncio.Event()
    again: list[int] = []

    async def hang(batch: Sequence[Received]) -> None:
        begun.set()
        await asyncio.Event().wait()

    async def handle(batch: Sequence[Received]) -> None:
        again.extend(numbers(batch))

    await producer.publish_batch([message(published("a", number)) for number in range(3)])
    async with consuming(kafka, topics, producer, hang):
        await asyncio.wait_for(begun.wait(), 10)
    assert await committed(kafka, topics) == 0
    async with consuming(kafka, topics, producer, handle):
        await eventually(lambda: again == [0, 1, 2])


async def test_a_rebalance_between_two_members_loses_nothing(
    kafka: str, topics: str, producer: EventProducer, logs: Lines
) -> None:
    seen: set[tuple[str, int]] = set()
    rebalanced = asyncio.Event()  # the later half of the work waits for it, so it falls into the middle

    async def handle(batch: Sequence[Received]) -> None:
        if any(one.event.data.attempts >= 30 for one in batch):
            await rebalanced.wait()
        seen.update((one.event.data.order_id, one.event.data.attempts) for one in batch)

    async def publish_all() -> None:
        for number in range(60):
            await producer.publish_batch([message(published(f"o{order}", number)) for order in range(10)])

    async with consuming(kafka, topics, producer, handle, max_records=20):
        publishing = asyncio.create_task(publish_all())
        await eventually(lambda: seen)
        async with consuming(kafka, topics, producer, handle, max_records=20):
            await eventually(
                lambda: len([line for line in logs if line["event"] == "partitions assigned"]) >= 3, 20
            )
            rebalanced.set()
            await publishing
        await eventually(lambda: len(seen) == 600, within=20)
    assert await committed(kafka, topics) == 600
