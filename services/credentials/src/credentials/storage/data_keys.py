"""Wrapped data keys, and what the settings' secrets have to be."""

from collections.abc import Sequence
from datetime import datetime

from runtime.database import Pool

from credentials.domain.sealing import DataKey
from credentials.storage.transactions import transaction

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('credentials.data_keys', 0))"


class PostgresDataKeys:
    """`ports.DataKeyStore` and `ports.SecretChecks`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(self) -> Sequence[DataKey]:
        """See `ports.DataKeyStore`."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch("SELECT * FROM credentials.data_keys ORDER BY created_at, id")
        return [DataKey(row["id"], row["wrapped"], row["created_at"]) for row in rows]

    async def create(self, key: DataKey, *, first: bool = False) -> None:
        """See `ports.DataKeyStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_LOCK)
            if first and await connection.fetchval("SELECT EXISTS (SELECT 1 FROM credentials.data_keys)"):
                return
            await connection.execute(
                "INSERT INTO credentials.data_keys (id, wrapped, created_at) VALUES ($1, $2, $3)",
                key.id,
                key.wrapped,
                key.created_at,
            )

    async def delete(self, key_id: str, before: datetime) -> bool:
        """See `ports.DataKeyStore`."""
        async with transaction(self._pool) as connection:
            gone = await connection.fetchval(
                "DELETE FROM credentials.data_keys WHERE id = $1 AND created_at < $2 RETURNING true",
                key_id,
                before,
            )
        return bool(gone)

    async def settle(self, name: str, digest: bytes) -> bytes:
        """See `ports.SecretChecks`."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                "INSERT INTO credentials.secret_checks (name, digest) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                name,
                digest,
            )
            kept: bytes = await connection.fetchval(
                "SELECT digest FROM credentials.secret_checks WHERE name = $1", name
            )
        return kept
