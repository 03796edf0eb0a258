"""What people read."""

from collections.abc import Sequence
from datetime import datetime

from runtime import inbox
from runtime.database import Pool

from orders.domain.order import Order
from orders.domain.outlook import Circumstances
from orders.domain.states import State
from orders.ports import OrderView, Window
from orders.storage.rows import COLUMNS, to_entry, to_order
from orders.storage.unit import SCHEMA, storage_errors

_GET = f"SELECT {COLUMNS} FROM orders.orders WHERE order_id = $1"  # noqa: S608 - our own column names
_TIMELINE = "SELECT at, kind, facts FROM orders.timeline WHERE order_id = $1 ORDER BY id LIMIT 1000"
_AROUND = """
SELECT coalesce((SELECT connected FROM orders.companies WHERE company_id = $2), true) AS connected,
       due_at, attempts FROM (SELECT 1) AS one LEFT JOIN orders.enrichments ON order_id = $1
"""
_LIST = f"""
SELECT {COLUMNS} FROM orders.orders
 WHERE ($1::text IS NULL OR company_id = $1) AND ($2::text IS NULL OR state = $2)
 ORDER BY placed_at DESC, order_id LIMIT $3
"""  # noqa: S608 - our own column names
_INSIGHTS = """
SELECT company_id, starts_at, sum(orders)::bigint AS orders, sum(results)::bigint AS results,
       sum(failures)::bigint AS failures, sum(late)::bigint AS late,
       sum(seconds_to_result) / nullif(sum(timed_results), 0)::double precision AS seconds_to_result
  FROM orders.insights WHERE company_id = $1
 GROUP BY company_id, starts_at ORDER BY starts_at DESC LIMIT $2
"""


class PostgresReading:
    """`ports.Reading`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, order_id: str) -> OrderView | None:
        """Reads order and timeline from one snapshot."""
        async with (
            storage_errors(),
            self._pool.acquire(timeout=10) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(_GET, order_id)
            if row is None:
                return None
            order = to_order(row)
            entries = await connection.fetch(_TIMELINE, order_id)
            around = await connection.fetchrow(_AROUND, order_id, order.company_id)
        circumstances = Circumstances()
        if around is not None:
            circumstances = Circumstances(around["connected"], around["due_at"], around["attempts"] or 0)
        return OrderView(order, tuple(map(to_entry, entries)), circumstances)

    async def list(self, *, company_id: str | None, state: State | None, limit: int) -> Sequence[Order]:
        """Newest first."""
        async with storage_errors():
            rows = await self._pool.fetch(_LIST, company_id, state, limit)
        return [to_order(row) for row in rows]

    async def insights(self, company_id: str, *, limit: int) -> Sequence[Window]:
        """Sums the partitions' shares."""
        async with storage_errors():
            rows = await self._pool.fetch(_INSIGHTS, company_id, limit)
        return [Window(**dict(row)) for row in rows]

    async def forget_events(self, before: datetime) -> int:
        """Deletes inbox rows older than any repeat can be."""
        async with storage_errors(), self._pool.acquire(timeout=10) as connection:
            return await inbox.forget(connection, SCHEMA, before=before)
