"""Publishing: a call returns when all in-sync replicas hold the record, or fails by a deadline.

aiokafka waits for ever for a Kafka that is away, when starting, sending and stopping; nothing here does.
"""

import asyncio
from collections.abc import Sequence
from functools import cache
from types import TracebackType
from typing import Any, NamedTuple, Self

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from contracts import codec
from contracts.envelope import Event
from contracts.topics import Topic

from runtime import tracing
from runtime.deadlines import Deadlines
from runtime.kafka import security
from runtime.kafka.closing import begin, close_producer
from runtime.kafka.partitioner import partition
from runtime.metrics import PUBLISH_FAILURES, PUBLISHED, Tally

# As large as one request of many small records wants to be; a larger record is a batch of its own.
_BATCH_BYTES = 64 * 1024

log = structlog.get_logger()


class BrokerUnavailable(Exception):
    """Kafka did not acknowledge in time. The record may still arrive: repeat it with the same event id."""


class Message(NamedTuple):
    """One encoded record; the topic's name without the prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class EventProducer:
    """Publishes with acks=all, without delay, each call within `deadline` seconds.

    Records of a partition keep the order of their calls. No idempotent mode: with it aiokafka keeps records
    without limit while Kafka is away; consumers recognise a repeat by its event id. Starting succeeds without
    Kafka: it goes on trying, and `publish` raises BrokerUnavailable until it is there.
    """

    def __init__(
        self, *, bootstrap_servers: str, client_id: str, prefix: str = "", deadline: float = 10.0
    ) -> None:
        self._bootstrap = bootstrap_servers
        self._client_id = client_id
        self._prefix = prefix
        self._deadline = deadline
        self._deadlines = Deadlines(deadline)
        self._producer: AIOKafkaProducer | None = None
        self._connected = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None
        self._well = False

    @property
    def healthy(self) -> bool:
        """Whether Kafka was reached and acknowledged the last thing sent."""
        return self._connected.is_set() and self._well

    async def start(self) -> None:
        """Connects; after two seconds without an answer it goes on in the background."""
        self._connecting = asyncio.create_task(self._connect(), name=f"{self._client_id} connects to Kafka")
        await asyncio.wait([self._connecting], timeout=min(2.0, self._deadline))

    async def stop(self) -> None:
        """Sends what is waiting and closes, within five seconds."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        producer, self._producer = self._producer, None
        self._connected.clear()
        if producer is not None:
            await close_producer(producer)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    async def publish(self, topic: Topic, event: Event[Any]) -> None:
        """Publishes one event. Raises BrokerUnavailable; TypeError when it does not belong there."""
        key = topic.key(event)
        value, headers = codec.encode(event)
        if not event.traceparent:
            headers.append(("traceparent", tracing.ensure().encode()))
        await self.publish_encoded(topic.name, key, value, headers)

    async def publish_encoded(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        """Publishes one record as it is; `value` None is a tombstone."""
        try:
            with self._deadlines.block():
                await (await self._send(topic, key, value, headers))
        except (TimeoutError, KafkaError) as error:
            raise self._failed([topic], error) from error
        self._well = True
        _published(topic).count += 1

    async def publish_batch(self, messages: Sequence[Message]) -> None:
        """Publishes records together; returns when all are acknowledged.

        After BrokerUnavailable any of them may have arrived: repeat them all.
        """
        try:
            with self._deadlines.block():
                outcomes = await asyncio.gather(
                    *[await self._send(*message) for message in messages], return_exceptions=True
                )
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
        except (TimeoutError, KafkaError) as error:
            raise self._failed([message.topic for message in messages], error) from error
        self._well = True
        for message in messages:
            _published(message.topic).count += 1

    async def answers(self) -> bool:
        """Asks Kafka now: a probe for `Health.check`, which sets the deadline."""
        producer = self._producer
        return producer is not None and bool(await producer.client.force_metadata_update())

    async def _send(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> asyncio.Future[Any]:
        """Hands a record to aiokafka; returns the acknowledgement to come."""
        if not self._connected.is_set():
            await self._connected.wait()
        if self._producer is None:
            raise BrokerUnavailable("the producer is stopped")
        acknowledged: asyncio.Future[Any] = await self._producer.send(
            self._prefix + topic, value, key=key, headers=headers
        )
        return acknowledged

    def _failed(self, topics: Sequence[str], error: Exception) -> BrokerUnavailable:
        self._well = False
        for topic in topics:
            PUBLISH_FAILURES.labels(topic).inc()
        cause = f"no answer within {self._deadline} s" if isinstance(error, TimeoutError) else repr(error)
        return BrokerUnavailable(f"Kafka did not acknowledge: {cause}")

    async def _connect(self) -> None:
        while True:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                **security.options(),
                client_id=self._client_id,
                acks="all",
                linger_ms=0,
                max_batch_size=_BATCH_BYTES,
                partitioner=partition,
                # Also how long aiokafka keeps a record that nobody waits for any more.
                request_timeout_ms=int(self._deadline * 1000),
            )
            try:
                await begin(producer.start, within=self._deadline)
            except (KafkaError, OSError) as error:
                await close_producer(producer)
                reason = await security.reason(self._bootstrap, error)
                log.warning("Kafka does not answer", client=self._client_id, reason=reason)
                await asyncio.sleep(0.5)
            except asyncio.CancelledError:
                await close_producer(producer)
                raise
            else:
                self._producer, self._well = producer, True
                self._connected.set()
                return


@cache
def _published(topic: str) -> Tally:
    return Tally(PUBLISHED.labels(topic))
