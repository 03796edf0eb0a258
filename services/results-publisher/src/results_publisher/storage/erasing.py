"""What is kept of orders, as one: taken out, or taken away."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from runtime.database import Pool

from results_publisher.ports import ErasedResults

# Orders known to be another company's are nobody's to erase here; unknown ones may still come.
_LOCK = """
SELECT order_id, company_id FROM results_publisher.orders
WHERE order_id = ANY($1::text[]) ORDER BY order_id FOR UPDATE
"""
_REMEMBER = """
INSERT INTO results_publisher.erased_orders (order_id, company_id, erased_at)
SELECT id, $2, $3 FROM unnest($1::text[]) AS id ORDER BY id ON CONFLICT DO NOTHING
"""
_DELIVERIES = """
DELETE FROM results_publisher.deliveries WHERE order_id = ANY($1::text[])
RETURNING delivery_id, order_id, status IN ('pending', 'held', 'dead') AS dropped
"""
_ATTEMPTS = "DELETE FROM results_publisher.attempts WHERE delivery_id = ANY($1::uuid[])"
_RESULTS = "DELETE FROM results_publisher.results WHERE order_id = ANY($1::text[])"
_WAITING = "DELETE FROM results_publisher.waiting_updates WHERE order_id = ANY($1::text[])"

_EXPORT_RESULTS = """
SELECT r.order_id, r.document, r.status, r.changed_at, r.uploaded FROM results_publisher.results r
JOIN results_publisher.orders o USING (order_id) WHERE r.order_id = ANY($1::text[]) AND o.company_id = $2
"""
_EXPORT_DELIVERIES = """
SELECT delivery_id, order_id, kind, status, body, result_status, http_status, reason, created_at, finished_at
FROM results_publisher.deliveries WHERE order_id = ANY($1::text[]) AND company_id = $2 ORDER BY seq
"""
_EXPORT_ATTEMPTS = """
SELECT delivery_id, number, started_at, http_status, error, answer
FROM results_publisher.attempts WHERE delivery_id = ANY($1::uuid[]) ORDER BY id
"""


class PostgresErasing:
    """Implements ErasingStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def erase(
        self, company_id: str, order_ids: Sequence[str], now: datetime
    ) -> Mapping[str, ErasedResults]:
        """One transaction; a batch of updates of the same orders goes before it or after it."""
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            rows = await connection.fetch(_LOCK, order_ids)
            others = {row["order_id"] for row in rows if row["company_id"] != company_id}
            ours = [one for one in order_ids if one not in others]
            await connection.execute(_REMEMBER, ours, company_id, now)
            deleted = await connection.fetch(_DELIVERIES, ours)
            await connection.execute(_ATTEMPTS, [row["delivery_id"] for row in deleted])
            await connection.execute(_RESULTS, ours)
            await connection.execute(_WAITING, ours)
        return {one: _counted([row for row in deleted if row["order_id"] == one]) for one in ours}

    async def export(self, company_id: str, order_ids: Sequence[str]) -> Mapping[str, Any]:
        """From one snapshot."""
        async with (
            self._pool.acquire(timeout=10) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            results = await connection.fetch(_EXPORT_RESULTS, order_ids, company_id)
            deliveries = await connection.fetch(_EXPORT_DELIVERIES, order_ids, company_id)
            ids = [row["delivery_id"] for row in deliveries]
            attempts = await connection.fetch(_EXPORT_ATTEMPTS, ids)
        return {
            order_id: {
                "result": next((_shown(row) for row in results if row["order_id"] == order_id), None),
                "deliveries": [
                    {
                        **_shown(row),
                        "attempts": [
                            _shown(one) for one in attempts if one["delivery_id"] == row["delivery_id"]
                        ],
                    }
                    for row in deliveries
                    if row["order_id"] == order_id
                ],
            }
            for order_id in order_ids
        }


def _counted(rows: Sequence[asyncpg.Record]) -> ErasedResults:
    return ErasedResults(deleted=len(rows), dropped=sum(row["dropped"] for row in rows))


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    return {name: _plain(name, value) for name, value in row.items() if name != "order_id"}


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if name in {"document", "body", "uploaded"}:
        return json.loads(value)
    return str(value) if isinstance(value, UUID) else value
