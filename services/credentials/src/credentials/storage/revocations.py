"""Tokens given up: nothing is kept but the event, which outlives the token in Kafka."""

from datetime import datetime

from contracts.topics import CREDENTIALS_REVOCATIONS
from runtime import outbox
from runtime.database import Pool

from credentials.domain.oauth import LivingToken
from credentials.domain.revocations import revoked
from credentials.storage.transactions import SCHEMA, transaction


class PostgresRevocations:
    """`ports.RevocationStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def revoke(self, token: LivingToken, now: datetime) -> None:
        """See `ports.RevocationStore`."""
        async with transaction(self._pool) as connection:
            await outbox.put(connection, SCHEMA, CREDENTIALS_REVOCATIONS, revoked(token, now))
