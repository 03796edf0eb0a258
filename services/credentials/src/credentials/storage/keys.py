"""Signing keys, and the tidying of what has run out."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from runtime.database import Connection, Pool

from credentials.domain.keys import StoredKey
from credentials.domain.sealing import Sealed
from credentials.storage.transactions import transaction

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('credentials.signing_keys', 0))"
_LIVING = """
SELECT * FROM credentials.signing_keys WHERE retires_at IS NULL OR retires_at > $1 ORDER BY active_from, kid
"""
_INSERT = """
INSERT INTO credentials.signing_keys (kid, public_jwk, key_id, sealed, active_from)
VALUES ($1, $2, $3, $4, $5)
"""
_RETIRE = "UPDATE credentials.signing_keys SET retires_at = $1 WHERE retires_at IS NULL"
_TIDY = (
    ("DELETE FROM credentials.openid_sign_ins WHERE expires_at < $1", timedelta(0)),
    ("DELETE FROM credentials.consent_tickets WHERE expires_at < $1", timedelta(days=1)),
    (
        "DELETE FROM credentials.sign_in_attempts WHERE greatest(counted_at, blocked_until) < $1",
        timedelta(days=1),
    ),
    ("DELETE FROM credentials.known_addresses WHERE known_until < $1", timedelta(0)),
    ("DELETE FROM credentials.signing_keys WHERE retires_at < $1", timedelta(0)),
)


class PostgresKeys:
    """`ports.KeyStore` and `ports.Janitor`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list(self, now: datetime) -> Sequence[StoredKey]:
        """See `ports.KeyStore`."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(_LIVING, now)
        return [
            StoredKey(
                kid=row["kid"],
                public_jwk=json.loads(row["public_jwk"]),
                sealed=Sealed(row["key_id"], row["sealed"]),
                active_from=row["active_from"],
                retires_at=row["retires_at"],
            )
            for row in rows
        ]

    async def create_first(self, key: StoredKey) -> None:
        """See `ports.KeyStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_LOCK)
            if not await connection.fetchval("SELECT EXISTS (SELECT 1 FROM credentials.signing_keys)"):
                await _insert(connection, key)

    async def rotate(self, key: StoredKey, retire_others_at: datetime) -> None:
        """See `ports.KeyStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_LOCK)
            await connection.execute(_RETIRE, retire_others_at)
            await _insert(connection, key)

    async def tidy(self, now: datetime) -> None:
        """See `ports.KeyStore`."""
        async with transaction(self._pool) as connection:
            for statement, kept in _TIDY:
                await connection.execute(statement, now - kept)


async def _insert(connection: Connection, key: StoredKey) -> None:
    await connection.execute(
        _INSERT, key.kid, json.dumps(dict(key.public_jwk)), key.sealed.key_id, key.sealed.box, key.active_from
    )
