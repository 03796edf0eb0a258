"""Users, organisations and the count of their wrong passwords."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
from pydantic import SecretStr
from runtime.database import Pool

from credentials.domain.attempts import Attempts
from credentials.domain.people import Organisation, User, login_of
from credentials.errors import UserExists, UserUnknown
from credentials.ports import AttemptCounting
from credentials.storage.transactions import transaction

_ORGANISATION = """
INSERT INTO credentials.organisations (id, name, created_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
"""
_USER = """
INSERT INTO credentials.users (id, organisation_id, email, login, name, password_hash, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
_SELECT = """
SELECT u.*, o.name AS organisation_name
FROM credentials.users u JOIN credentials.organisations o ON o.id = u.organisation_id
"""
_COUNT = """
UPDATE credentials.sign_in_attempts SET failures = $2, blocked_until = $3, counted_at = $4 WHERE account = $1
"""


class PostgresUsers:
    """`ports.UserStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, user: User, now: datetime) -> None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            organisation = await connection.fetchval(
                _ORGANISATION, user.organisation.id, user.organisation.name, now
            )
            try:
                await connection.execute(
                    _USER,
                    user.id,
                    organisation,
                    user.email,
                    login_of(user.email),
                    user.name,
                    user.password_hash.get_secret_value(),
                    now,
                )
            except asyncpg.UniqueViolationError as error:
                raise UserExists from error

    async def find(self, login: str) -> User | None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(f"{_SELECT} WHERE u.login = $1", login)
        return _user(row) if row else None

    async def list(self) -> Sequence[User]:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(f"{_SELECT} ORDER BY o.name, u.login")
        return [_user(row) for row in rows]

    async def delete(self, login: str) -> None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            done = await connection.execute("DELETE FROM credentials.users WHERE login = $1", login)
        if done == "DELETE 0":
            raise UserUnknown


class PostgresAttempts:
    """`ports.AttemptStore`: the account's row is locked while an attempt is counted."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self, account: bytes, rule: AttemptCounting, now: datetime) -> timedelta | None:
        """See `ports.AttemptStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                "INSERT INTO credentials.sign_in_attempts (account, failures, counted_at) VALUES ($1, 0, $2)"
                " ON CONFLICT DO NOTHING",
                account,
                now,
            )
            row = await connection.fetchrow(
                "SELECT * FROM credentials.sign_in_attempts WHERE account = $1 FOR UPDATE", account
            )
            so_far = Attempts(row["failures"], row["blocked_until"]) if row else Attempts()
            wait = rule.waits(so_far, now)
            if wait is None:
                counted = rule.after_one_more(so_far, now)
                await connection.execute(_COUNT, account, counted.failures, counted.blocked_until, now)
            return wait

    async def clear(self, account: bytes) -> None:
        """See `ports.AttemptStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute("DELETE FROM credentials.sign_in_attempts WHERE account = $1", account)


def _user(row: asyncpg.Record) -> User:
    return User(
        id=row["id"],
        organisation=Organisation(row["organisation_id"], row["organisation_name"]),
        email=row["email"],
        name=row["name"],
        password_hash=SecretStr(row["password_hash"]),
    )
