"""Every row that holds something sealed: counted by key, and sealed anew in batches."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from runtime.database import Pool

from credentials.domain import candidate_keys, integrations, keys
from credentials.domain.sealing import Sealed
from credentials.ports.encryption_keys import Resealed
from credentials.storage.transactions import transaction


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    key: str
    type: str
    identity: Callable[[asyncpg.Record], str]


TABLES = (
    _Table(
        "smartrecruiters_credentials",
        "company_id",
        "text",
        lambda row: integrations.row_identity(row["company_id"], row["version"]),
    ),
    _Table("signing_keys", "kid", "text", lambda row: keys.row_identity(row["kid"])),
    _Table("candidate_keys", "id", "uuid", lambda row: candidate_keys.row_identity(row["id"])),
    _Table("wrapping_keys", "kid", "text", lambda row: candidate_keys.wrapping_identity(row["kid"])),
)
# A row another replica works on, or a change is made to, is the next round's.
_OLDER = """
SELECT * FROM credentials.{name} WHERE key_id <> $1 AND ($2::{type} IS NULL OR {key} > $2)
ORDER BY {key} LIMIT $3 FOR UPDATE SKIP LOCKED
"""


class PostgresSealedRows:
    """`ports.SealedRows`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self) -> Mapping[str, Mapping[str, int]]:
        """See `ports.SealedRows`."""
        found: dict[str, dict[str, int]] = {}
        async with transaction(self._pool) as connection:
            for table in TABLES:
                for row in await connection.fetch(
                    f"SELECT key_id, count(*) AS rows FROM credentials.{table.name}"  # noqa: S608 - ours
                    " WHERE key_id IS NOT NULL GROUP BY key_id"
                ):
                    found.setdefault(row["key_id"], {})[table.name] = row["rows"]
        return found

    async def reseal(
        self, current: str, anew: Callable[[str, Sealed], Sealed | None], *, batch: int = 200
    ) -> Resealed:
        """See `ports.SealedRows`."""
        done = broken = 0
        for table in TABLES:
            after: Any = None
            while True:
                seen = await self._batch(table, current, anew, after=after, size=batch)
                done, broken = done + seen.done, broken + seen.broken
                if seen.last is None:
                    break
                after = seen.last
        return Resealed(done, broken)

    async def _batch(
        self,
        table: _Table,
        current: str,
        anew: Callable[[str, Sealed], Sealed | None],
        *,
        after: Any,
        size: int,
    ) -> "_Seen":
        async with transaction(self._pool) as connection:
            statement = _OLDER.format(name=table.name, type=table.type, key=table.key)
            rows = await connection.fetch(statement, current, after, size)
            pairs = [(row, anew(table.identity(row), Sealed(row["key_id"], row["sealed"]))) for row in rows]
            changed = [(row[table.key], new.key_id, new.box) for row, new in pairs if new is not None]
            await connection.executemany(
                f"UPDATE credentials.{table.name} SET key_id = $2, sealed = $3"  # noqa: S608 - ours
                f" WHERE {table.key} = $1",
                changed,
            )
        return _Seen(len(changed), len(rows) - len(changed), rows[-1][table.key] if rows else None)


@dataclass(frozen=True, slots=True)
class _Seen:
    done: int
    broken: int
    last: Any
