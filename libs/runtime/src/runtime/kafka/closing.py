"""Opening and closing aiokafka's clients, Kafka there or not: left alone they wait for it without end."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

Close = Callable[[], Coroutine[Any, Any, None]]


async def close_producer(producer: AIOKafkaProducer) -> None:
    """Stops within some ten seconds, usually at once; what it has not sent in five is not sent."""
    sender = producer._sender  # noqa: SLF001 - what stop() does not get to
    await _close(producer.stop, [sender.close, producer.client.close])


async def close_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stops within some ten seconds, usually at once; without Kafka the group notices later."""
    parts: list[Close] = []
    if (coordinator := consumer._coordinator) is not None:  # noqa: SLF001 - what stop() does not get to
        parts.append(coordinator.close)
    if (fetcher := consumer._fetcher) is not None:  # noqa: SLF001
        parts.append(fetcher.close)
    await _close(consumer.stop, [*parts, consumer._client.close])  # noqa: SLF001


async def begin(start: Close, *, within: float) -> None:
    """Starts a client. Raises TimeoutError when it takes longer than `within`, and what starting raises.

    When the caller is cancelled, the start gets two seconds to come to its end: cut off in the middle of it,
    aiokafka leaves a connection open that nobody knows of.
    """
    starting = asyncio.ensure_future(start())
    try:
        async with asyncio.timeout(within):
            await asyncio.shield(starting)
    finally:
        if not starting.done():
            await asyncio.wait([starting], timeout=2)
            starting.cancel()
            await asyncio.wait([starting], timeout=2)


async def _close(stop: Close, parts: list[Close]) -> None:
    if await _ends(stop, within=5.0):
        return
    for part in parts:
        # More than once: aiokafka's metadata task can swallow a cancellation.
        for _ in range(3):
            if await _ends(part, within=0.5):
                break


async def _ends(close: Close, *, within: float) -> bool:
    # In a task of its own: aiokafka lets its own tasks' cancellation through, which would pass for ours.
    closing = asyncio.ensure_future(close())
    done, _ = await asyncio.wait([closing], timeout=within)
    if not done:
        closing.cancel()
        await asyncio.wait([closing], timeout=within)
    return bool(done) and not closing.cancelled() and closing.exception() is None
