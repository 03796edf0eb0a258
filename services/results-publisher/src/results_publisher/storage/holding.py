"""Holding a company's deliveries, whoever found out that its integration is disabled; and when to stop."""

from datetime import datetime, timedelta

from contracts.topics import RESULTS_DELIVERIES
from runtime import outbox
from runtime.database import Connection

from results_publisher.storage import SCHEMA
from results_publisher.storage.rows import held_event, rejected_event

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
# `held_at` is of the first hold, for the sake of its event: a company that connected since begins anew.
_CUT_OFF = """
UPDATE results_publisher.deliveries SET status = 'dead', reason = 'held_too_long', finished_at = now()
WHERE delivery_id IN (
    SELECT d.delivery_id FROM results_publisher.deliveries d
    JOIN results_publisher.companies c USING (company_id)
    WHERE d.status = 'held' AND GREATEST(d.held_at, c.changed_at) < $2::timestamptz - $1::interval
      AND (c.lease_until IS NULL OR c.lease_until < now())
    ORDER BY d.seq LIMIT 500 FOR UPDATE OF d SKIP LOCKED)
RETURNING delivery_id, order_id, company_id, kind, result_status, attempts, http_status, reason, traceparent
"""


async def hold_open(connection: Connection, company_id: str, now: datetime) -> None:
    """Marks what is pending as held and tells of each delivery that was never held before."""
    rows = await connection.fetch(_HOLD, company_id)
    told = [held_event(row, now) for row in rows]
    await outbox.put_many(connection, SCHEMA, [(RESULTS_DELIVERIES, event) for event in told])


async def cut_off(connection: Connection, held_for: timedelta, now: datetime) -> int:
    """Makes up to 500 dead letters of what was held for so long; returns how many."""
    rows = await connection.fetch(_CUT_OFF, held_for, now)
    told = [rejected_event(row, now) for row in rows]
    await outbox.put_many(connection, SCHEMA, [(RESULTS_DELIVERIES, event) for event in told])
    return len(rows)
