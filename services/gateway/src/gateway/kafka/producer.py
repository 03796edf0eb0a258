"""Orders into Kafka."""

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from runtime.kafka.producer import BrokerUnavailable, EventProducer, Message

from gateway.domain.orders import Record
from gateway.errors import Unavailable
from gateway.ports import SpooledRecord

_PROBE_DEADLINE_SECONDS = 2.0

log = structlog.get_logger()


class KafkaOrderLog:
    """Topic gateway.orders, acks=all. Orders of a moment go out together, under one deadline."""

    def __init__(self, *, producer: EventProducer, bootstrap_servers: str) -> None:
        self._producer = producer
        self._bootstrap_servers = bootstrap_servers
        self._waiting: list[tuple[Message, asyncio.Future[None]]] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def publish(self, record: Record) -> None:
        """See `gateway.ports.OrderLog`."""
        loop = asyncio.get_running_loop()
        acknowledged = loop.create_future()
        self._waiting.append((Message(record.topic, record.key, record.value, record.headers), acknowledged))
        if len(self._waiting) == 1:
            _ = loop.call_soon(self._send_waiting)
        await acknowledged

    def _send_waiting(self) -> None:
        batch, self._waiting = self._waiting, []
        task = asyncio.create_task(self._send(batch), name="orders to Kafka")
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, batch: Sequence[tuple[Message, asyncio.Future[None]]]) -> None:
        error: Unavailable | None = None
        try:
            await self._producer.publish_batch([message for message, _ in batch])
        except BrokerUnavailable as unavailable:
            error = Unavailable(str(unavailable))
        except Exception as unforeseen:
            # Whatever it is, the broker has not acknowledged: the orders go to the spool.
            log.exception("orders not published")
            error = Unavailable(type(unforeseen).__name__)
        for _, acknowledged in batch:
            if acknowledged.done():  # its request was given up
                continue
            if error is None:
                acknowledged.set_result(None)
            else:
                acknowledged.set_exception(error)

    async def publish_spooled(self, records: Sequence[SpooledRecord]) -> None:
        """See `gateway.ports.OrderLog`."""
        try:
            await self._producer.publish_batch([Message(*record) for record in records])
        except BrokerUnavailable as error:
            raise Unavailable(str(error)) from error

    async def answers(self) -> bool:
        """See `gateway.ports.OrderLog`. On a connection of its own: the producer's may be the broken one."""
        client = AIOKafkaClient(
            bootstrap_servers=self._bootstrap_servers,
            client_id="gateway-probe",
            request_timeout_ms=int(_PROBE_DEADLINE_SECONDS * 1000),
        )
        try:
            async with asyncio.timeout(_PROBE_DEADLINE_SECONDS):
                await client.bootstrap()
        except (TimeoutError, KafkaError, OSError):
            return False
        else:
            return True
        finally:
            await client.close()
