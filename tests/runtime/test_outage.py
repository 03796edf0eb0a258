"""Kafka goes away and comes back: nothing is lost, nothing waits for ever."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from contracts.topics import RESULTS_DELIVERIES
from local_stack.kafka import LocalKafka
from runtime.health import Health
from runtime.kafka import topics as kafka_topics
from runtime.kafka.consumer import EventConsumer, Received
from runtime.kafka.producer import BrokerUnavailable, EventProducer

from tests.runtime.support import published
from tests.support.ports import free_port
from tests.support.waiting import eventually


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[LocalKafka]:
    local = LocalKafka(tmp_path / "kafka", free_port())
    await asyncio.to_thread(local.start)
    await kafka_topics.create(local.bootstrap_servers, "", partitions=1)
    yield local
    await asyncio.to_thread(local.stop)


async def test_consumer_and_producer_outlive_an_outage(broker: LocalKafka) -> None:
    seen: set[int] = set()

    async def handle(received: Received) -> None:
        seen.add(received.event.data.attempts)

    producer = EventProducer(bootstrap_servers=broker.bootstrap_servers, client_id="tests", deadline=2)
    health = Health()
    health.check("kafka", producer.answers)
    consumer = EventConsumer(
        bootstrap_servers=broker.bootstrap_servers,
        prefix="",
        group="readers",
        topics=[RESULTS_DELIVERIES],
        handle=handle,
        lane=lambda received: str(received.event.data.order_id),
        producer=producer,
        grace=0.2,
    )
    async with producer:
        task = asyncio.create_task(consumer.run())
        await producer.publish(RESULTS_DELIVERIES, published("a", 1))
        await eventually(lambda: 1 in seen, within=20)
        assert await health.report() == {"kafka": True}
        await asyncio.to_thread(broker.stop)
        assert await health.report() == {"kafka": False}  # though nobody has published anything since
        with pytest.raises(BrokerUnavailable):
            await producer.publish(RESULTS_DELIVERIES, published("a", 2))
        await asyncio.to_thread(broker.start)
        await eventually(lambda: arrives(producer, 3), within=30)
        assert await health.report() == {"kafka": True}
        await eventually(lambda: 3 in seen, within=30)
        assert not task.done()
        await asyncio.to_thread(broker.stop)
        began = time.monotonic()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
    assert time.monotonic() - began < 25


async def arrives(producer: EventProducer, number: int) -> bool:
    try:
        await producer.publish(RESULTS_DELIVERIES, published("a", number))
    except BrokerUnavailable:
        return False
    return True
