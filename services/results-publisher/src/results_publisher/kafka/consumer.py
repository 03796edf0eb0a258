"""Consuming gateway.orders, engines.updates and credentials.integrations in batches."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from contracts.envelope import Event
from contracts.topics import CREDENTIALS_INTEGRATIONS, ENGINES_UPDATES, GATEWAY_ORDERS
from runtime.kafka.consumer import BadRecords, BatchConsumer, Received
from runtime.kafka.producer import EventProducer

from results_publisher.errors import RefusedEvents

GROUP = "results-publisher"
TOPICS = (GATEWAY_ORDERS, ENGINES_UPDATES, CREDENTIALS_INTEGRATIONS)


def consumer(
    *,
    bootstrap_servers: str,
    prefix: str,
    producer: EventProducer,
    handle: Callable[[Sequence[Event[Any]]], Awaitable[None]],
    max_records: int = 1000,
) -> BatchConsumer:
    """Returns a consumer that commits a batch after it is kept, and buries what can never be."""

    async def work(batch: Sequence[Received]) -> None:
        try:
            await handle([received.event for received in batch])
        except RefusedEvents as error:
            bad = [(one, error.reasons[one.event.id]) for one in batch if one.event.id in error.reasons]
            raise BadRecords(bad) from error

    return BatchConsumer(
        bootstrap_servers=bootstrap_servers,
        prefix=prefix,
        group=GROUP,
        topics=TOPICS,
        handle=work,
        producer=producer,
        max_records=max_records,
    )
