"""Migrations: plain SQL files NNNN_<pre|post>_what.sql, run once, in order, in a transaction each.

A `pre` file must suit the release before it, so it runs before the new release is rolled out; a `post` file
takes away what only the old one used, and runs after. Files are never edited once applied: a checksum tells.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import asyncpg
import structlog
from pydantic import SecretStr

from runtime.database import UNAVAILABLE, Connection, Pool, connect, qualify
from runtime.errors import StartupError

_NAME = re.compile(r"(?P<number>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+\.sql")
_TABLE = """
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.schema_migrations (
    name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
);
"""
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('migrations', 0))"

Phase = Literal["pre", "post"]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Migration:
    """One file of a package."""

    name: str
    phase: Phase
    sql: str

    @property
    def checksum(self) -> str:
        """What the file was when it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read(package: str) -> list[Migration]:
    """Returns the package's migrations in order. Raises StartupError on a bad name or a number used twice."""
    found: dict[str, Migration] = {}
    for file in sorted(resources.files(package).iterdir(), key=lambda file: file.name):
        if not file.name.endswith(".sql"):
            continue
        known = _NAME.fullmatch(file.name)
        if known is None or known["number"] in found:
            raise StartupError(f"{package}: {file.name} is not NNNN_pre_what.sql or repeats a number")
        phase: Phase = "pre" if known["phase"] == "pre" else "post"
        found[known["number"]] = Migration(file.name, phase, file.read_text("utf-8"))
    return list(found.values())


async def migrate(
    dsn: str | SecretStr, schema: str, package: str, *, phase: Phase | None = None
) -> list[str]:
    """Applies what is pending and returns its names; a repeat does nothing, two at once take turns.

    With phase "pre" it stops after the last pending `pre` file. Raises StartupError when the database
    does not answer, a file fails (nothing of it stays) or an applied file was edited.
    """
    pool = await connect(dsn, min_size=0, max_size=1, command_timeout=600)
    try:
        done: list[str] = []
        # A transaction for each file: what has worked stays when a later one fails.
        while (name := await _apply_next(pool, schema, read(package), phase)) is not None:
            done.append(name)
            log.info("migrated", schema=schema, migration=name)
        return done
    finally:
        await pool.close()


async def require_current(pool: Pool, schema: str, package: str) -> None:
    """Raises StartupError unless every `pre` file is applied as it stands in the package.

    Files the package does not know are a newer release's, whose `pre` files suit this one.
    """
    try:
        async with pool.acquire(timeout=10) as connection:
            applied = await _applied(connection, schema)
    except UNAVAILABLE as error:
        raise StartupError(f"PostgreSQL does not answer: {type(error).__name__}") from error
    migrations = read(package)
    _refuse_edited(schema, migrations, applied)
    missing = [one.name for one in migrations if one.phase == "pre" and one.name not in applied]
    if missing:
        raise StartupError(f"schema {schema} is stale, run `bridge database migrate`: {', '.join(missing)}")


async def _apply_next(
    pool: Pool, schema: str, migrations: list[Migration], phase: Phase | None
) -> str | None:
    async with pool.acquire(timeout=10) as connection, connection.transaction():
        await connection.execute(_LOCK)
        applied = await _applied(connection, schema)
        _refuse_edited(schema, migrations, applied)
        pending = _wanted([one for one in migrations if one.name not in applied], phase)
        if not pending:
            return None
        await connection.execute(qualify(_TABLE, schema))
        try:
            await connection.execute(pending[0].sql)
        except asyncpg.PostgresError as error:
            raise StartupError(f"migration {schema}/{pending[0].name} failed: {error}") from error
        await connection.execute(
            qualify("INSERT INTO {schema}.schema_migrations (name, checksum) VALUES ($1, $2)", schema),
            pending[0].name,
            pending[0].checksum,
        )
        return pending[0].name


def _wanted(pending: list[Migration], phase: Phase | None) -> list[Migration]:
    if phase != "pre":
        return pending
    last = max((index for index, one in enumerate(pending) if one.phase == "pre"), default=-1)
    return pending[: last + 1]


async def _applied(connection: Connection, schema: str) -> dict[str, str]:
    if await connection.fetchval("SELECT to_regclass($1)", f"{schema}.schema_migrations") is None:
        return {}
    rows = await connection.fetch(qualify("SELECT name, checksum FROM {schema}.schema_migrations", schema))
    return {row["name"]: row["checksum"] for row in rows}


def _refuse_edited(schema: str, migrations: list[Migration], applied: dict[str, str]) -> None:
    edited = [one.name for one in migrations if applied.get(one.name, one.checksum) != one.checksum]
    if edited:
        raise StartupError(f"schema {schema}: edited after it was applied: {', '.join(edited)}")
