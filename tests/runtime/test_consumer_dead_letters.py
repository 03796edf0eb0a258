import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from contracts.topics import CREDENTIALS_INTEGRATIONS, RESULTS_DELIVERIES
from runtime.kafka.consumer import EventConsumer, Received, Reject, TooManyDeadLetters
from runtime.kafka.producer import EventProducer

from tests.runtime.consuming import Seen, by_order, committed, consuming, publish_under_one_key
from tests.runtime.support import everything, message, producing, published
from tests.support.guards import Lines
from tests.support.waiting import eventually


@pytest.fixture
async def producer(kafka: str, topics: str) -> AsyncIterator[EventProducer]:
    async with producing(kafka, topics) as one:
        yield one


async def test_what_cannot_be_used_goes_to_the_dead_letters_as_it_came(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    done: list[str] = []

    async def handle(received: Received) -> None:
        match by_order(received):
            case "refused":
                raise Reject("no such order of jane@example.com")
            case "broken":
                raise ValueError("boom")
            case order:
                done.append(order)

    async with consuming(kafka, topics, producer, handle, attempts=2):
        await producer.publish_encoded(RESULTS_DELIVERIES.name, b"k", b"not json", [("x", b"\x01")])
        await producer.publish_encoded(RESULTS_DELIVERIES.name, b"k", None, [])
        for order in ("refused", "broken", "well"):
            await producer.publish(RESULTS_DELIVERIES, published(order))
        await eventually(lambda: done == ["well"])
        letters = await everything(kafka, topics + RESULTS_DELIVERIES.dead_letter, 4)
    assert await committed(kafka, topics) == 5
    headers = [dict(letter.headers) for letter in letters]
    reasons = sorted(one["dlq_reason"].decode() for one in headers)
    assert reasons == [
        "InvalidEvent: ce_id is missing",
        "InvalidEvent: the record has no value",
        "failed 2 times: ValueError: boom",
        "no such order of [redacted]",
    ]
    raw = next(letter for letter in letters if letter.value == b"not json")
    assert raw.key == b"k"
    assert raw.headers[0] == ("x", b"\x01")
    assert {one["dlq_origin_topic"] for one in headers} == {b"results.deliveries"}
    assert {one["dlq_group"] for one in headers} == {b"readers"}
    assert all({"dlq_origin_partition", "dlq_origin_offset", "dlq_at"} <= one.keys() for one in headers)


async def test_too_many_dead_letters_in_a_row_end_the_consumer(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    async def handle(received: Received) -> None:
        raise Reject("none of them")

    async with consuming(kafka, topics, producer, handle, dead_letter_budget=3, lane=lambda _: "one") as task:
        await publish_under_one_key(producer, [published("a", number) for number in range(9)])
        await asyncio.wait([task], timeout=10)
        with pytest.raises(
            TooManyDeadLetters, match=r"refused 3 records in a row and stops at results\.deliveries/"
        ):
            task.result()
    assert len(await everything(kafka, topics + RESULTS_DELIVERIES.dead_letter, 9, within_ms=500)) == 3
    assert await committed(kafka, topics) == 3


async def test_a_tombstone_of_a_compacted_topic_is_skipped(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    async def handle(received: Received) -> None:
        raise AssertionError(received)

    consumer = EventConsumer(
        bootstrap_servers=kafka,
        prefix=topics,
        group="readers",
        topics=[CREDENTIALS_INTEGRATIONS],
        handle=handle,
        lane=lambda _: "",
        producer=producer,
        commit_every=0.02,
    )
    await producer.publish_encoded(CREDENTIALS_INTEGRATIONS.name, b"acme", None, [])
    task = asyncio.create_task(consumer.run())
    place = TopicPartition(topics + CREDENTIALS_INTEGRATIONS.name, 0)
    reader = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=f"{topics}readers", enable_auto_commit=False)
    await reader.start()

    async def offset() -> int | None:
        found: int | None = await reader.committed(place)
        return found

    try:
        await eventually(offset)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await reader.stop()
    assert await everything(kafka, topics + CREDENTIALS_INTEGRATIONS.dead_letter, 1, within_ms=300) == []


async def test_a_rebalance_between_two_members_loses_nothing_and_keeps_each_lane_in_order(
    kafka: str, topics: str, producer: EventProducer, logs: Lines
) -> None:
    seen: Seen = defaultdict(list)
    rebalanced = asyncio.Event()  # the later half of the work waits for it, so it falls into the middle

    async def handle(received: Received) -> None:
        if received.event.data.attempts >= 30:
            await rebalanced.wait()
        seen[by_order(received)].append(received.event.data.attempts)

    async def publish_all() -> None:
        for number in range(60):
            await producer.publish_batch([message(published(f"o{order}", number)) for order in range(10)])

    def complete() -> bool:
        return all(set(seen[f"o{order}"]) == set(range(60)) for order in range(10))

    async with consuming(kafka, topics, producer, handle):
        publishing = asyncio.create_task(publish_all())
        await eventually(lambda: len(seen) == 10)
        async with consuming(kafka, topics, producer, handle):
            await eventually(
                lambda: len([line for line in logs if line["event"] == "partitions assigned"]) >= 3, 20
            )
            rebalanced.set()
            await publishing
        await eventually(complete, within=20)
    assert await committed(kafka, topics) == 600
    for numbers in seen.values():
        firsts = list(dict.fromkeys(numbers))
        assert firsts == sorted(firsts)
