"""Records on their way to one partition.

aiokafka's own `send` has a coroutine, a look at the metadata and a future of its own for each record; whole
batches have that once for all that came while the batch before was under way.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder


class _Waiting(NamedTuple):
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    acknowledged: asyncio.Future[None]
    since: float


class Outgoing:
    """Keeps the order of `put`. One batch is under way at a time; what comes meanwhile goes with the next.

    A record is acknowledged, or fails, within `deadline` seconds; with it fails all that waits behind it.
    """

    def __init__(
        self,
        *,
        producer: AIOKafkaProducer,
        topic: str,
        partition: int,
        deadline: float,
        failure: Callable[[Exception], Exception],
        acknowledged: Callable[[int], None],
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._partition = partition
        self._deadline = deadline
        self._failure = failure
        self._acknowledged = acknowledged
        self._waiting: deque[_Waiting] = deque()
        self.sending: asyncio.Task[None] | None = None
        """Runs as long as something is on its way."""
        self._loop = asyncio.get_running_loop()

    def put(
        self, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> asyncio.Future[None]:
        """Returns what is done once all in-sync replicas hold the record; its exception is `failure`'s."""
        acknowledged: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(_Waiting(key, value, headers, acknowledged, self._loop.time()))
        if self.sending is None:
            self.sending = self._loop.create_task(self._send(), name=f"to {self._topic}/{self._partition}")
        return acknowledged

    async def _send(self) -> None:
        try:
            while self._waiting:
                await self._send_batch()
        finally:
            self.sending = None

    async def _send_batch(self) -> None:
        taken: list[_Waiting] = []
        try:
            async with asyncio.timeout_at(self._waiting[0].since + self._deadline):
                batch = self._fill(taken)
                sent = await self._producer.send_batch(batch, self._topic, partition=self._partition)
                # aiokafka says how it ended in any case, maybe when nobody waits any more.
                sent.add_done_callback(_heard)
                await asyncio.shield(sent)
        except Exception as error:
            self._fail(taken, error)
            return
        except asyncio.CancelledError:
            self._fail(taken, KafkaError("sending was cancelled"))
            raise
        for record in taken:
            if not record.acknowledged.done():
                record.acknowledged.set_result(None)
        self._acknowledged(len(taken))

    def _fill(self, taken: list[_Waiting]) -> BatchBuilder:
        """Takes as many of the waiting as one batch holds; the first fits always."""
        batch = self._producer.create_batch()
        while self._waiting:
            record = self._waiting[0]
            added = batch.append(key=record.key, value=record.value, timestamp=None, headers=record.headers)
            if added is None:
                break
            taken.append(self._waiting.popleft())
        return batch

    def _fail(self, taken: Sequence[_Waiting], error: Exception) -> None:
        """Tells the batch and all that waits behind it."""
        for record in (*taken, *self._waiting):
            if not record.acknowledged.done():
                record.acknowledged.set_exception(self._failure(error))
        self._waiting.clear()


def _heard(sent: asyncio.Future[None]) -> None:
    if not sent.cancelled():
        _ = sent.exception()
