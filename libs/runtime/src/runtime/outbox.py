"""The outbox: events written with the state they tell of, and the relay that brings them to Kafka."""

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import asyncpg
import structlog
from contracts import codec
from contracts.envelope import Event
from contracts.topics import Topic

from runtime import tracing
from runtime.database import UNAVAILABLE, Connection, Pool, qualify
from runtime.kafka.producer import BrokerUnavailable, EventProducer, Message
from runtime.metrics import RELAYED

_INSERT = """
INSERT INTO {schema}.outbox (event_id, topic, key, value, headers)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::jsonb[])
"""
_LOCK = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
_NEXT = "SELECT id, topic, key, value, headers FROM {schema}.outbox ORDER BY id LIMIT $1"
_DELETE = "DELETE FROM {schema}.outbox WHERE id = ANY($1::bigint[])"

log = structlog.get_logger()


async def put(connection: Connection, schema: str, topic: Topic, event: Event[Any]) -> None:
    """Writes one event; it is published if and only if the transaction commits."""
    await put_many(connection, schema, [(topic, event)])


async def put_many(connection: Connection, schema: str, items: Sequence[tuple[Topic, Event[Any]]]) -> None:
    """Writes events in their order, one statement for all.

    Order holds between transactions that follow one another: lock the row an event tells of before this.
    """
    if not items:
        return
    rows = [_row(topic, event) for topic, event in items]
    await connection.execute(qualify(_INSERT, schema), *(list(column) for column in zip(*rows, strict=True)))


class OutboxRelay:
    """Publishes a schema's outbox in id order, then deletes what the broker acknowledged.

    A crash between the two repeats events, never loses one. Of the relays of one schema a single one works
    at a time (advisory lock); the others stand by. A key's events never overtake one another: each batch goes
    out in waves that hold a key once. Waits out an absent Kafka or PostgreSQL.
    """

    def __init__(
        self, *, pool: Pool, schema: str, producer: EventProducer, batch: int = 500, idle: float = 0.25
    ) -> None:
        self._pool = pool
        self._schema = schema
        self._producer = producer
        self._batch = batch
        self._idle = idle
        self._woken = asyncio.Event()
        self._relayed = RELAYED.labels(schema)

    def wake(self) -> None:
        """Call after a commit: the relay looks at once instead of after its idle wait."""
        self._woken.set()

    async def run(self) -> None:
        """Relays until cancelled."""
        while True:
            try:
                await self._relay_while_connected()
            except BrokerUnavailable as error:
                log.warning("outbox waits for Kafka", schema=self._schema, reason=str(error))
            except UNAVAILABLE as error:
                log.warning("outbox waits for PostgreSQL", schema=self._schema, reason=type(error).__name__)
            await asyncio.sleep(1)

    async def _relay_while_connected(self) -> None:
        async with self._pool.acquire(timeout=10) as connection:
            # Session lock: the server frees it when this connection dies, the pool when it gets it back.
            while not await connection.fetchval(_LOCK, f"outbox:{self._schema}"):  # noqa: ASYNC110 - of others
                await asyncio.sleep(1)
            while True:
                self._woken.clear()
                if not await self._relay_batch(connection):
                    await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._idle):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _relay_batch(self, connection: Connection) -> bool:
        rows = await connection.fetch(qualify(_NEXT, self._schema), self._batch)
        for wave in _waves(rows):
            await self._producer.publish_batch([_message(row) for row in wave])
            await connection.execute(qualify(_DELETE, self._schema), [row["id"] for row in wave])
            self._relayed.inc(len(wave))
        return bool(rows)


def _waves(rows: Sequence[asyncpg.Record]) -> list[list[asyncpg.Record]]:
    waves: list[list[asyncpg.Record]] = []
    depth: dict[tuple[str, bytes], int] = {}
    for row in rows:
        key = (row["topic"], row["key"])
        wave = depth.get(key, 0)
        depth[key] = wave + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(row)
    return waves


def _row(topic: Topic, event: Event[Any]) -> tuple[Any, ...]:
    value, headers = codec.encode(event)
    if not event.traceparent:
        headers = [*headers, ("traceparent", tracing.ensure().encode())]
    return event.id, topic.name, topic.key(event), value, _headers_to_json(headers)


def _headers_to_json(headers: Sequence[tuple[str, bytes]]) -> str:
    return json.dumps([[name, base64.b64encode(value).decode()] for name, value in headers])


def _message(row: asyncpg.Record) -> Message:
    headers = [(name, base64.b64decode(value)) for name, value in json.loads(row["headers"])]
    return Message(topic=row["topic"], key=row["key"], value=row["value"], headers=headers)
