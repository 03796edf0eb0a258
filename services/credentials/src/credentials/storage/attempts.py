"""The count of wrong passwords. A key is an HMAC: of what was typed, or of the address it came from."""

from datetime import datetime, timedelta

from runtime.database import Connection, Pool

from credentials.domain.attempts import Attempts
from credentials.ports.people import AttemptCounting
from credentials.storage.transactions import transaction

_BEGIN = """
INSERT INTO credentials.sign_in_attempts (account, failures, counted_at) VALUES ($1, 0, $2)
ON CONFLICT DO NOTHING
"""
_COUNT = """
UPDATE credentials.sign_in_attempts
SET failures = $2, blocked_until = $3, counted_at = coalesce($4, counted_at) WHERE account = $1
"""
_KNOWS = "SELECT 1 FROM credentials.known_addresses WHERE pair = $1 AND known_until > $2"
_REMEMBER = """
INSERT INTO credentials.known_addresses (pair, known_until) VALUES ($1, $2)
ON CONFLICT (pair) DO UPDATE SET known_until = excluded.known_until
"""


class PostgresAttempts:
    """`ports.AttemptStore`: the key's row is locked while an attempt is counted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self, key: bytes, rule: AttemptCounting, now: datetime) -> timedelta | None:
        """See `ports.AttemptStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_BEGIN, key, now)
            so_far = await _locked(connection, key) or Attempts()
            wait = rule.waits(so_far, now)
            if wait is None:
                await _write(connection, key, rule.after_one_more(so_far, now))
            return wait

    async def take_back(self, key: bytes, rule: AttemptCounting) -> None:
        """See `ports.AttemptStore`."""
        async with transaction(self._pool) as connection:
            so_far = await _locked(connection, key)
            if so_far is not None:
                await _write(connection, key, rule.after_a_right_one(so_far))

    async def clear(self, key: bytes) -> None:
        """See `ports.AttemptStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute("DELETE FROM credentials.sign_in_attempts WHERE account = $1", key)

    async def knows(self, pair: bytes, now: datetime) -> bool:
        """See `ports.AttemptStore`."""
        async with transaction(self._pool) as connection:
            return await connection.fetchval(_KNOWS, pair, now) is not None

    async def remember(self, pair: bytes, until: datetime) -> None:
        """See `ports.AttemptStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_REMEMBER, pair, until)


async def _locked(connection: Connection, key: bytes) -> Attempts | None:
    row = await connection.fetchrow(
        "SELECT * FROM credentials.sign_in_attempts WHERE account = $1 FOR UPDATE", key
    )
    return Attempts(row["failures"], row["blocked_until"], row["counted_at"]) if row else None


async def _write(connection: Connection, key: bytes, attempts: Attempts) -> None:
    await connection.execute(_COUNT, key, attempts.failures, attempts.blocked_until, attempts.counted_at)
