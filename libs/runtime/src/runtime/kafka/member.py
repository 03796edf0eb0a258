"""One member of a consumer group: aiokafka's consumer with a deadline on every wait."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition
from contracts.topics import Topic

from runtime.kafka import security
from runtime.kafka.closing import begin, close_consumer
from runtime.kafka.records import Record

OnRevoked = Callable[[set[TopicPartition]], Awaitable[None]]

log = structlog.get_logger()


class Member(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Reads topics as part of a group; commits only what it is told to.

    `on_revoked` is called, and waited for, before a rebalance takes partitions; commits still count.
    """

    def __init__(
        self,
        *,
        bootstrap_servers: str,
        prefix: str,
        group: str,
        topics: Sequence[Topic],
        on_revoked: OnRevoked,
    ) -> None:
        self.group = group
        self._bootstrap = bootstrap_servers
        self._prefix = prefix
        self._topics = [prefix + topic.name for topic in topics]
        self._on_revoked = on_revoked
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Returns when Kafka has answered, however long that takes."""
        while True:
            consumer = self._make()
            try:
                await begin(consumer.start, within=15)
            except (KafkaError, OSError) as error:
                await close_consumer(consumer)
                reason = await security.reason(self._bootstrap, error)
                log.warning("Kafka does not answer", group=self.group, reason=reason)
                await asyncio.sleep(0.5)
            except BaseException:
                await close_consumer(consumer)
                raise
            else:
                consumer.subscribe(self._topics, listener=self)
                self._consumer = consumer
                return

    async def stop(self) -> None:
        """Leaves the group, within five seconds."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await close_consumer(consumer)

    async def poll(self, *, max_records: int, within: float) -> list[tuple[TopicPartition, Record]]:
        """Returns the next records, in each partition's order; none when nothing came `within` the time."""
        fetched = await self._open.getmany(timeout_ms=int(within * 1000), max_records=max_records)
        return [(place, self._record(record)) for place, records in fetched.items() for record in records]

    def hold(self, places: Iterable[TopicPartition]) -> None:
        """Fetches from all assigned partitions but these."""
        consumer, held = self._open, set(places)
        assigned, paused = consumer.assignment(), consumer.paused()
        with contextlib.suppress(IllegalStateError):  # taken away meanwhile
            consumer.pause(*((held & assigned) - paused))
            consumer.resume(*((paused & assigned) - held))

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Returns whether the offsets are committed; what is not is read again by the next owner."""
        if not offsets:
            return True
        try:
            async with asyncio.timeout(5):
                await self._open.commit(dict(offsets))
        except (CommitFailedError, IllegalStateError):
            log.info("commit came after a rebalance", group=self.group)
            return False
        except (TimeoutError, KafkaError) as error:
            log.warning("commit failed", group=self.group, reason=type(error).__name__)
            return False
        return True

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Called by aiokafka before a rebalance."""
        await self._on_revoked(set(revoked))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Called by aiokafka after a rebalance."""
        log.info(
            "partitions assigned",
            group=self.group,
            partitions=sorted(f"{p.topic}/{p.partition}" for p in assigned),
        )

    @property
    def _open(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            raise RuntimeError("the consumer is not started")
        return self._consumer

    def _make(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            **security.options(),
            group_id=self._prefix + self.group,
            client_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=3_000,
            rebalance_timeout_ms=15_000,
            # A hung handler is ended by its own deadline; leaving the group would only stop the other lanes.
            max_poll_interval_ms=24 * 3600 * 1000,
            request_timeout_ms=15_000,
            # How soon a topic or partition that came later is noticed.
            metadata_max_age_ms=15_000,
        )

    def _record(self, record: ConsumerRecord) -> Record:
        return Record(
            record.topic[len(self._prefix) :],
            record.partition,
            record.offset,
            record.key,
            record.value,
            tuple(record.headers),
        )
