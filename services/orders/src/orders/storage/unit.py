"""One transaction over orders, timeline, enrichments, companies, inbox and outbox."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.envelope import Event
from contracts.topics import Topic
from runtime import inbox, outbox
from runtime.database import UNAVAILABLE, Connection, Pool

from orders.domain.enrichment import Work
from orders.domain.order import Order
from orders.domain.sweeping import Limits
from orders.domain.timeline import Entry
from orders.errors import StorageUnavailable
from orders.storage.rows import COLUMNS, from_order, from_work, to_order

SCHEMA = "orders"

_CREATE = f"""
INSERT INTO orders.orders ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
ON CONFLICT (order_id) DO NOTHING RETURNING order_id
"""  # noqa: S608 - our own column names
_LOCK = f"SELECT {COLUMNS} FROM orders.orders WHERE order_id = $1 FOR UPDATE"  # noqa: S608 - the same
_SAVE = """
UPDATE orders.orders SET state = $2, publication = $3, requested_at = $4, answered_at = $5, late_since = $6,
       finished_at = $7, sealed = $8, erased_at = $9 WHERE order_id = $1
"""
_RECORD = """
INSERT INTO orders.timeline (order_id, at, kind, facts)
SELECT $1, * FROM unnest($2::timestamptz[], $3::text[], $4::jsonb[])
"""
_RECORD_FOR_OPEN = """
INSERT INTO orders.timeline (order_id, at, kind, facts)
SELECT order_id, $2, $3, $4::jsonb FROM orders.orders WHERE company_id = $1
   AND (state IN ('placed', 'requested', 'launched', 'in_progress') OR publication <> 'published')
   AND erased_at IS NULL
"""
_SAVE_COMPANY = """
INSERT INTO orders.companies AS known (company_id, connected, changed_at) VALUES ($1, $2, $3)
ON CONFLICT (company_id) DO UPDATE SET connected = excluded.connected, changed_at = excluded.changed_at
WHERE known.changed_at <= excluded.changed_at AND known.connected <> excluded.connected RETURNING company_id
"""
# Two selections, for each has its own partial index; FOR UPDATE knows no UNION.
_OVERDUE = f"""
SELECT {COLUMNS} FROM orders.orders WHERE order_id IN (
    (SELECT order_id FROM orders.orders WHERE state = 'requested' AND late_since IS NULL
        AND requested_at <= $1 ORDER BY requested_at LIMIT $3)
    UNION
    (SELECT order_id FROM orders.orders WHERE state IN ('placed', 'requested', 'launched', 'in_progress')
        AND placed_at <= $2 ORDER BY placed_at LIMIT $3)
) ORDER BY placed_at LIMIT $3 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - our own column names


@asynccontextmanager
async def storage_errors() -> AsyncIterator[None]:
    """Turns the driver's passing errors into StorageUnavailable."""
    try:
        yield
    except UNAVAILABLE as error:
        raise StorageUnavailable(f"PostgreSQL: {type(error).__name__}") from error


class PostgresTransactions:
    """Begins transactions on pooled connections."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator["PostgresUnit"]:
        """Commits at the end of the block, rolls back on any exception."""
        async with (
            storage_errors(),
            self._pool.acquire(timeout=10) as connection,
            connection.transaction(),
        ):
            yield PostgresUnit(connection)


class PostgresUnit:
    """`ports.Unit` on one connection in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def remember(self, event_id: UUID, consumer: str) -> bool:
        """Returns whether the event is new to the consumer."""
        return await inbox.remember(self._connection, SCHEMA, event_id, consumer=consumer)

    async def create(self, order: Order) -> bool:
        """Waits for another transaction that creates the same order."""
        return await self._connection.fetchval(_CREATE, *from_order(order)) is not None

    async def lock(self, order_id: str) -> Order | None:
        """Locks the row."""
        row = await self._connection.fetchrow(_LOCK, order_id)
        return to_order(row) if row else None

    async def save(self, order: Order) -> None:
        """Writes what can change."""
        await self._connection.execute(
            _SAVE,
            order.order_id,
            order.state,
            order.publication,
            order.requested_at,
            order.answered_at,
            order.late_since,
            order.finished_at,
            order.sealed,
            order.erased_at,
        )

    async def record(self, order_id: str, entries: Sequence[Entry]) -> None:
        """Adds to the timeline in the order given."""
        if not entries:
            return
        await self._connection.execute(
            _RECORD,
            order_id,
            [entry.at for entry in entries],
            [entry.kind.value for entry in entries],
            [json.dumps(dict(entry.facts)) for entry in entries],
        )

    async def record_for_open(self, company_id: str, entry: Entry) -> None:
        """One statement for all of the company's orders."""
        await self._connection.execute(
            _RECORD_FOR_OPEN, company_id, entry.at, entry.kind.value, json.dumps(dict(entry.facts))
        )

    async def say(self, events: Sequence[tuple[Topic, Event[Any]]]) -> None:
        """Writes to the outbox."""
        await outbox.put_many(self._connection, SCHEMA, events)

    async def begin_enrichment(self, work: Work, due_at: datetime) -> None:
        """Writes due work."""
        await self._connection.execute(
            "INSERT INTO orders.enrichments (order_id, company_id, due_at, work, attempts)"
            " VALUES ($1, $2, $3, $4, $5)",
            work.placed.order_id,
            work.placed.company_id,
            due_at,
            from_work(work),
            work.attempts,
        )

    async def postpone_enrichment(self, work: Work, due_at: datetime) -> bool:
        """Writes what an attempt came to."""
        done = await self._connection.execute(
            "UPDATE orders.enrichments SET due_at = $2, work = $3, attempts = $4 WHERE order_id = $1",
            work.placed.order_id,
            due_at,
            from_work(work),
            work.attempts,
        )
        return done == "UPDATE 1"

    async def end_enrichment(self, order_id: str) -> bool:
        """Deletes the work."""
        done = await self._connection.execute("DELETE FROM orders.enrichments WHERE order_id = $1", order_id)
        return done == "DELETE 1"

    async def hasten_enrichment(self, company_id: str, now: datetime) -> None:
        """Work under way is begun a second time at worst; whoever ends it first wins."""
        await self._connection.execute(
            "UPDATE orders.enrichments SET due_at = $2 WHERE company_id = $1 AND due_at > $2", company_id, now
        )

    async def save_company(self, company_id: str, *, connected: bool, changed_at: datetime) -> bool:
        """Leaves what is newer."""
        return await self._connection.fetchval(_SAVE_COMPANY, company_id, connected, changed_at) is not None

    async def results_erased(self, order_id: str, now: datetime) -> None:
        """Notes it."""
        await self._connection.execute(
            "UPDATE orders.orders SET results_erased_at = $2 WHERE order_id = $1", order_id, now
        )

    async def take_overdue(self, now: datetime, limits: Limits, *, at_most: int) -> Sequence[Order]:
        """Two replicas never get the same orders."""
        placed_before = now - limits.expire_after if limits.expire_after is not None else None
        rows = await self._connection.fetch(_OVERDUE, now - limits.late_after, placed_before, at_most)
        return [to_order(row) for row in rows]
