"""Launch addresses: where a candidate's browser goes for an order."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta

import asyncpg
from runtime.database import UNAVAILABLE, Pool

from gateway.errors import Unavailable
from gateway.ports import Launch

_GET = "SELECT launch_url, finished FROM gateway.launches WHERE order_id = $1"
_PUT = """
INSERT INTO gateway.launches AS known (order_id, launch_url, finished)
SELECT * FROM unnest($1::text[], $2::text[], $3::boolean[])
ON CONFLICT (order_id) DO UPDATE SET
    launch_url = coalesce(excluded.launch_url, known.launch_url),
    finished = known.finished OR excluded.finished,
    updated_at = now()
"""
_DELETE_OLD = """
DELETE FROM gateway.launches WHERE order_id IN
    (SELECT order_id FROM gateway.launches WHERE updated_at < now() - $1::interval LIMIT 10000)
"""
_GET_DEADLINE_SECONDS = 3.0


class PostgresLaunches:
    """Table gateway.launches, shared by all replicas."""

    def __init__(self, *, pool: Pool, retention: timedelta) -> None:
        self._pool = pool
        self._retention = retention

    async def get(self, order_id: str) -> Launch | None:
        """See `gateway.ports.Launches`."""
        try:
            async with asyncio.timeout(_GET_DEADLINE_SECONDS):
                row = await self._pool.fetchrow(_GET, order_id)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise Unavailable(f"PostgreSQL: {type(error).__name__}") from error
        return None if row is None else Launch(url=row["launch_url"], finished=row["finished"])

    async def put_many(self, launches: Mapping[str, Launch]) -> None:
        """See `gateway.ports.Launches`. Raises what the driver raises: the consumer tries again."""
        # In one order everywhere, so that two replicas never wait for each other.
        rows = sorted((order_id, launch.url, launch.finished) for order_id, launch in launches.items())
        if rows:
            await self._pool.execute(_PUT, *(list(column) for column in zip(*rows, strict=True)))

    async def delete_old(self) -> int:
        """See `gateway.ports.Launches`."""
        try:
            done = await self._pool.execute(_DELETE_OLD, self._retention)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            raise Unavailable(f"PostgreSQL: {type(error).__name__}") from error
        return int(done.rpartition(" ")[2])
