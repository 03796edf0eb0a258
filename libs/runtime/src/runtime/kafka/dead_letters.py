"""Dead letters: a record nobody can use goes, as it came, to `<topic>.dlq` with headers that say why."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from runtime.kafka.producer import BrokerUnavailable, EventProducer
from runtime.kafka.records import Record
from runtime.logging import scrub
from runtime.metrics import DEAD_LETTERS

log = structlog.get_logger()


class TooManyDeadLetters(Exception):
    """More records in a row were refused than the budget allows: the fault is likely ours, not theirs."""


class DeadLetters:
    """Buries records; waits for Kafka as long as it takes, as what is not buried must not be committed.

    After `budget` dead letters with no record worked on between them `bury` raises TooManyDeadLetters, which
    ends the consumer: a bad release must not drain a topic into its dead letters.
    """

    def __init__(
        self,
        *,
        producer: EventProducer,
        group: str,
        budget: int,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._producer = producer
        self._group = group
        self._budget = budget
        self._now = now
        self._in_a_row = 0

    def worked(self) -> None:
        """A record was worked on: the row is broken."""
        self._in_a_row = 0

    async def bury(self, record: Record, reason: str) -> None:
        """Returns when the dead letter is acknowledged."""
        self._in_a_row += 1
        if self._in_a_row > self._budget:
            raise TooManyDeadLetters(
                f"{self._group} refused {self._budget} records in a row and stops at {record.topic}"
                f"/{record.partition}@{record.offset}: {scrub(reason)}"
            )
        headers = [*record.headers, *self._cause(record, reason)]
        while True:
            try:
                await self._producer.publish_encoded(f"{record.topic}.dlq", record.key, record.value, headers)
                break
            except BrokerUnavailable as error:
                log.warning("dead letter waits for Kafka", topic=record.topic, reason=str(error))
                await asyncio.sleep(1)
        DEAD_LETTERS.labels(self._group, record.topic).inc()
        log.warning(
            "dead letter",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            group=self._group,
            reason=reason,
        )

    def _cause(self, record: Record, reason: str) -> list[tuple[str, bytes]]:
        cause = {
            "dlq_reason": scrub(reason)[:500],
            "dlq_origin_topic": record.topic,
            "dlq_origin_partition": str(record.partition),
            "dlq_origin_offset": str(record.offset),
            "dlq_group": self._group,
            "dlq_at": self._now().isoformat(),
        }
        return [(name, text.encode()) for name, text in cause.items()]
