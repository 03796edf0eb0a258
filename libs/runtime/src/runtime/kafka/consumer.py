"""Consuming events: at least once, in order where order matters, never committing past unfinished work."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
from aiokafka.structs import TopicPartition
from contracts.topics import Topic

from runtime import tracing
from runtime.database import UNAVAILABLE
from runtime.kafka.backoff import delay, is_cancelled
from runtime.kafka.batch import BatchConsumer
from runtime.kafka.dead_letters import DeadLetters, TooManyDeadLetters
from runtime.kafka.decoding import Decoder
from runtime.kafka.lanes import Lanes
from runtime.kafka.member import Member
from runtime.kafka.producer import BrokerUnavailable, EventProducer
from runtime.kafka.progress import Progress
from runtime.kafka.records import BadRecords, Received, Record, Reject, Retry
from runtime.metrics import CONSUMED, RETRIED, UNCOMMITTED

__all__ = [
    "BadRecords",
    "BatchConsumer",
    "EventConsumer",
    "Received",
    "Record",
    "Reject",
    "Retry",
    "TooManyDeadLetters",
]

log = structlog.get_logger()

# A database or broker that is away says nothing about the record: such failures never lead to a dead letter.
_AWAY = (*UNAVAILABLE, BrokerUnavailable)


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    place: TopicPartition
    progress: Progress
    record: Record
    outcome: Received | str  # the event, or why it is none


class EventConsumer:
    """Hands each event to `handle`: one at a time in a lane, lanes side by side.

    An event is done when `handle` returns; `Reject` makes it a dead letter; `Retry`, PostgreSQL or Kafka
    being away, or taking longer than `deadline`, has it tried again until it works; any other exception is
    tried `attempts` times, then a dead letter. What cannot be decoded is a dead letter; a tombstone is
    skipped.

    Committed is the lowest unfinished offset of each partition, so a crash repeats work and loses none. A
    lane that hangs does not stop the others until `max_uncommitted` records of its partition lie behind it:
    then the partition is paused, so that memory and repetition stay bounded. At most `max_in_flight` handlers
    run at a time.

    When partitions are taken away their running handlers get `grace` seconds, what is finished is committed,
    the rest is cancelled and forgotten: its next owner begins it again.
    """

    def __init__(
        self,
        *,
        bootstrap_servers: str,
        prefix: str,
        group: str,
        topics: Sequence[Topic],
        handle: Callable[[Received], Awaitable[None]],
        lane: Callable[[Received], str],
        producer: EventProducer,
        max_in_flight: int = 256,
        max_uncommitted: int = 5000,
        attempts: int = 5,
        deadline: float = 120.0,
        backoff: tuple[float, float] = (0.1, 15.0),
        commit_every: float = 0.2,
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
        self._lane = lane
        self._dead_letters = DeadLetters(producer=producer, group=group, budget=dead_letter_budget)
        self._decoder = Decoder(topics)
        self._slots = asyncio.Semaphore(max_in_flight)
        self._max_uncommitted = max_uncommitted
        self._attempts = attempts
        self._deadline = deadline
        self._backoff = backoff
        self._commit_every = commit_every
        self._grace = grace
        self._lanes: Lanes[_Work] = Lanes(self._work, self._fail)
        self._progress: dict[TopicPartition, Progress] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Consumes until cancelled. Raises TooManyDeadLetters, or a Kafka error that waiting cannot cure."""
        await self._member.start()
        committing = asyncio.create_task(self._commit_regularly(), name=f"{self._group} commits")
        try:
            while self._failure is None:
                self._member.hold(self._full())
                for place, record in await self._member.poll(max_records=500, within=0.2):
                    self._accept(place, record)
            raise self._failure
        finally:
            committing.cancel()
            await asyncio.wait([committing])
            await self._lanes.drop(lambda _work: True, grace=self._grace)
            await self._commit()
            await self._member.stop()

    def _full(self) -> list[TopicPartition]:
        open_records = {place: progress.open for place, progress in self._progress.items()}
        UNCOMMITTED.labels(self._group).set(sum(open_records.values()))
        return [place for place, count in open_records.items() if count >= self._max_uncommitted]

    def _accept(self, place: TopicPartition, record: Record) -> None:
        progress = self._progress.setdefault(place, Progress())
        progress.begin(record.offset)
        outcome = self._decoder.decode(record)
        if outcome is None:
            progress.finish(record.offset)
            return
        lane = f"\0{place}"  # of what goes straight to the dead letters
        if isinstance(outcome, Received):
            try:
                lane = self._lane(outcome)
            except Exception as error:
                outcome = f"it has no lane: {type(error).__name__}"
        self._lanes.add(lane, _Work(place, progress, record, outcome))

    async def _work(self, work: _Work) -> None:
        reason = work.outcome if isinstance(work.outcome, str) else await self._try_until_done(work.outcome)
        if reason is None:
            self._dead_letters.worked()
        else:
            await self._dead_letters.bury(work.record, reason)
        work.progress.finish(work.record.offset)
        CONSUMED.labels(self._group, work.record.topic).inc()

    async def _try_until_done(self, received: Received) -> str | None:
        """Returns why it can never be done, None when it is."""
        tracing.start(received.event.traceparent)
        failures = tries = 0
        while True:
            try:
                await self._try(received)
            except Reject as error:
                return error.reason
            except Retry as error:
                reason = error.reason
            except _AWAY as error:
                reason = f"{type(error).__name__}: {error}"
            except Exception as error:
                failures, reason = failures + 1, f"{type(error).__name__}: {error}"
                if failures >= self._attempts:
                    log.warning(
                        "handler failed", topic=received.topic, offset=received.offset, exc_info=error
                    )
                    return f"failed {failures} times: {reason}"
            else:
                return None
            tries += 1
            await self._back_off(received, tries, reason)

    async def _try(self, received: Received) -> None:
        async with self._slots:
            limit = asyncio.timeout(self._deadline)
            try:
                async with limit:
                    await self._handle(received)
            except TimeoutError as error:
                if not limit.expired():
                    raise
                raise Retry(f"it took more than {self._deadline} s") from error
            except asyncio.CancelledError as error:
                if is_cancelled():
                    raise
                raise RuntimeError("something it waited for was cancelled") from error

    async def _back_off(self, received: Received, tries: int, reason: str) -> None:
        RETRIED.labels(self._group, received.topic).inc()
        log.info("will try again", topic=received.topic, offset=received.offset, tries=tries, reason=reason)
        await asyncio.sleep(delay(tries, self._backoff))

    async def _revoked(self, places: set[TopicPartition]) -> None:
        await self._lanes.drop(lambda work: work.place in places, grace=self._grace)
        await self._commit()
        for place in places:
            self._progress.pop(place, None)
            self._committed.pop(place, None)

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._commit_every)
            await self._commit()

    async def _commit(self) -> None:
        ready = {
            place: offset
            for place, progress in self._progress.items()
            if (offset := progress.committable) is not None and offset != self._committed.get(place)
        }
        if await self._member.commit(ready):
            self._committed.update(ready)

    def _fail(self, error: BaseException) -> None:
        self._failure = self._failure or error
