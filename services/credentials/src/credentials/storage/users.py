"""Users and their organisations."""

from collections.abc import Sequence
from datetime import datetime

import asyncpg
from pydantic import SecretStr
from runtime.database import Connection, Pool

from credentials.domain.people import Organisation, User, login_of
from credentials.errors.people import LastOrganisation, NoMember, UserExists, UserUnknown
from credentials.storage.transactions import transaction

_ORGANISATION = """
INSERT INTO credentials.organisations (id, name, created_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id
"""
_USER = """
INSERT INTO credentials.users (id, email, login, name, password_hash, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_JOIN = (
    "INSERT INTO credentials.memberships (user_id, organisation_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
)
_LEAVE = """
DELETE FROM credentials.memberships m USING credentials.organisations o
WHERE m.user_id = $1 AND o.id = m.organisation_id AND o.name = $2
"""
_SELECT = """
SELECT u.*, o.id AS organisation_id, o.name AS organisation_name
FROM (SELECT id, login, email, name, password_hash FROM credentials.users) u
JOIN credentials.memberships m ON m.user_id = u.id
JOIN credentials.organisations o ON o.id = m.organisation_id
"""


class PostgresUsers:
    """`ports.UserStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, user: User, now: datetime) -> None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            await insert(connection, user, now)

    async def find(self, login: str) -> User | None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(f"{_SELECT} WHERE u.login = $1 ORDER BY o.name", login)
        return next(iter(_users(rows)), None)

    async def list(self) -> Sequence[User]:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(f"{_SELECT} ORDER BY u.login, o.name")
        return _users(rows)

    async def delete(self, login: str) -> None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            done = await connection.execute("DELETE FROM credentials.users WHERE login = $1", login)
        if done == "DELETE 0":
            raise UserUnknown

    async def set_password(self, login: str, password_hash: SecretStr) -> None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            user_id = await _locked(connection, login)
            await connection.execute(
                "UPDATE credentials.users SET password_hash = $2 WHERE id = $1",
                user_id,
                password_hash.get_secret_value(),
            )
            await connection.execute("DELETE FROM credentials.consent_tickets WHERE user_id = $1", user_id)

    async def join(self, login: str, organisation: Organisation, now: datetime) -> None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            await _join(connection, await _locked(connection, login), organisation, now)

    async def leave(self, login: str, organisation: str) -> None:
        """See `ports.UserStore`."""
        async with transaction(self._pool) as connection:
            user_id = await _locked(connection, login)
            if await connection.execute(_LEAVE, user_id, organisation) == "DELETE 0":
                raise NoMember
            left = "SELECT EXISTS (SELECT 1 FROM credentials.memberships WHERE user_id = $1)"
            if not await connection.fetchval(left, user_id):
                raise LastOrganisation


async def by_id(connection: Connection, user_id: object) -> User | None:
    """Returns the user, None when there is none."""
    rows = await connection.fetch(f"{_SELECT} WHERE u.id = $1 ORDER BY o.name", user_id)
    return next(iter(_users(rows)), None)


async def insert(connection: Connection, user: User, now: datetime) -> None:
    """Adds a user, and those of their organisations that are new. Raises UserExists."""
    try:
        await connection.execute(
            _USER,
            user.id,
            user.email,
            login_of(user.email),
            user.name,
            user.password_hash.get_secret_value(),
            now,
        )
    except asyncpg.UniqueViolationError as error:
        raise UserExists from error
    for organisation in user.organisations:
        await _join(connection, user.id, organisation, now)


async def _join(connection: Connection, user_id: object, organisation: Organisation, now: datetime) -> None:
    known = await connection.fetchval(_ORGANISATION, organisation.id, organisation.name, now)
    await connection.execute(_JOIN, user_id, known)


async def _locked(connection: Connection, login: str) -> object:
    user_id = await connection.fetchval("SELECT id FROM credentials.users WHERE login = $1 FOR UPDATE", login)
    if user_id is None:
        raise UserUnknown
    return user_id


def _users(rows: Sequence[asyncpg.Record]) -> Sequence[User]:
    """Returns the users in rows of one membership each; a user's rows stand together."""
    found: dict[object, User] = {}
    for row in rows:
        so_far = found[row["id"]].organisations if row["id"] in found else ()
        found[row["id"]] = User(
            id=row["id"],
            organisations=(*so_far, Organisation(row["organisation_id"], row["organisation_name"])),
            email=row["email"],
            name=row["name"],
            password_hash=SecretStr(row["password_hash"]),
        )
    return list(found.values())
