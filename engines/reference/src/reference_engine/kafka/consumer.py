"""Requests in: as a member of the group `reference-engine`, committed only after the answers are in Kafka."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from contracts import codec
from contracts.envelope import Event
from contracts.errors import ContractError
from contracts.topics import ORDERS_REQUESTS

from reference_engine.errors import BrokerUnavailable
from reference_engine.kafka import security
from reference_engine.kafka.cluster import Cluster
from reference_engine.kafka.producer import KafkaPublisher, Message, close

GROUP = "reference-engine"

log = structlog.get_logger()


class RequestConsumer:
    """Hands over a batch at a time and commits behind it, so a killed engine reads the batch again.

    A record that cannot be read goes as it came to `orders.requests.dlq`, with the cause in headers. While
    Kafka takes nothing the batch is tried again and again; nothing is skipped.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        handle: Callable[[Sequence[Event[Any]]], Awaitable[None]],
        publisher: KafkaPublisher,
        retry_every: float = 0.5,
    ) -> None:
        self._cluster = cluster
        self._topic = cluster.prefix + ORDERS_REQUESTS.name
        self._dead_letters = cluster.prefix + ORDERS_REQUESTS.dead_letter
        self._group = cluster.prefix + GROUP
        self._handle = handle
        self._publisher = publisher
        self._retry_every = retry_every

    async def run(self) -> None:
        """Runs until cancelled; a Kafka that is away is waited for."""
        while True:
            consumer = AIOKafkaConsumer(
                self._topic,
                bootstrap_servers=self._cluster.bootstrap_servers,
                **self._cluster.security,
                group_id=self._group,
                client_id=GROUP,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                session_timeout_ms=10_000,
                heartbeat_interval_ms=2_000,
            )
            try:
                async with asyncio.timeout(15):
                    await consumer.start()
                await self._consume(consumer)
            except (KafkaError, OSError) as error:
                reason = await security.reason(self._cluster, error)
                log.warning("requests: Kafka does not answer", reason=reason)
            finally:
                await close(consumer)
            await asyncio.sleep(self._retry_every)

    async def _consume(self, consumer: Any) -> None:
        while True:
            fetched = await consumer.getmany(timeout_ms=1_000, max_records=500)
            records = [record for batch in fetched.values() for record in batch]
            if not records:
                continue
            await self._until_done(records)
            offsets = {place: batch[-1].offset + 1 for place, batch in fetched.items() if batch}
            # A partition lost meanwhile is read again by its new owner: the same events, with the same ids.
            with contextlib.suppress(CommitFailedError, IllegalStateError):
                async with asyncio.timeout(15):
                    await consumer.commit(offsets)

    async def _until_done(self, records: Sequence[Any]) -> None:
        events, letters = self._read(records)
        while True:
            try:
                if letters:
                    await self._publisher.send(letters)
                    letters = []
                await self._handle(events)
            except BrokerUnavailable as error:
                log.warning("requests wait for Kafka", records=len(records), reason=str(error))
                await asyncio.sleep(self._retry_every)
            else:
                return

    def _read(self, records: Sequence[Any]) -> tuple[list[Event[Any]], list[Message]]:
        events, letters = [], []
        for record in records:
            try:
                event = codec.decode(record.value, record.headers)
                if not isinstance(event.data, ORDERS_REQUESTS.events):
                    raise ContractError(f"{event.type} does not belong here")  # noqa: TRY301 - one way to be bad
            except ContractError as error:
                letters.append(self._dead_letter(record, str(error)))
            else:
                events.append(event)
        return events, letters

    def _dead_letter(self, record: Any, reason: str) -> Message:
        log.warning("dead letter", partition=record.partition, offset=record.offset, reason=reason)
        cause = {
            "dlq_reason": reason[:500],
            "dlq_origin_topic": ORDERS_REQUESTS.name,
            "dlq_origin_partition": str(record.partition),
            "dlq_origin_offset": str(record.offset),
            "dlq_group": GROUP,
            "dlq_at": datetime.now(UTC).isoformat(),
        }
        headers = [*record.headers, *((name, text.encode()) for name, text in cause.items())]
        return Message(self._dead_letters, record.key, record.value, headers)
