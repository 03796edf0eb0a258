import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator

import asyncpg
import pytest
from contracts.topics import RESULTS_DELIVERIES
from runtime.kafka.consumer import Received, Retry
from runtime.kafka.producer import BrokerUnavailable, EventProducer

from tests.runtime.consuming import Seen, by_order, committed, consuming, publish_under_one_key
from tests.runtime.support import everything, message, producing, published
from tests.support.waiting import eventually


@pytest.fixture
async def producer(kafka: str, topics: str) -> AsyncIterator[EventProducer]:
    async with producing(kafka, topics) as one:
        yield one


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
