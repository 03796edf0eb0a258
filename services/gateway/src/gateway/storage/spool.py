"""The spool: orders that Kafka did not take in time."""

import asyncio
import base64
import json

import asyncpg
from runtime.database import UNAVAILABLE, Connection, Pool

from gateway.domain.orders import Record
from gateway.errors import Unavailable
from gateway.ports import Publish, SpooledRecord

_INSERT = """
INSERT INTO gateway.spool (event_id, topic, key, value, headers) VALUES ($1, $2, $3, $4, $5::jsonb)
ON CONFLICT (event_id) DO NOTHING
"""
_NEXT = "SELECT id, topic, key, value, headers FROM gateway.spool ORDER BY id LIMIT $1"
_DELETE = "DELETE FROM gateway.spool WHERE id = ANY($1::bigint[])"
_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtextextended('gateway:spool', 0))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended('gateway:spool', 0))"
_BATCH = 200


class PostgresSpool:
    """Table gateway.spool. `deadline` holds for a whole `put`, the wait for a connection included."""

    def __init__(self, *, pool: Pool, deadline: float) -> None:
        self._pool = pool
        self._deadline = deadline

    async def put(self, record: Record) -> None:
        """See `gateway.ports.Spool`."""
        try:
            async with asyncio.timeout(self._deadline):
                await self._pool.execute(
                    _INSERT, record.event_id, record.topic, record.key, record.value, _to_json(record.headers)
                )
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise Unavailable(f"PostgreSQL: {type(error).__name__}") from error

    async def drain(self, publish: Publish) -> int:
        """See `gateway.ports.Spool`. No transaction is open while publishing: the lock is the session's."""
        try:
            async with self._pool.acquire(timeout=self._deadline) as connection:
                if not await connection.fetchval(_TRY_LOCK):
                    return 0
                try:
                    return await _drain(connection, publish)
                finally:
                    await connection.execute(_UNLOCK)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise Unavailable(f"PostgreSQL: {type(error).__name__}") from error


async def _drain(connection: Connection, publish: Publish) -> int:
    rows = await connection.fetch(_NEXT, _BATCH)
    if not rows:
        return 0
    await publish(
        [SpooledRecord(row["topic"], row["key"], row["value"], _from_json(row["headers"])) for row in rows]
    )
    await connection.execute(_DELETE, [row["id"] for row in rows])
    return len(rows)


def _to_json(headers: list[tuple[str, bytes]]) -> str:
    return json.dumps([[name, base64.b64encode(value).decode()] for name, value in headers])


def _from_json(text: str) -> list[tuple[str, bytes]]:
    return [(name, base64.b64decode(value)) for name, value in json.loads(text)]
