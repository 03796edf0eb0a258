"""What came of attempts: many rows, one transaction."""

import json
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from contracts.topics import RESULTS_DELIVERIES
from runtime import outbox
from runtime.database import Connection, Pool

from results_publisher.domain import events
from results_publisher.domain.delivery import Finished
from results_publisher.storage import SCHEMA
from results_publisher.storage.rows import columns

_ATTEMPTS = """
INSERT INTO results_publisher.attempts
    (delivery_id, number, started_at, duration_ms, http_status, error, answer)
SELECT n.* FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::integer[], $5::integer[], $6::text[],
    $7::text[]) AS n (delivery_id, number, started_at, duration_ms, http_status, error, answer)
-- What was erased in the middle of the attempt leaves no answer behind.
JOIN (SELECT delivery_id FROM results_publisher.deliveries
      WHERE delivery_id = ANY($1::uuid[]) FOR KEY SHARE) d USING (delivery_id)
"""
# Who lost the lease meanwhile may still say that SmartRecruiters took it, but decides nothing.
_DELIVERIES = """
UPDATE results_publisher.deliveries d
SET status = n.status, attempts = n.attempts, tries = n.tries, due_at = COALESCE(n.due_at, d.due_at),
    http_status = n.http_status, reason = n.reason,
    finished_at = CASE WHEN n.status NOT IN ('pending', 'held') THEN now() END
FROM unnest($2::uuid[], $3::text[], $4::integer[], $5::integer[], $6::timestamptz[], $7::integer[],
            $8::text[], $9::text[])
    AS n (id, status, attempts, tries, due_at, http_status, reason, company_id)
WHERE d.delivery_id = n.id AND d.status IN ('pending', 'held')
  AND (n.status = 'published' OR EXISTS (
      SELECT FROM results_publisher.companies c WHERE c.company_id = n.company_id AND c.lease_owner = $1))
RETURNING d.delivery_id
"""
_FOLLOWERS = """
UPDATE results_publisher.deliveries d SET due_at = n.due_at
FROM unnest($1::text[], $2::timestamptz[]) AS n (order_id, due_at)
WHERE d.order_id = n.order_id AND d.status IN ('pending', 'held') AND d.due_at < n.due_at
"""
_UPLOADED = "UPDATE results_publisher.results SET uploaded = uploaded || $2::jsonb WHERE order_id = $1"


class PostgresOutcomes:
    """Implements OutcomeStore for one replica."""

    def __init__(self, pool: Pool, *, owner: UUID) -> None:
        self._pool = pool
        self._owner = owner

    async def write(self, items: Sequence[Finished], now: datetime) -> None:
        """An attempt's row is kept whatever became of the lease."""
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            await connection.execute(_ATTEMPTS, *columns([_attempt(item) for item in items]))
            rows = columns([_state(item) for item in items])
            counted = {row["delivery_id"] for row in await connection.fetch(_DELIVERIES, self._owner, *rows)}
            ours = [item for item in items if item.delivery.delivery_id in counted]
            await self._follow(connection, ours)
            said = [event for item in ours if (event := events.finished(item, now)) is not None]
            await outbox.put_many(connection, SCHEMA, [(RESULTS_DELIVERIES, event) for event in said])

    async def _follow(self, connection: Connection, items: Sequence[Finished]) -> None:
        waits = [(item.delivery.order.order_id, item.due_at) for item in items if item.due_at is not None]
        if waits:
            await connection.execute(_FOLLOWERS, *columns(waits))
        for item in items:
            if item.uploaded is not None:
                file = json.dumps([{"type": item.uploaded.type, "url": item.uploaded.url}])
                await connection.execute(_UPLOADED, item.delivery.order.order_id, file)


def _attempt(item: Finished) -> tuple[object, ...]:
    attempt = item.attempt
    return (
        item.delivery.delivery_id,
        attempt.number,
        attempt.started_at,
        attempt.duration_ms,
        attempt.http_status,
        attempt.error,
        attempt.answer,
    )


def _state(item: Finished) -> tuple[object, ...]:
    return (
        item.delivery.delivery_id,
        item.status.value,
        item.attempt.number,
        item.delivery.tries + 1,
        item.due_at,
        item.attempt.http_status,
        item.reason,
        item.delivery.order.company_id,
    )
