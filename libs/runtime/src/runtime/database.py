"""PostgreSQL: connection pools, and SQL of tables whose schema is the service's.

Every service's first migration holds (with its own schema's name):

    CREATE TABLE orders.inbox (
        event_id uuid NOT NULL, consumer text NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (event_id, consumer)
    );
    CREATE TABLE orders.outbox (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL, topic text NOT NULL,
        key bytea NOT NULL, value bytea, headers jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
    );
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from pydantic import SecretStr

from runtime.errors import StartupError

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

# What a database that is away, restarting or out of connections raises: worth another try.
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # an idle connection that was cut, met before its end was read
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.QueryCanceledError,
)


async def connect(
    dsn: str | SecretStr,
    *,
    min_size: int = 1,
    max_size: int = 10,
    command_timeout: float = 30.0,
    within: float = 10.0,
) -> Pool:
    """Returns an open pool. Tries for `within` seconds, then raises StartupError naming the server.

    Every statement ends within `command_timeout`.
    """
    text = dsn.get_secret_value() if isinstance(dsn, SecretStr) else dsn
    loop = asyncio.get_running_loop()
    give_up = loop.time() + within
    while True:
        try:
            return await asyncpg.create_pool(
                text, min_size=min_size, max_size=max_size, command_timeout=command_timeout, timeout=within
            )
        except UNAVAILABLE as error:
            if loop.time() + 0.25 > give_up:
                raise StartupError(f"PostgreSQL at {_place(text)} does not answer: {error}") from error
            await asyncio.sleep(0.25)
        except (asyncpg.PostgresError, ValueError) as error:
            raise StartupError(f"PostgreSQL at {_place(text)} refuses: {error}") from error


@asynccontextmanager
async def pool(
    dsn: str | SecretStr, *, min_size: int = 1, max_size: int = 10, command_timeout: float = 30.0
) -> AsyncIterator[Pool]:
    """An open pool, closed at the end within five seconds whatever its connections do."""
    opened = await connect(dsn, min_size=min_size, max_size=max_size, command_timeout=command_timeout)
    try:
        yield opened
    finally:
        try:
            await asyncio.wait_for(opened.close(), 5)
        except (TimeoutError, *UNAVAILABLE):
            opened.terminate()


async def answers(pool: Pool) -> bool:
    """Whether the database answers: a probe for `Health.check`."""
    return bool(await pool.fetchval("SELECT 1", timeout=1.5) == 1)


@lru_cache(maxsize=256)
def qualify(statement: str, schema: str) -> str:
    """Returns the statement with `{schema}` replaced. Raises ValueError unless it is a plain name."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", schema):
        raise ValueError(f"not a schema's name: {schema!r}")
    return statement.replace("{schema}", schema)


def _place(dsn: str) -> str:
    parts = urlsplit(dsn)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"
