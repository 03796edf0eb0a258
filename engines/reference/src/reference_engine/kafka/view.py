"""What is known of every order: both topics read from their beginning at the start, and followed.

No group and no commit: each replica reads everything, so any replica serves any candidate, and there is no
store beside Kafka to lose. It reaches back as far as the topics do.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from contracts import codec
from contracts.envelope import Event
from contracts.errors import ContractError
from contracts.topics import ENGINES_UPDATES, ORDERS_REQUESTS

from reference_engine.kafka import security
from reference_engine.kafka.cluster import Cluster
from reference_engine.kafka.producer import close

log = structlog.get_logger()


class StateView:
    """Calls `apply` with every event, from the first there is; again from there after a broken line."""

    def __init__(self, cluster: Cluster, *, apply: Callable[[Event[Any]], None]) -> None:
        self._cluster = cluster
        self._topics = {cluster.prefix + topic.name for topic in (ORDERS_REQUESTS, ENGINES_UPDATES)}
        self._apply = apply
        self.loaded = asyncio.Event()
        """Set when everything that was there at the start was read."""

    async def run(self) -> None:
        """Runs until cancelled; a Kafka that is away, or has not the topics yet, is waited for."""
        while True:
            consumer = AIOKafkaConsumer(
                *self._topics,
                bootstrap_servers=self._cluster.bootstrap_servers,
                **self._cluster.security,
                group_id=None,
                client_id="reference-engine-view",
                auto_offset_reset="earliest",
            )
            try:
                async with asyncio.timeout(15):
                    await consumer.start()
                # A consumer stopped before its own tasks ran raises CancelledError, which would end this.
                await asyncio.sleep(0)
                await self._load(consumer)
                await self._follow(consumer)
            except (KafkaError, OSError) as error:
                reason = await security.reason(self._cluster, error)
                log.warning("view: Kafka does not answer", reason=reason)
            finally:
                await close(consumer)
            await asyncio.sleep(0.5)

    async def _load(self, consumer: Any) -> None:
        async with asyncio.timeout(15):
            assigned = consumer.assignment()
            missing = self._topics - {place.topic for place in assigned}
            if missing:
                raise TimeoutError(f"topics are missing: {', '.join(sorted(missing))}")
            ends = await consumer.end_offsets(list(assigned))
        while behind := [place for place, end in ends.items() if await self._position(consumer, place) < end]:
            await self._read(consumer, behind)
        self.loaded.set()
        log.info("state rebuilt")

    async def _position(self, consumer: Any, place: Any) -> int:
        async with asyncio.timeout(15):
            position: int = await consumer.position(place)
            return position

    async def _follow(self, consumer: Any) -> None:
        while True:
            await self._read(consumer, [])

    async def _read(self, consumer: Any, places: list[Any]) -> None:
        fetched = await consumer.getmany(*places, timeout_ms=1_000)
        for batch in fetched.values():
            for record in batch:
                try:
                    event = codec.decode(record.value, record.headers)
                except ContractError:
                    continue  # the group's consumer says so, or it is another engine's mistake
                self._apply(event)
