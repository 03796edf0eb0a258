import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from contracts.topics import CREDENTIALS_INTEGRATIONS, RESULTS_DELIVERIES
from runtime.kafka.consumer import EventConsumer, Received, Reject, Retry, TooManyDeadLetters
from runtime.kafka.producer import BrokerUnavailable, EventProducer

from tests.runtime.support import everything, message, producing, published
from tests.support.guards import Lines
from tests.support.waiting import eventually

Handle = Callable[[Received], Awaitable[None]]
Seen = dict[str, list[int]]


def by_order(received: Received) -> str:
    return str(received.event.data.order_id)


@pytest.fixture
async def producer(kafka: str, topics: str) -> AsyncIterator[EventProducer]:
    async with producing(kafka, topics) as one:
        yield one


@asynccontextmanager
async def consuming(
    kafka: str, prefix: str, producer: EventProducer, handle: Handle, **settings: Any
) -> AsyncIterator[asyncio.Task[None]]:
    consumer = EventConsumer(
        bootstrap_servers=kafka,
        prefix=prefix,
        group="readers",
        topics=[RESULTS_DELIVERIES],
        handle=handle,
        producer=producer,
        **{"lane": by_order, "backoff": (0.01, 0.05), "grace": 0.2, "commit_every": 0.02, **settings},
    )
    task = asyncio.create_task(consumer.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def committed(kafka: str, prefix: str) -> int:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka,
        group_id=f"{prefix}readers",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        places = [TopicPartition(prefix + RESULTS_DELIVERIES.name, number) for number in range(3)]
        return sum([await consumer.committed(place) or 0 for place in places])
    finally:
        await consumer.stop()


async def test_a_lane_keeps_its_order_and_lanes_run_side_by_side(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    seen: Seen = defaultdict(list)
    at_once = most = 0

    async def handle(received: Received) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        seen[by_order(received)].append(received.event.data.attempts)

    async with consuming(kafka, topics, producer, handle):
        for number in range(20):
            for order in "abcde":
                await producer.publish(RESULTS_DELIVERIES, published(order, number))
        await eventually(lambda: sum(map(len, seen.values())) == 100)
        await eventually(lambda: committed(kafka, topics), within=10)
    assert seen == {order: list(range(20)) for order in "abcde"}
    assert await committed(kafka, topics) == 100
    assert most > 1


async def test_a_hung_lane_stops_no_other_and_is_never_committed_past(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    seen: Seen = defaultdict(list)
    never = asyncio.Event()

    async def handle(received: Received) -> None:
        if by_order(received) == "hung":
            await never.wait()
        seen[by_order(received)].append(received.event.data.attempts)

    # One partition key for all: the hung record lies before everything else of its partition.
    value = [published("hung"), *(published("well", number) for number in range(30))]
    async with consuming(kafka, topics, producer, handle):
        await publish_under_one_key(producer, value)
        await eventually(lambda: seen["well"] == list(range(30)))
    assert await committed(kafka, topics) == 0
    again: list[str] = []

    async def handle_all(received: Received) -> None:
        again.append(by_order(received))

    async with consuming(kafka, topics, producer, handle_all):
        await eventually(lambda: len(again) == 31)


async def publish_under_one_key(producer: EventProducer, events: list[Any]) -> None:
    await producer.publish_batch([message(event, b"one") for event in events])


async def test_a_full_partition_is_paused_and_resumed(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    started: list[int] = []
    go_on = asyncio.Event()

    async def handle(received: Received) -> None:
        started.append(received.event.data.attempts)
        await go_on.wait()

    async def fill(first: int) -> None:
        await publish_under_one_key(producer, [published(f"o{n}", n) for n in range(first, first + 10)])

    async with consuming(kafka, topics, producer, handle, max_uncommitted=10):
        await fill(0)
        await eventually(lambda: len(started) == 10)
        await fill(10)
        # Other partitions are read on: by the time their records are here, these would be as well.
        await producer.publish_batch([message(published(f"m{n}", 100 + n)) for n in range(9)])
        await eventually(lambda: max(started) >= 100)
        assert not {*range(10, 20)} & {*started}
        go_on.set()
        await eventually(lambda: len(started) == 29)


async def test_a_passing_fault_is_tried_until_it_works(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    tries: list[int] = []

    async def handle(received: Received) -> None:
        tries.append(received.event.data.attempts)
        if len(tries) < 8:
            raise Retry("not yet")

    async with consuming(kafka, topics, producer, handle):
        await producer.publish(RESULTS_DELIVERIES, published("a", 1))
        await producer.publish(RESULTS_DELIVERIES, published("a", 2))
        await eventually(lambda: len(tries) == 9)
    assert tries == [1] * 8 + [2]
    assert await committed(kafka, topics) == 2


@pytest.mark.parametrize(
    "away",
    [
        ConnectionRefusedError("database"),
        asyncpg.CannotConnectNowError("starting up"),
        BrokerUnavailable("kafka"),
    ],
)
async def test_an_outage_of_our_own_stores_never_makes_a_dead_letter(
    kafka: str, topics: str, producer: EventProducer, away: Exception
) -> None:
    tries: list[int] = []

    async def handle(received: Received) -> None:
        tries.append(received.offset)
        if len(tries) < 8:
            raise away

    async with consuming(kafka, topics, producer, handle, attempts=2):
        await producer.publish(RESULTS_DELIVERIES, published("a"))
        await eventually(lambda: len(tries) == 8)
    assert await committed(kafka, topics) == 1
    assert await everything(kafka, topics + RESULTS_DELIVERIES.dead_letter, 1, within_ms=300) == []


async def test_a_hung_handler_is_ended_and_tried_again(
    kafka: str, topics: str, producer: EventProducer
) -> None:
    tries: list[int] = []

    async def handle(received: Received) -> None:
        tries.append(1)
        if len(tries) == 1:
            await asyncio.Event().wait()

    async with consuming(kafka, topics, producer, handle, deadline=0.1):
        await producer.publish(RESULTS_DELIVERIES, published("a"))
        await eventually(lambda: len(tries) == 2)
    assert await committed(kafka, topics) == 1


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
