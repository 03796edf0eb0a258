"""Writing the numbers where the API reads them."""

from collections.abc import Mapping

from runtime.database import Pool

from orders.insights.numbers import Numbers
from orders.insights.tables import Key
from orders.storage.unit import storage_errors

# Whole numbers, not increments: writing them again changes nothing.
_WRITE = """
INSERT INTO orders.insights (company_id, starts_at, partition, orders, results, failures, late,
                             seconds_to_result, timed_results)
SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[],
                     $7::bigint[], $8::float8[], $9::bigint[])
ON CONFLICT (company_id, starts_at, partition) DO UPDATE SET
    orders = excluded.orders, results = excluded.results, failures = excluded.failures, late = excluded.late,
    seconds_to_result = excluded.seconds_to_result, timed_results = excluded.timed_results
"""


async def write(pool: Pool, windows: Mapping[Key, Numbers]) -> None:
    """Writes the windows as they are. Raises StorageUnavailable."""
    rows = [
        (
            *key,
            int(numbers["orders"]),
            int(numbers["results"]),
            int(numbers["failures"]),
            int(numbers["late"]),
            numbers["seconds_to_result"],
            int(numbers["timed_results"]),
        )
        for key, numbers in windows.items()
    ]
    if rows:
        async with storage_errors():
            await pool.execute(_WRITE, *(list(column) for column in zip(*rows, strict=True)))
