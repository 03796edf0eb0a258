"""What the gateway reads: two compacted topics as views in memory, and launch addresses into PostgreSQL."""

import asyncio
from collections.abc import Sequence
from typing import Any

from contracts.envelope import Event
from contracts.events.assessment import AssessmentUpdated, Stage
from contracts.topics import (
    CREDENTIALS_INTEGRATIONS,
    CREDENTIALS_REVOCATIONS,
    ENGINES_PACKAGES,
    ENGINES_UPDATES,
)
from runtime.kafka.consumer import BadRecords, BatchConsumer, Received
from runtime.kafka.producer import EventProducer
from runtime.kafka.view import CompactedView

from gateway.domain.catalogue import Catalogue
from gateway.domain.connections import Connections
from gateway.domain.revocations import Revocations
from gateway.ports import Launch, Launches

GROUP = "gateway"


def packages_view(*, bootstrap_servers: str, prefix: str, catalogue: Catalogue) -> CompactedView:
    """Keeps `catalogue` as engines.packages has it."""
    return CompactedView(
        bootstrap_servers=bootstrap_servers, prefix=prefix, topic=ENGINES_PACKAGES, apply=catalogue.apply
    )


def integrations_view(
    *, bootstrap_servers: str, prefix: str, connections: Connections, changed: asyncio.Event
) -> CompactedView:
    """Keeps `connections` as credentials.integrations has it; wakes whoever waits for `changed`."""

    def apply(key: bytes, event: Event[Any] | None) -> None:
        connections.apply(key, event)
        # A pulse: those who wait now go on, those who come later wait for the next.
        changed.set()
        changed.clear()

    return CompactedView(
        bootstrap_servers=bootstrap_servers, prefix=prefix, topic=CREDENTIALS_INTEGRATIONS, apply=apply
    )


def revocations_view(*, bootstrap_servers: str, prefix: str, revocations: Revocations) -> CompactedView:
    """Keeps `revocations` as credentials.revocations has it: not compacted, and read whole all the same."""
    return CompactedView(
        bootstrap_servers=bootstrap_servers,
        prefix=prefix,
        topic=CREDENTIALS_REVOCATIONS,
        apply=revocations.apply,
    )


def launches_consumer(
    *, bootstrap_servers: str, prefix: str, producer: EventProducer, launches: Launches
) -> BatchConsumer:
    """Writes launch addresses and ends of assessments as engines tell them."""

    async def handle(batch: Sequence[Received]) -> None:
        unfit = [received for received in batch if _has_nul(received)]
        if unfit:
            raise BadRecords([(received, "launch_url has a NUL character") for received in unfit])
        await launches.put_many(fold(batch))

    return BatchConsumer(
        bootstrap_servers=bootstrap_servers,
        prefix=prefix,
        group=GROUP,
        topics=[ENGINES_UPDATES],
        handle=handle,
        producer=producer,
    )


def _has_nul(received: Received) -> bool:
    """PostgreSQL holds no NUL in text: without this the batch would be tried for ever."""
    update = received.event.data
    return isinstance(update, AssessmentUpdated) and "\0" in (update.launch_url or "")


def fold(batch: Sequence[Received]) -> dict[str, Launch]:
    """Returns what a batch says of each order: the last address, and whether any update was the final one."""
    found: dict[str, Launch] = {}
    for received in batch:
        update = received.event.data
        if not isinstance(update, AssessmentUpdated):
            continue
        finished = update.stage in {Stage.COMPLETED, Stage.FAILED}
        if update.launch_url is None and not finished:
            continue
        before = found.get(update.order_id, Launch(url=None, finished=False))
        found[update.order_id] = Launch(
            url=update.launch_url or before.url, finished=finished or before.finished
        )
    return found
