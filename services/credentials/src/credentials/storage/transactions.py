"""Connections and transactions; what the driver raises for an absent server ends here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.database import UNAVAILABLE, Connection, Pool

from credentials.errors import StorageUnavailable

SCHEMA = "credentials"


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """One transaction. Raises StorageUnavailable; when the commit's answer is lost it may have happened."""
    try:
        async with pool.acquire(timeout=10) as connection, connection.transaction():
            yield connection
    except UNAVAILABLE as error:
        raise StorageUnavailable from error
