"""The four topics orders follows, each in its own group so that none waits for another."""

from collections.abc import Awaitable, Callable
from typing import Any

from contracts.envelope import Event
from contracts.topics import (
    CREDENTIALS_INTEGRATIONS,
    ENGINES_UPDATES,
    GATEWAY_ORDERS,
    RESULTS_DELIVERIES,
    Topic,
)
from runtime.candidate_keys.errors import KeysUnavailable
from runtime.kafka.consumer import EventConsumer, Received, Reject, Retry
from runtime.kafka.producer import EventProducer

from orders.errors import NotYet, Refused, StorageUnavailable
from orders.service.intake import Intake
from orders.service.tracking import Tracking

CONSUMED = (GATEWAY_ORDERS, ENGINES_UPDATES, RESULTS_DELIVERIES, CREDENTIALS_INTEGRATIONS)
_SIDE_BY_SIDE = 64

Handle = Callable[[Event[Any]], Awaitable[None]]


def consumers(
    *, bootstrap_servers: str, prefix: str, producer: EventProducer, intake: Intake, tracking: Tracking
) -> dict[str, EventConsumer]:
    """Returns the consumers by topic. Lanes are orders, or companies: what concerns one keeps its order."""
    handles: dict[Topic, Handle] = {
        GATEWAY_ORDERS: intake.handle_placed,
        ENGINES_UPDATES: tracking.handle_updated,
        RESULTS_DELIVERIES: tracking.handle_delivery,
        CREDENTIALS_INTEGRATIONS: tracking.handle_integration,
    }
    return {
        topic.name: EventConsumer(
            bootstrap_servers=bootstrap_servers,
            prefix=prefix,
            group=f"orders.{topic.name}",
            topics=[topic],
            handle=_answering(handle),
            lane=lambda received: received.event.subject,
            producer=producer,
            max_in_flight=_SIDE_BY_SIDE,
        )
        for topic, handle in handles.items()
    }


def _answering(handle: Handle) -> Callable[[Received], Awaitable[None]]:
    async def answering(received: Received) -> None:
        try:
            await handle(received.event)
        except (StorageUnavailable, NotYet, KeysUnavailable) as error:
            raise Retry(str(error)) from error
        except Refused as error:
            raise Reject(str(error)) from error

    return answering
