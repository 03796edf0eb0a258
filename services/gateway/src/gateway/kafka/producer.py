"""Orders into Kafka."""

import asyncio
from collections.abc import Sequence

import structlog
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError
from runtime.kafka import security
from runtime.kafka.producer import BrokerUnavailable, EventProducer, Message

from gateway.domain.orders import Record
from gateway.errors import Unavailable
from gateway.ports import SpooledRecord

_PROBE_DEADLINE_SECONDS = 2.0

log = structlog.get_logger()


class KafkaOrderLog:
    """Topic gateway.orders, acks=all."""

    def __init__(self, *, producer: EventProducer, bootstrap_servers: str) -> None:
        self._producer = producer
        self._bootstrap_servers = bootstrap_servers

    async def publish(self, record: Record) -> None:
        """See `gateway.ports.OrderLog`."""
        try:
            await self._producer.publish_encoded(record.topic, record.key, record.value, record.headers)
        except BrokerUnavailable as error:
            raise Unavailable(str(error)) from error
        except Exception as error:
            # Whatever it is, the broker has not acknowledged: the order goes to the spool.
            log.exception("order not published")
            raise Unavailable(type(error).__name__) from error

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
            **security.options(),
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
