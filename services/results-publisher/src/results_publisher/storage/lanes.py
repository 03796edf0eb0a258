"""Leases of companies, and what is due in them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from runtime.database import Pool

from results_publisher.domain.delivery import Delivery
from results_publisher.ports import Want
from results_publisher.storage.holding import hold_open
from results_publisher.storage.rows import read_delivery

_ACQUIRE = """
UPDATE results_publisher.companies SET lease_owner = $1, lease_until = now() + $3::interval
WHERE company_id IN (
    SELECT company_id FROM results_publisher.companies c
    WHERE (c.lease_until IS NULL OR c.lease_until < now()) AND (c.resume_at IS NULL OR c.resume_at <= now())
      AND EXISTS (
          SELECT FROM results_publisher.deliveries d
          WHERE d.company_id = c.company_id AND d.status IN ('pending', 'held') AND d.due_at <= now())
    ORDER BY c.lease_until NULLS FIRST LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING company_id
"""
_RENEW = """
UPDATE results_publisher.companies SET lease_until = now() + $3::interval
WHERE company_id = ANY($2::text[]) AND lease_owner = $1 AND lease_until >= now()
  AND (resume_at IS NULL OR resume_at <= now())
RETURNING company_id
"""
_RELEASE = """
UPDATE results_publisher.companies c
SET lease_owner = NULL, lease_until = NULL, resume_at = GREATEST(c.resume_at, now() + n.wait)
FROM unnest($2::text[], $3::interval[]) AS n (company_id, wait)
WHERE c.company_id = n.company_id AND c.lease_owner = $1
"""
_CLAIM = """
SELECT d.*, o.kind AS order_kind, o.callback_url, COALESCE(r.uploaded, '[]') AS uploaded
FROM unnest($2::text[], $3::integer[]) AS n (company_id, room)
JOIN results_publisher.companies c
    ON c.company_id = n.company_id AND c.lease_owner = $1 AND c.lease_until > now()
    AND (c.resume_at IS NULL OR c.resume_at <= now())
CROSS JOIN LATERAL (
    SELECT delivery_id, order_id, d.company_id, d.kind, body, result_status, attempts, tries,
        http_status, traceparent
    FROM results_publisher.deliveries d
    WHERE d.company_id = n.company_id AND d.status IN ('pending', 'held') AND d.due_at <= now()
      AND d.order_id <> ALL($4::text[])
      AND NOT EXISTS (
          SELECT FROM results_publisher.deliveries e
          WHERE e.order_id = d.order_id AND e.seq < d.seq AND e.status IN ('pending', 'held'))
    ORDER BY d.due_at, d.seq LIMIT n.room) d
JOIN results_publisher.orders o ON o.order_id = d.order_id AND o.company_id = d.company_id
LEFT JOIN results_publisher.results r ON r.order_id = d.order_id
"""
_STOP = """
UPDATE results_publisher.companies SET resume_at = now() + $3::interval,
    lease_owner = NULL, lease_until = NULL
WHERE company_id = $1 AND lease_owner = $2 RETURNING company_id
"""


class PostgresLanes:
    """Implements LaneStore for one replica, told from the others by `owner`."""

    def __init__(self, pool: Pool, *, owner: UUID, lease: timedelta) -> None:
        self._pool = pool
        self._owner = owner
        self._lease = lease

    async def acquire(self, limit: int) -> list[str]:
        """Those that have waited longest for a lease come first."""
        rows = await self._pool.fetch(_ACQUIRE, self._owner, limit, self._lease)
        return [row["company_id"] for row in rows]

    async def renew(self, company_ids: Sequence[str]) -> set[str]:
        """A lease that ran out is not renewed: somebody else may have had it meanwhile."""
        rows = await self._pool.fetch(_RENEW, self._owner, company_ids, self._lease)
        return {row["company_id"] for row in rows}

    async def release(self, resume_at: Mapping[str, timedelta]) -> None:
        """What the pacer still owes is handed on with the lane."""
        await self._pool.execute(_RELEASE, self._owner, list(resume_at), list(resume_at.values()))

    async def claim(self, wants: Sequence[Want], busy: Iterable[str]) -> list[Delivery]:
        """One query for all lanes; the lease is checked in it."""
        rows = await self._pool.fetch(
            _CLAIM,
            self._owner,
            [want.company_id for want in wants],
            [want.limit for want in wants],
            list(busy),
        )
        return [read_delivery(row) for row in rows]

    async def hold(self, company_id: str, *, recheck: timedelta, now: datetime) -> None:
        """Only the lane's owner can: a company that connected again meanwhile is somebody's new lane."""
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            if await connection.fetchval(_STOP, company_id, self._owner, recheck) is not None:
                await hold_open(connection, company_id, now)
