"""Database roles: each service runs as one that has its own schema's rows and nothing else.

Whoever migrates owns the schemas, and gives the roles what they may. A repeat changes nothing but passwords,
of which PostgreSQL and its logs are told the SCRAM verifier alone (RFC 5803).
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
import structlog
from pydantic import SecretStr

from runtime.database import Connection, connect
from runtime.errors import StartupError

PREFIX = "bridge_"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PASSWORD = re.compile(r"[!-~]{12,200}")
_ITERATIONS = 4096
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('roles', 0))"
_ROWS = "SELECT, INSERT, UPDATE, DELETE"
_MIGRATIONS = "schema_migrations"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Role:
    """What a role may in one schema: with `tables` that on those alone, without every table's rows."""

    schema: str
    tables: Mapping[str, str] = field(default_factory=dict)


def parse(text: str) -> dict[str, str]:
    """Reads `role:password,…`. Raises StartupError saying which entry is wrong, never its password."""
    found: dict[str, str] = {}
    for place, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        name, _, password = entry.partition(":")
        if not _NAME.fullmatch(name) or not _PASSWORD.fullmatch(password) or name in found:
            raise StartupError(f"DATABASE_ROLES: entry {place} is not role:password of 12 characters or more")
        found[name] = password
    return found


async def apply(
    dsn: str | SecretStr, roles: Mapping[str, Role], passwords: Mapping[str, str], *, prefix: str = PREFIX
) -> Sequence[str]:
    """Makes the roles that have a password, takes and gives rights; returns their names in the database.

    Takes from everybody what PostgreSQL gives everybody in this database. Raises StartupError when the
    database does not answer, or whoever asks may not do it.
    """
    if unknown := sorted(passwords.keys() - roles.keys()):
        raise StartupError(
            f"DATABASE_ROLES: no role is called {', '.join(unknown)}: {', '.join(sorted(roles))}"
        )
    pool = await connect(dsn, min_size=0, max_size=1, command_timeout=60)
    try:
        async with pool.acquire(timeout=10) as connection, connection.transaction():
            await connection.execute(_LOCK)
            await _close_database(connection)
            for name, password in sorted(passwords.items()):
                await _make(connection, prefix + name, password)
                await _grant(connection, prefix + name, roles[name])
    except asyncpg.InsufficientPrivilegeError as error:
        raise StartupError(f"roles need an owner of the database who may create roles: {error}") from error
    finally:
        await pool.close()
    return [prefix + name for name in sorted(passwords)]


async def _close_database(connection: Connection) -> None:
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(f"REVOKE ALL ON DATABASE {database} FROM PUBLIC")
    await connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")


async def _make(connection: Connection, role: str, password: str) -> None:
    if await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role) is None:
        await connection.execute(
            f"CREATE ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS"
        )
        log.info("role made", role=role)
    await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD '{_verifier(password)}'")
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(f"GRANT CONNECT ON DATABASE {database} TO {role}")


async def _grant(connection: Connection, role: str, wanted: Role) -> None:
    schema = wanted.schema
    # Anew each time: what was given to an older release is taken back.
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {role}",
        f"REVOKE ALL ON SCHEMA {schema} FROM {role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
    ]
    if wanted.tables:
        statements += [
            f"GRANT {rights} ON {schema}.{table} TO {role}" for table, rights in wanted.tables.items()
        ]
    else:
        statements += [
            f"GRANT {_ROWS} ON ALL TABLES IN SCHEMA {schema} TO {role}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
            f"REVOKE ALL ON {schema}.{_MIGRATIONS} FROM {role}",
            # A table of the next migration is the service's at once.
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT {_ROWS} ON TABLES TO {role}",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE ON SEQUENCES TO {role}",
        ]
    statements.append(f"GRANT SELECT ON {schema}.{_MIGRATIONS} TO {role}")
    for statement in statements:
        await connection.execute(statement)


def _verifier(password: str) -> str:
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    encoded = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"
