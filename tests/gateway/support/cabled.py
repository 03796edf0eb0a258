"""A gateway that can be cut off from Kafka."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from runtime.kafka import topics as kafka_topics

from tests.gateway.support.world import World, world
from tests.support.cables import Cable, cable


@asynccontextmanager
async def cabled_world(
    *, kafka: str, prefix: str, database_url: str, **changes: Any
) -> AsyncIterator[tuple[World, Cable]]:
    """A world with topics of its own, and the cable at whose end its gateway has Kafka."""
    host, _, port = kafka.partition(":")
    async with AsyncExitStack() as stack:
        await kafka_topics.create(kafka, prefix, partitions=3)
        stack.push_async_callback(kafka_topics.delete, kafka, prefix)
        line = await stack.enter_async_context(cable(host, int(port), kafka=True))
        made = await stack.enter_async_context(
            world(
                kafka=kafka,
                prefix=prefix,
                database_url=database_url,
                gateway_kafka=f"127.0.0.1:{line.port}",
                gateway_broker_deadline_seconds=1.0,
                **changes,
            )
        )
        yield made, line
