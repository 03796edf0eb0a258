"""Events out. aiokafka waits for ever for a Kafka that is away, so every wait here has a deadline."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from contracts import codec
from contracts.envelope import Event
from contracts.topics import Topic

from reference_engine.errors import BrokerUnavailable
from reference_engine.kafka import security
from reference_engine.kafka.cluster import Cluster

Headers = Sequence[tuple[str, bytes]]

log = structlog.get_logger()


class Message(NamedTuple):
    """One encoded record; `topic` with its prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


class KafkaPublisher:
    """Publishes with acks=all. `run` connects and stays; before that, publishing times out."""

    def __init__(self, cluster: Cluster, *, deadline: float = 10.0) -> None:
        self._cluster = cluster
        self._deadline = deadline
        self._producer: AIOKafkaProducer | None = None
        self._connected = asyncio.Event()

    async def reachable(self) -> bool:
        """Whether Kafka answers now; asked anew each time, so an idle engine gets well again by itself."""
        if self._producer is None:
            return False
        try:
            async with asyncio.timeout(2):
                await self._producer.client.fetch_all_metadata()
        except (TimeoutError, KafkaError, OSError):
            return False
        return True

    async def run(self) -> None:
        """Connects, however long Kafka is away; aiokafka reconnects by itself afterwards."""
        while True:
            producer = AIOKafkaProducer(
                bootstrap_servers=self._cluster.bootstrap_servers,
                **self._cluster.security,
                client_id="reference-engine",
                acks="all",
                linger_ms=0,
                request_timeout_ms=int(self._deadline * 1000),
            )
            try:
                async with asyncio.timeout(self._deadline):
                    await producer.start()
                self._producer = producer
                self._connected.set()
                await asyncio.Event().wait()
            except (KafkaError, OSError) as error:
                log.warning("Kafka does not answer", reason=await security.reason(self._cluster, error))
            finally:
                self._producer = None
                self._connected.clear()
                await close(producer)
            await asyncio.sleep(0.5)

    async def publish(self, topic: Topic, events: Sequence[Event[Any]]) -> None:
        """Returns when all are acknowledged. After BrokerUnavailable repeat them all."""
        await self.send([self._message(topic, event) for event in events])

    async def send(self, messages: Sequence[Message]) -> None:
        """The same for records that are encoded already."""
        try:
            async with asyncio.timeout(self._deadline):
                await self._connected.wait()
                await self._send(messages)
        except (TimeoutError, KafkaError) as error:
            raise BrokerUnavailable(f"Kafka did not acknowledge: {type(error).__name__}") from error

    async def _send(self, messages: Sequence[Message]) -> None:
        producer = self._producer
        if producer is None:
            raise BrokerUnavailable("not connected")
        waiting = [
            await producer.send(message.topic, message.value, key=message.key, headers=list(message.headers))
            for message in messages
        ]
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome

    def _message(self, topic: Topic, event: Event[Any]) -> Message:
        value, headers = codec.encode(event)
        return Message(self._cluster.prefix + topic.name, topic.key(event), value, headers)


async def close(client: Any) -> None:
    """Stops an aiokafka client within five seconds; `stop` alone may wait for ever."""
    with contextlib.suppress(TimeoutError, KafkaError, OSError):
        async with asyncio.timeout(5):
            await client.stop()
