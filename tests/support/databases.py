"""Databases for tests: one is migrated once, each test gets a copy."""

import os
import secrets
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from runtime.migrations import migrate

ROOT = Path(__file__).parents[2]


def schemas() -> Mapping[str, str]:
    """Returns each schema and the package of its migrations.

    Read from the sources, as installed metadata is as old as the last `make init`. TEST_SCHEMAS narrows it.
    """
    found: dict[str, str] = {}
    for project in sorted(ROOT.glob("services/*/pyproject.toml")):
        points = tomllib.loads(project.read_text())["project"].get("entry-points", {})
        found |= points.get("bridge.migrations", {})
    chosen = os.environ.get("TEST_SCHEMAS")
    return {name: found[name] for name in chosen.split(",")} if chosen else found


async def migrate_all(dsn: str) -> None:
    """Applies every service's migrations."""
    for schema, package in schemas().items():
        await migrate(dsn, schema, package)


@asynccontextmanager
async def fresh(server: str, *, template: str = "template1") -> AsyncIterator[str]:
    """Yields the address of a new database, dropped at the end whoever is connected to it."""
    name = f"test_{secrets.token_hex(6)}"
    await _execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield address(server, name)
    finally:
        await _execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def address(server: str, database: str) -> str:
    """Returns the server's address with another database."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


def name_of(address: str) -> str:
    """Returns the database's name."""
    return urlsplit(address).path.lstrip("/")


async def _execute(server: str, statement: str) -> None:
    connection = await asyncpg.connect(server, timeout=10)
    try:
        await connection.execute(statement, timeout=60)
    finally:
        await connection.close()
