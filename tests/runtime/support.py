"""Events and short ways to Kafka for the runtime's tests."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord
from contracts import codec
from contracts.envelope import Event
from contracts.events.result import DeliveryKind, ResultPublished
from contracts.topics import ENGINES_UPDATES, RESULTS_DELIVERIES
from runtime.kafka.consumer import EventConsumer, Received
from runtime.kafka.producer import EventProducer, Message
from runtime.kafka.view import CompactedView
from runtime.process import Supervisor

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def published(order_id: str, number: int = 0, company_id: str = "acme") -> Event[ResultPublished]:
    """Returns an event about an order; `attempts` tells one from the next."""
    data = ResultPublished(
        order_id=order_id,
        company_id=company_id,
        delivery_id=f"{order_id}-{number}",
        kind=DeliveryKind.RESULT,
        attempts=number,
        occurred_at=AT,
    )
    return Event(id=uuid4(), source="tests", time=AT, data=data)


def message(event: Event[ResultPublished], key: bytes | None = None) -> Message:
    """Returns the event's record, under another key when one is given."""
    value, headers = codec.encode(event)
    return Message(RESULTS_DELIVERIES.name, key or RESULTS_DELIVERIES.key(event), value, headers)


@asynccontextmanager
async def producing(kafka: str, prefix: str) -> AsyncIterator[EventProducer]:
    """A started producer."""
    async with EventProducer(bootstrap_servers=kafka, prefix=prefix, client_id="tests") as producer:
        yield producer


@asynccontextmanager
async def clients(
    bootstrap: str, prefix: str, heard: list[str], viewed: list[bytes]
) -> AsyncIterator[EventProducer]:
    """A producer, a consumer that tells `heard` and a view that tells `viewed`; they wait for Kafka."""

    async def handle(received: Received) -> None:
        heard.append(received.event.subject)

    async with (
        EventProducer(bootstrap_servers=bootstrap, prefix=prefix, client_id="tests") as producer,
        AsyncExitStack() as stack,
    ):
        supervisor = Supervisor(stack)
        consumer = EventConsumer(
            topics=[ENGINES_UPDATES],
            group="orders.tests",
            handle=handle,
            lane=lambda _: "",
            bootstrap_servers=bootstrap,
            prefix=prefix,
            producer=producer,
        )
        view = CompactedView(
            bootstrap_servers=bootstrap,
            prefix=prefix,
            topic=ENGINES_UPDATES,
            apply=lambda key, _event: viewed.append(key),
        )
        _ = supervisor.spawn("consumer", consumer.run())
        _ = supervisor.spawn("view", view.run())
        yield producer


async def everything(kafka: str, topic: str, count: int, within_ms: int = 10_000) -> list[ConsumerRecord]:
    """Returns the topic's records from its start: `count` of them, fewer when no more come in time."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        found: list[ConsumerRecord] = []
        while len(found) < count:
            fetched = await consumer.getmany(timeout_ms=within_ms)
            if not fetched:
                break
            found += [record for records in fetched.values() for record in records]
        return found
    finally:
        await consumer.stop()
