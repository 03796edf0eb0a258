"""Deliveries as people see and mend them."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
from contracts.events.order import OrderKind
from runtime.database import Connection, Pool

from results_publisher.domain.document import Document
from results_publisher.domain.retry import explain
from results_publisher.domain.wire import keep_final, to_wire
from results_publisher.errors import DeliveryNotFound, NotPossible
from results_publisher.ports import Filter
from results_publisher.storage.rows import read_document

_WANTED = """
FROM results_publisher.deliveries
WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR company_id = $2)
  AND ($3::text IS NULL OR order_id = $3) AND ($4::text IS NULL OR reason = $4)
"""
_COLUMNS = """
SELECT delivery_id, seq, order_id, company_id, kind, status, edited, result_status, attempts, due_at,
       http_status, reason, held_at, created_at, finished_at
"""
_FIND = f"{_COLUMNS} {_WANTED} AND ($5::bigint IS NULL OR seq < $5) ORDER BY seq DESC LIMIT $6"
_GET = f"{_COLUMNS}, body FROM results_publisher.deliveries WHERE delivery_id = $1"
_GET_ATTEMPTS = """
SELECT number, started_at, duration_ms, http_status, error, answer
FROM results_publisher.attempts WHERE delivery_id = $1 ORDER BY id
"""
_LOCK = """
SELECT delivery_id, order_id, kind, status, reason, edited, body
FROM results_publisher.deliveries WHERE delivery_id = $1 FOR UPDATE
"""
_LOCK_ORDER = """
SELECT kind FROM results_publisher.orders WHERE order_id = $1 FOR NO KEY UPDATE
"""
_DOCUMENT = """
SELECT document, status, changed_at FROM results_publisher.results WHERE order_id = $1
"""
_DEAD = f"SELECT delivery_id {_WANTED} AND reason <> ALL($5::text[]) ORDER BY seq LIMIT $6"
_REPLAY = """
UPDATE results_publisher.deliveries SET
    status = 'pending', tries = 0, http_status = NULL, reason = NULL, finished_at = NULL, held_at = NULL,
    body = $2,
    seq = nextval(pg_get_serial_sequence('results_publisher.deliveries', 'seq')),
    due_at = COALESCE((SELECT max(e.due_at) FROM results_publisher.deliveries e
                       WHERE e.order_id = $3 AND e.status IN ('pending', 'held')), now())
WHERE delivery_id = $1
"""
_NEVER_SENT = ("unknown_order", "company_mismatch")


class PostgresDeliveries:
    """Implements DeliveryStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, wanted: Filter, *, limit: int, before: int | None) -> list[dict[str, Any]]:
        """Pages by `seq`."""
        rows = await self._pool.fetch(_FIND, *_conditions(wanted), before, limit)
        return [_shown(row) for row in rows]

    async def get(self, delivery_id: UUID) -> dict[str, Any]:
        """One delivery, its body as text and its attempts."""
        row = await self._pool.fetchrow(_GET, delivery_id)
        if row is None:
            raise DeliveryNotFound(f"no delivery {delivery_id}")
        attempts = await self._pool.fetch(_GET_ATTEMPTS, delivery_id)
        return {**_shown(row), "attempt_rows": [_shown(attempt) for attempt in attempts]}

    async def edit(self, delivery_id: UUID, body: str) -> None:
        """The body is checked before it comes here."""
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            await _locked(connection, delivery_id)
            await connection.execute(
                "UPDATE results_publisher.deliveries SET body = $2, edited = true WHERE delivery_id = $1",
                delivery_id,
                body,
            )

    async def replay(self, delivery_id: UUID) -> None:
        """At the end of its order."""
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            await _replay(connection, delivery_id)

    async def replay_all(self, wanted: Filter, *, limit: int) -> int:
        """Each in a transaction of its own: one that changes meanwhile does not stop the others."""
        rows = await self._pool.fetch(_DEAD, *_conditions(wanted), _NEVER_SENT, limit)
        replayed = 0
        for row in rows:
            try:
                await self.replay(row["delivery_id"])
            except (NotPossible, DeliveryNotFound):
                continue
            replayed += 1
        return replayed


async def _replay(connection: Connection, delivery_id: UUID) -> None:
    """A result goes out again as the whole of what is known now, so that nothing newer is taken back.

    A mended body goes out as it is, except that it cannot take a final status back.
    """
    row = await _locked(connection, delivery_id)
    order = await connection.fetchrow(_LOCK_ORDER, row["order_id"])
    if order is None or row["reason"] in _NEVER_SENT:
        raise NotPossible(explain(row["reason"]))
    body = row["body"]
    if row["kind"] == "result":
        found = await connection.fetchrow(_DOCUMENT, row["order_id"])
        document = read_document(found) if found is not None else Document()
        body = keep_final(body, document.status) if row["edited"] else _render(document, order["kind"])
    await connection.execute(_REPLAY, delivery_id, body, row["order_id"])


def _render(document: Document, kind: str) -> str:
    return to_wire(document, OrderKind(kind)).to_json().decode()


async def _locked(connection: Connection, delivery_id: UUID) -> asyncpg.Record:
    row = await connection.fetchrow(_LOCK, delivery_id)
    if row is None:
        raise DeliveryNotFound(f"no delivery {delivery_id}")
    if row["status"] != "dead":
        raise NotPossible(f"only a dead letter can be mended or replayed: this one is {row['status']}")
    return row


def _conditions(wanted: Filter) -> tuple[str | None, ...]:
    return wanted.status, wanted.company_id, wanted.order_id, wanted.reason


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
