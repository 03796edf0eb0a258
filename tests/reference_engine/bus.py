"""What stands on the other side of Kafka in the engine's tests: orders, and whoever reads updates."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from contracts import codec
from contracts.envelope import Event, EventData
from contracts.events import AssessmentCancelled, AssessmentRequested
from contracts.events.order import Candidate, OrderKind
from contracts.topics import ENGINES_UPDATES, ORDERS_REQUESTS, Topic

from tests.support.waiting import eventually

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def requested(order_id: str, package_id: str = "engine-skill-test", **changes: Any) -> AssessmentRequested:
    """A request for one of the engine's packages."""
    inline = package_id == "engine-inline"
    values: dict[str, Any] = {
        "order_id": order_id,
        "company_id": "acme",
        "kind": OrderKind.INLINE if inline else OrderKind.STANDARD,
        "package_id": package_id,
        "candidate": Candidate(id=None if inline else "c1", first_name="Ada", application_language="en"),
        "return_url": "http://127.0.0.1:9/t/x/done" if inline else None,
        "requested_at": NOW,
    }
    return AssessmentRequested(**(values | changes))


def cancelled(order_id: str) -> AssessmentCancelled:
    """The order is called back."""
    return AssessmentCancelled(order_id=order_id, company_id="acme", reason="withdrawn", cancelled_at=NOW)


class Bus:
    """One producer, and a reader of whole topics."""

    def __init__(self, bootstrap: str, prefix: str, producer: Any) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._producer = producer

    async def say(self, *data: EventData, topic: Topic = ORDERS_REQUESTS, source: str = "orders") -> None:
        """Publishes events in order."""
        for item in data:
            event = Event(id=uuid4(), source=source, time=NOW, data=item)
            value, headers = codec.encode(event)
            await self._send(topic.name, topic.key(event), value, headers)

    async def say_raw(self, value: bytes | None, headers: list[tuple[str, bytes]], key: bytes = b"k") -> None:
        """Publishes bytes among the requests."""
        await self._send(ORDERS_REQUESTS.name, key, value, headers)

    async def _send(
        self, topic: str, key: bytes, value: bytes | None, headers: list[tuple[str, bytes]]
    ) -> None:
        async with asyncio.timeout(15):
            await self._producer.send_and_wait(self._prefix + topic, value, key=key, headers=headers)

    async def records(self, topic: str) -> list[Any]:
        """Every record there is in a topic now."""
        consumer = AIOKafkaConsumer(
            self._prefix + topic, bootstrap_servers=self._bootstrap, auto_offset_reset="earliest"
        )
        async with asyncio.timeout(15):
            await consumer.start()
            try:
                ends = await consumer.end_offsets(list(consumer.assignment()))
                found: list[Any] = []
                while any([await consumer.position(place) < end for place, end in ends.items()]):
                    fetched = await consumer.getmany(timeout_ms=200)
                    found.extend(record for batch in fetched.values() for record in batch)
                return found
            finally:
                await consumer.stop()

    async def events(self, topic: Topic) -> list[Event[Any]]:
        """Every event there is in a topic now."""
        return [codec.decode(record.value, record.headers) for record in await self.records(topic.name)]

    async def updates(self, order_id: str) -> list[Event[Any]]:
        """Every update of an order, in their order."""
        return [event for event in await self.events(ENGINES_UPDATES) if event.data.order_id == order_id]

    async def stages(self, order_id: str, *expected: str, within: float = 20) -> list[Event[Any]]:
        """Waits until the order's updates are exactly these stages."""

        async def there() -> list[Event[Any]]:
            updates = await self.updates(order_id)
            assert [update.data.stage for update in updates] == list(expected)
            return updates

        return await eventually(there, within=within, every=0.1)

    async def caught_up(self) -> None:
        """Waits until the engine has answered everything said before: a later order in each partition."""
        markers = [f"marker-{number}" for number in range(12)]
        await self.say(*map(requested, markers))

        async def all_launched() -> bool:
            return {event.data.order_id for event in await self.events(ENGINES_UPDATES)} >= set(markers)

        await eventually(all_launched, within=20, every=0.1)
        assert len({record.partition for record in await self.records(ENGINES_UPDATES.name)}) == 3


@asynccontextmanager
async def connected(bootstrap: str, prefix: str) -> AsyncIterator[Bus]:
    """A bus that is started and stopped."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, linger_ms=0)
    async with asyncio.timeout(15):
        await producer.start()
    try:
        yield Bus(bootstrap, prefix, producer)
    finally:
        async with asyncio.timeout(5):
            await producer.stop()
