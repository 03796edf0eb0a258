"""Sign-ins under way at the identity provider, and who users are there."""

from datetime import datetime

import asyncpg
from runtime.database import Pool

from credentials.domain.openid import Begun, Person
from credentials.domain.people import User, login_of
from credentials.errors.people import PersonUnknown, SignInNotBegun
from credentials.storage.transactions import transaction
from credentials.storage.users import by_id

_BEGIN = """
INSERT INTO credentials.openid_sign_ins (state_hash, browser_hash, company_id, expires_at)
VALUES ($1, $2, $3, $4)
"""
_TAKE = """
DELETE FROM credentials.openid_sign_ins
WHERE state_hash = $1 AND browser_hash = $2 AND company_id = $3 AND expires_at > $4 RETURNING state_hash
"""
_KNOWN = "SELECT user_id FROM credentials.openid_subjects WHERE issuer = $1 AND subject = $2"
_LINK = """
INSERT INTO credentials.openid_subjects (issuer, subject, user_id)
SELECT $1, $2, id FROM credentials.users WHERE login = $3 RETURNING user_id
"""


class PostgresOpenId:
    """`ports.people.OpenIdStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, begun: Begun) -> None:
        """See `ports.people.OpenIdStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                _BEGIN, begun.state_hash, begun.browser_hash, begun.company_id, begun.expires_at
            )

    async def take(self, state_hash: bytes, browser_hash: bytes, company_id: str, now: datetime) -> None:
        """See `ports.people.OpenIdStore`."""
        async with transaction(self._pool) as connection:
            if await connection.fetchval(_TAKE, state_hash, browser_hash, company_id, now) is None:
                raise SignInNotBegun

    async def user_of(self, person: Person) -> User:
        """See `ports.people.OpenIdStore`."""
        async with transaction(self._pool) as connection:
            user_id = await connection.fetchval(_KNOWN, person.issuer, person.subject)
            if user_id is None:
                try:
                    user_id = await connection.fetchval(
                        _LINK, person.issuer, person.subject, login_of(person.email)
                    )
                except asyncpg.UniqueViolationError as error:
                    raise PersonUnknown from error
            user = await by_id(connection, user_id) if user_id is not None else None
        if user is None:
            raise PersonUnknown
        return user
