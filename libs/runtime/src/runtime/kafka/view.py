"""A compacted topic as a view in memory: every replica reads all of it, then follows."""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition
from contracts import codec
from contracts.envelope import Event
from contracts.errors import ContractError
from contracts.topics import Topic

from runtime.kafka import security
from runtime.kafka.closing import begin, close_consumer

log = structlog.get_logger()

# A leader without news answers a fetch after half a second.
_FED_WITHIN = 1.0


class CompactedView:
    """Calls `apply(key, event)` for every record from the topic's start on, with None for a tombstone.

    No consumer group and no commits: a restart reads everything again, so `apply` must bear repeats. A record
    that cannot be decoded is logged and skipped: what its key had before stays.
    """

    def __init__(
        self,
        *,
        bootstrap_servers: str,
        prefix: str,
        topic: Topic,
        apply: Callable[[bytes, Event[Any] | None], None],
    ) -> None:
        self._bootstrap = bootstrap_servers
        self._topic = topic
        self._name = prefix + topic.name
        self._apply = apply
        self._loaded = asyncio.Event()
        self._fed = False

    @property
    def is_loaded(self) -> bool:
        """Whether all that stood in the topic at the start has been applied: a probe for `Health.check`."""
        return self._loaded.is_set()

    @property
    def is_fed(self) -> bool:
        """Whether what stands in the topic has been applied, and Kafka would have told of more by now.

        False when a partition's leader has not answered for a second: others may know what we do not.
        """
        return self._fed

    async def loaded(self) -> None:
        """Returns when all that stood in the topic at the start has been applied."""
        await self._loaded.wait()

    async def run(self) -> None:
        """Reads until cancelled; waits for a Kafka or a topic that is not there yet."""
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                **security.options(),
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                request_timeout_ms=15_000,
            )
            try:
                async with asyncio.timeout(15):
                    ends = await self._begin(consumer)
                await self._follow(consumer, ends)
            except (TimeoutError, KafkaError, OSError) as error:
                reason = await security.reason(self._bootstrap, error)
                log.warning("view waits for Kafka", topic=self._topic.name, reason=reason)
            finally:
                self._fed = False
                await close_consumer(consumer)
            await asyncio.sleep(0.5)

    async def _begin(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
        await begin(consumer.start, within=15)
        # Asked for by name, as the client's own metadata holds no topic before one is assigned.
        await consumer._client.add_topic(self._name)  # noqa: SLF001 - partitions_for_topic does not wait for it
        partitions = consumer.partitions_for_topic(self._name) or set()
        if not partitions:
            raise KafkaError(f"topic {self._name} is not there")
        places = [TopicPartition(self._name, partition) for partition in sorted(partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
        return ends

    async def _follow(self, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> None:
        polls, reached = _Polls(consumer, ends), False
        while True:
            if not reached and await _reached(consumer, ends):
                reached = True
                if not self._loaded.is_set():
                    self._loaded.set()
                    log.info("view loaded", topic=self._topic.name)
            fetched = await consumer.getmany(timeout_ms=200, max_records=500)
            for records in fetched.values():
                for record in records:
                    self._take(record.key or b"", record.value, record.headers, record.offset)
            self._fed = reached and polls.are_recent()
            await asyncio.sleep(0)

    def _take(self, key: bytes, value: bytes | None, headers: Any, offset: int) -> None:
        if value is None:
            self._apply(key, None)
            return
        try:
            event = codec.decode(value, headers)
        except ContractError as error:
            log.warning("record skipped", topic=self._topic.name, offset=offset, reason=str(error))
            return
        self._apply(key, event)


class _Polls:
    """When each partition's leader last answered a fetch, with records or without.

    Nothing else tells that Kafka is away: then the consumer goes on trying, and returns no records.
    """

    def __init__(self, consumer: AIOKafkaConsumer, places: Collection[TopicPartition]) -> None:
        self._consumer = consumer
        self._last: dict[TopicPartition, int | None] = dict.fromkeys(places)
        self._at = dict.fromkeys(places, -_FED_WITHIN)

    def are_recent(self) -> bool:
        """Whether all of them have within the last second; to be asked several times a second."""
        now = time.monotonic()
        for place, last in self._last.items():
            polled = self._consumer.last_poll_timestamp(place)
            if polled != last:
                self._last[place], self._at[place] = polled, now
        return all(now - at < _FED_WITHIN for at in self._at.values())


async def _reached(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    for place, end in ends.items():
        if end > 0 and await consumer.position(place) < end:
            return False
    return True
