"""Consuming in batches: what was fetched together is worked on together, then committed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiokafka.structs import TopicPartition
from contracts.topics import Topic

from runtime.kafka.backoff import delay, is_cancelled
from runtime.kafka.dead_letters import DeadLetters
from runtime.kafka.decoding import Decoder
from runtime.kafka.member import Member
from runtime.kafka.producer import EventProducer
from runtime.kafka.records import BadRecords, Received, Record
from runtime.metrics import CONSUMED, RETRIED

log = structlog.get_logger()


class BatchConsumer:
    """Hands over up to `max_records` events at a time, in the order of each partition, one batch at a time.

    The batch is committed when `handle` returns. `BadRecords` makes some of it dead letters and hands over
    the rest again; any other exception, and taking longer than `deadline`, has the whole batch tried again
    until it works: write it in one transaction with the inbox. When partitions are taken away the batch gets
    `grace` seconds, then is cancelled and forgotten: its next owner begins it again.
    """

    def __init__(
        self,
        *,
        bootstrap_servers: str,
        prefix: str,
        group: str,
        topics: Sequence[Topic],
        handle: Callable[[Sequence[Received]], Awaitable[None]],
        producer: EventProducer,
        max_records: int = 500,
        deadline: float = 60.0,
        backoff: tuple[float, float] = (0.1, 15.0),
        grace: float = 3.0,
        dead_letter_budget: int = 50,
    ) -> None:
        self._member = Member(
            bootstrap_servers=bootstrap_servers,
            prefix=prefix,
            group=group,
            topics=topics,
            on_revoked=self._revoked,
        )
        self._group = group
        self._handle = handle
        self._dead_letters = DeadLetters(producer=producer, group=group, budget=dead_letter_budget)
        self._decoder = Decoder(topics)
        self._max_records = max_records
        self._deadline = deadline
        self._backoff = backoff
        self._grace = grace
        self._working: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Consumes until cancelled. Raises TooManyDeadLetters, or a Kafka error that waiting cannot cure."""
        await self._member.start()
        try:
            while True:
                batch = await self._member.poll(max_records=self._max_records, within=0.5)
                if batch:
                    await self._work_off(batch)
        finally:
            await self._give_up()
            await self._member.stop()

    async def _work_off(self, batch: Sequence[tuple[TopicPartition, Record]]) -> None:
        task = self._working = asyncio.create_task(self._work(batch), name=f"{self._group} batch")
        await asyncio.wait([task])
        self._working = None
        if not task.cancelled():  # by a rebalance
            task.result()

    async def _revoked(self, _places: set[TopicPartition]) -> None:
        # aiokafka takes all partitions away at each rebalance, so the batch is all or nothing.
        await self._give_up()

    async def _give_up(self) -> None:
        task = self._working
        if task is None:
            return
        await asyncio.wait([task], timeout=self._grace)
        task.cancel()
        await asyncio.wait([task])

    async def _work(self, batch: Sequence[tuple[TopicPartition, Record]]) -> None:
        records = {(record.topic, record.partition, record.offset): record for _, record in batch}
        events: list[Received] = []
        for record in records.values():
            outcome = self._decoder.decode(record)
            if isinstance(outcome, Received):
                events.append(outcome)
            elif outcome is not None:
                await self._dead_letters.bury(record, outcome)
        tries = 0
        while events:
            try:
                async with asyncio.timeout(self._deadline):
                    await self._handle(events)
            except BadRecords as error:
                events = await self._bury(records, events, error)
            except (Exception, asyncio.CancelledError) as error:
                if is_cancelled():
                    raise
                tries += 1
                await self._back_off(tries, error)
            else:
                self._dead_letters.worked()
                break
        for record in records.values():
            CONSUMED.labels(self._group, record.topic).inc()
        # In the order of offsets, so the last one of each partition stays.
        await self._member.commit({place: record.offset + 1 for place, record in batch})

    async def _bury(
        self, records: dict[tuple[str, int, int], Record], events: list[Received], error: BadRecords
    ) -> list[Received]:
        bad = {_place(received): reason for received, reason in error.records}
        if not bad:
            raise RuntimeError("BadRecords without a record would repeat for ever") from error
        for place, reason in bad.items():
            await self._dead_letters.bury(records[place], reason)
        return [received for received in events if _place(received) not in bad]

    async def _back_off(self, tries: int, error: BaseException) -> None:
        RETRIED.labels(self._group, "batch").inc()
        log.warning("batch will be tried again", group=self._group, tries=tries, exc_info=error)
        await asyncio.sleep(delay(tries, self._backoff))


def _place(received: Received) -> tuple[str, int, int]:
    return received.topic, received.partition, received.offset
