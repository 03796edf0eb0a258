"""Which orders' data is to go."""

from collections.abc import Sequence
from datetime import datetime

from runtime.database import Pool

from orders.storage.unit import storage_errors

_OUTLIVED = """
SELECT company_id, order_id FROM orders.orders
 WHERE erased_at IS NULL AND finished_at < $1 AND publication <> 'held' ORDER BY finished_at LIMIT $2
"""
_UNFINISHED = """
SELECT company_id, order_id FROM orders.orders
 WHERE erased_at IS NOT NULL AND results_erased_at IS NULL ORDER BY erased_at LIMIT $1
"""


class PostgresErasureQueue:
    """`ports.ErasureQueue`. Two replicas may get the same orders: erasing is done twice at worst."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def outlived(self, ended_before: datetime, *, at_most: int) -> Sequence[tuple[str, str]]:
        """Longest ended first."""
        async with storage_errors():
            rows = await self._pool.fetch(_OUTLIVED, ended_before, at_most)
        return [(row["company_id"], row["order_id"]) for row in rows]

    async def unfinished(self, *, at_most: int) -> Sequence[tuple[str, str]]:
        """Longest erased first."""
        async with storage_errors():
            rows = await self._pool.fetch(_UNFINISHED, at_most)
        return [(row["company_id"], row["order_id"]) for row in rows]
