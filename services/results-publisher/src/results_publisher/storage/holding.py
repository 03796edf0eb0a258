"""Holding a company's deliveries, whoever found out that its integration is disabled."""

from datetime import datetime

from contracts.topics import RESULTS_DELIVERIES
from runtime import outbox
from runtime.database import Connection

from results_publisher.storage import SCHEMA
from results_publisher.storage.rows import held_event

_HOLD = """
WITH before AS (
    SELECT delivery_id, held_at FROM results_publisher.deliveries
    WHERE company_id = $1 AND status = 'pending' ORDER BY seq FOR UPDATE),
changed AS (
    UPDATE results_publisher.deliveries d SET status = 'held', held_at = COALESCE(d.held_at, now())
    FROM before WHERE before.delivery_id = d.delivery_id
    RETURNING d.delivery_id, d.order_id, d.company_id, d.kind, d.result_status, d.attempts, d.traceparent,
              before.held_at, d.seq)
SELECT * FROM changed WHERE held_at IS NULL ORDER BY seq
"""


async def hold_open(connection: Connection, company_id: str, now: datetime) -> None:
    """Marks what is pending as held and tells of each delivery that was never held before."""
    rows = await connection.fetch(_HOLD, company_id)
    told = [held_event(row, now) for row in rows]
    await outbox.put_many(connection, SCHEMA, [(RESULTS_DELIVERIES, event) for event in told])
