"""What goes to one partition: in order, in time, and nobody waits for ever."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import NodeNotReadyError
from contracts.topics import RESULTS_DELIVERIES
from runtime.kafka.outgoing import Outgoing

from tests.runtime.support import everything


class Refused(Exception):
    pass


@pytest.fixture
async def producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    opened = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", linger_ms=0, max_batch_size=4096)
    await opened.start()
    yield opened
    await opened.stop()


def outgoing(producer: AIOKafkaProducer, topics: str, counts: list[int], partition: int = 0) -> Outgoing:
    return Outgoing(
        producer=producer,
        topic=topics + RESULTS_DELIVERIES.name,
        partition=partition,
        deadline=5,
        failure=lambda error: Refused(type(error).__name__),
        acknowledged=counts.append,
    )


async def test_more_than_a_batch_holds_goes_in_order_and_the_largest_alone(
    kafka: str, topics: str, producer: AIOKafkaProducer
) -> None:
    counts: list[int] = []
    way = outgoing(producer, topics, counts)
    sizes = [100] * 60 + [20_000] + [100] * 60
    await asyncio.gather(*[way.put(b"k", b"%d " % n + b"x" * size, []) for n, size in enumerate(sizes)])
    assert sum(counts) == len(sizes)
    assert len(counts) > 3
    records = await everything(kafka, topics + RESULTS_DELIVERIES.name, len(sizes))
    assert [int(record.value.split()[0]) for record in records] == list(range(len(sizes)))
    assert way.sending is None


async def test_whoever_gives_up_does_not_hold_up_the_others(
    kafka: str, topics: str, producer: AIOKafkaProducer
) -> None:
    counts: list[int] = []
    way = outgoing(producer, topics, counts)
    first, second, third = (way.put(b"k", b"%d" % n, []) for n in range(3))
    second.cancel()
    await asyncio.gather(first, third)
    assert sum(counts) == 3, "what was put may be sent: the order of the others does not wait for it"
    assert len(await everything(kafka, topics + RESULTS_DELIVERIES.name, 3)) == 3


async def test_a_failure_is_told_to_each_that_waits_and_the_next_tries_anew(
    topics: str, producer: AIOKafkaProducer
) -> None:
    counts: list[int] = []
    way = outgoing(producer, topics, counts, partition=0)
    nowhere = outgoing(producer, topics, counts, partition=99)
    outcomes = await asyncio.gather(
        *[nowhere.put(b"k", b"%d" % n, []) for n in range(5)], return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [Refused] * 5
    assert nowhere.sending is None
    with pytest.raises(Refused):
        await nowhere.put(b"k", b"again", [])
    await way.put(b"k", b"elsewhere", [])
    assert counts == [1]


async def test_cancelling_what_sends_fails_all_that_waits(topics: str, producer: AIOKafkaProducer) -> None:
    way = outgoing(producer, topics, [])
    waiting = [way.put(b"k", b"%d" % n, []) for n in range(3)]
    await asyncio.sleep(0)
    assert way.sending is not None
    way.sending.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Refused] * 3


class Late:
    """A producer whose batch ends when the test says: a moment no real outage can be made to hit."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self.create_batch = producer.create_batch
        self.outcomes: list[asyncio.Future[None]] = []

    async def send_batch(self, *_batch: object, **_where: object) -> asyncio.Future[None]:
        self.outcomes.append(asyncio.get_running_loop().create_future())
        return asyncio.shield(self.outcomes[0])  # as aiokafka hands it out


async def test_an_outcome_that_comes_after_the_deadline_is_nobodys_error(producer: AIOKafkaProducer) -> None:
    late = Late(producer)
    way = Outgoing(
        producer=late,
        topic="t",
        partition=0,
        deadline=0.05,
        failure=lambda error: Refused(type(error).__name__),
        acknowledged=lambda _count: None,
    )
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    with pytest.raises(Refused, match="TimeoutError"):
        await way.put(b"k", b"v", [])
    late.outcomes.pop().set_exception(NodeNotReadyError())
    for _ in range(3):
        await asyncio.sleep(0)
    gc.collect()
    assert complaints == []
