"""Claiming due enrichments, fairly between companies."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from runtime.database import Pool

from orders.domain.enrichment import Work
from orders.storage.rows import to_work
from orders.storage.unit import storage_errors

# A loose index scan finds the companies: one with a long queue costs no more than one with a short one.
_CLAIM = """
WITH RECURSIVE companies AS (
    (SELECT company_id FROM orders.enrichments ORDER BY company_id LIMIT 1)
    UNION ALL
    SELECT (SELECT company_id FROM orders.enrichments
             WHERE company_id > companies.company_id ORDER BY company_id LIMIT 1)
      FROM companies WHERE companies.company_id IS NOT NULL
), free AS (
    SELECT companies.company_id, greatest($4 - coalesce(busy.count, 0), 0) AS places
      FROM companies LEFT JOIN unnest($2::text[], $3::int[]) AS busy (company_id, count) USING (company_id)
     WHERE companies.company_id IS NOT NULL
), due AS (
    SELECT mine.order_id FROM free CROSS JOIN LATERAL (
        SELECT order_id FROM orders.enrichments WHERE company_id = free.company_id AND due_at <= $1
         ORDER BY due_at LIMIT free.places FOR UPDATE SKIP LOCKED
    ) AS mine
)
UPDATE orders.enrichments SET due_at = $5 FROM due WHERE enrichments.order_id = due.order_id
RETURNING work, attempts
"""


class PostgresEnrichmentQueue:
    """`ports.EnrichmentQueue`: a claim is `due_at` put off, so work of a dead replica comes due again."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(
        self, now: datetime, *, busy: Mapping[str, int], per_company: int, lease: timedelta
    ) -> Sequence[Work]:
        """One statement; rows another replica is claiming are passed over."""
        async with storage_errors():
            rows = await self._pool.fetch(
                _CLAIM, now, list(busy), list(busy.values()), per_company, now + lease
            )
        return [to_work(row) for row in rows]

    async def renew(self, order_ids: Sequence[str], until: datetime) -> None:
        """Work that has ended meanwhile is not there any more."""
        async with storage_errors():
            await self._pool.execute(
                "UPDATE orders.enrichments SET due_at = $2 WHERE order_id = ANY($1::text[])",
                list(order_ids),
                until,
            )
