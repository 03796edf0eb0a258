"""Consumers of result events while they run, and how far they committed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition
from contracts.topics import RESULTS_DELIVERIES
from runtime.kafka.consumer import BatchConsumer, EventConsumer, Received
from runtime.kafka.producer import EventProducer

from tests.runtime.support import message

Handle = Callable[[Received], Awaitable[None]]
Seen = dict[str, list[int]]


def by_order(received: Received) -> str:
    return str(received.event.data.order_id)


@asynccontextmanager
async def while_it_runs(consumer: EventConsumer | BatchConsumer) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(consumer.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])


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
    async with while_it_runs(consumer) as task:
        yield task


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


async def publish_under_one_key(producer: EventProducer, events: list[Any]) -> None:
    await producer.publish_batch([message(event, b"one") for event in events])
