# ruff: noqa: S608 - names of the catalogue
"""Each service's database role has its own rows: it tries everything else, and is refused."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from orders.storage.roles import INSIGHTS
from runtime import roles
from runtime.errors import StartupError
from runtime.migrations import require_current
from runtime.roles import Role

from tests.support.databases import schemas

ROLES = {schema: Role(schema) for schema in ("gateway", "credentials", "orders", "results_publisher")}
ROLES["orders_insights"] = INSIGHTS
PASSWORD = "password-of-the-tests"
REFUSED = asyncpg.InsufficientPrivilegeError
each_role = pytest.mark.parametrize("role", sorted(ROLES))


@dataclass(frozen=True)
class Surroundings:
    """A database whose roles are made, under names no other test has."""

    url: str
    prefix: str

    @asynccontextmanager
    async def owner(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(self.url, timeout=10)
        try:
            yield connection
        finally:
            await connection.close()

    def url_of(self, role: str) -> str:
        parts = urlsplit(self.url)
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{self.prefix}{role}:{PASSWORD}@{host}"))

    @asynccontextmanager
    async def connected(self, role: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(self.url_of(role), timeout=10)
        try:
            yield connection
        finally:
            await connection.close()

    async def tables(self, *, of: set[str] | None = None, but: set[str] | None = None) -> list[str]:
        async with self.owner() as connection:
            rows = await connection.fetch(
                "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY($1) ORDER BY 1, 2",
                sorted((of or set(schemas())) - (but or set())),
            )
        return [f"{row['schemaname']}.{row['tablename']}" for row in rows]

    async def verifiers(self) -> dict[str, str]:
        async with self.owner() as connection:
            rows = await connection.fetch(
                "SELECT rolname, rolpassword FROM pg_authid WHERE starts_with(rolname, $1)", self.prefix
            )
        return {row["rolname"]: row["rolpassword"] for row in rows}


@pytest.fixture
async def surroundings(database_url: str) -> AsyncIterator[Surroundings]:
    prefix = f"t{secrets.token_hex(5)}_"
    made = Surroundings(database_url, prefix)
    await roles.apply(database_url, ROLES, dict.fromkeys(ROLES, PASSWORD), prefix=prefix)
    yield made
    async with made.owner() as connection:
        for role in ROLES:
            await connection.execute(f"DROP OWNED BY {prefix}{role}; DROP ROLE {prefix}{role}")


async def refused(connection: "asyncpg.Connection[asyncpg.Record]", statement: str) -> None:
    transaction = connection.transaction()
    await transaction.start()
    try:
        with pytest.raises(REFUSED):
            await connection.execute(statement)
    finally:
        await transaction.rollback()


@each_role
async def test_another_service_s_tables_are_closed(surroundings: Surroundings, role: str) -> None:
    others = await surroundings.tables(but={ROLES[role].schema})
    assert len(others) > 10
    async with surroundings.connected(role) as connection:
        for table in others:
            for statement in (
                f"SELECT * FROM {table}",
                f"SELECT count(*) FROM {table}",
                f"INSERT INTO {table} DEFAULT VALUES",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
                f"LOCK TABLE {table}",
                f"COPY {table} TO STDOUT",
                f"DROP TABLE {table}",
                f"ALTER TABLE {table} ADD COLUMN mine int",
                f"CREATE INDEX ON {table} ((1))",
                f"GRANT SELECT ON {table} TO PUBLIC",
            ):
                await refused(connection, statement)


@each_role
async def test_its_own_schema_is_not_its_to_change(surroundings: Surroundings, role: str) -> None:
    own = await surroundings.tables(of={ROLES[role].schema})
    schema = ROLES[role].schema
    async with surroundings.connected(role) as connection:
        for table in own:
            for verb in ("TRUNCATE", "DROP TABLE", "REINDEX TABLE"):
                await refused(connection, f"{verb} {table}")
            await refused(connection, f"ALTER TABLE {table} ADD COLUMN mine int")
            await refused(connection, f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in (
            f"CREATE TABLE {schema}.mine (id int)",
            f"CREATE FUNCTION {schema}.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            f"DROP SCHEMA {schema} CASCADE",
            f"INSERT INTO {schema}.schema_migrations VALUES ('9999_pre_mine.sql', 'x')",
            f"DELETE FROM {schema}.schema_migrations",
        ):
            await refused(connection, statement)


@each_role
async def test_nothing_outside_of_the_schemas_is_open(surroundings: Surroundings, role: str) -> None:
    async with surroundings.owner() as owner:
        who = await owner.fetchval("SELECT quote_ident(current_user)")
        database = await owner.fetchval("SELECT quote_ident(current_database())")
    other = surroundings.prefix + next(name for name in ROLES if name != role)
    async with surroundings.connected(role) as connection:
        for statement in (
            "CREATE TABLE public.mine (id int)",
            "CREATE TEMP TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE ROLE mine",
            "CREATE DATABASE mine",
            f"SET ROLE {who}",
            f"SET ROLE {other}",
            f"SET SESSION AUTHORIZATION {other}",
            f"ALTER ROLE {other} PASSWORD 'x'",
            f"ALTER ROLE {surroundings.prefix}{role} SUPERUSER",
            f"ALTER DATABASE {database} SET search_path TO mine",
            "SELECT pg_read_file('/etc/passwd')",
            "SELECT pg_ls_dir('/')",
            "SELECT lo_import('/etc/passwd')",
            "COPY (SELECT 1) TO '/tmp/x'",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT * FROM pg_authid",
            "SELECT * FROM pg_shadow",
            "ALTER SYSTEM SET log_statement TO 'all'",
            "SELECT pg_reload_conf()",
            "DROP EXTENSION plpgsql",
        ):
            if statement.startswith(("CREATE DATABASE", "ALTER SYSTEM")):
                with pytest.raises(REFUSED):
                    await connection.execute(statement)
            else:
                await refused(connection, statement)


@each_role
async def test_what_is_its_own_it_reads_and_writes(surroundings: Surroundings, role: str) -> None:
    wanted = ROLES[role]
    own = await surroundings.tables(of={wanted.schema})
    async with surroundings.connected(role) as connection:
        for table in own:
            name = table.partition(".")[2]
            if wanted.tables and name not in {*wanted.tables, "schema_migrations"}:
                await refused(connection, f"SELECT * FROM {table}")
                await refused(connection, f"DELETE FROM {table}")
            else:
                await connection.fetch(f"SELECT * FROM {table} LIMIT 1")
            if not wanted.tables and name != "schema_migrations":
                await connection.execute(f"DELETE FROM {table} WHERE false")


async def test_a_service_finds_its_schema_current(surroundings: Surroundings) -> None:
    for schema, package in schemas().items():
        async with asyncpg.create_pool(surroundings.url_of(schema), min_size=1, max_size=1) as pool:
            await require_current(pool, schema, package)


async def test_a_table_of_the_next_migration_is_the_service_s_at_once(surroundings: Surroundings) -> None:
    async with surroundings.owner() as owner:
        await owner.execute("CREATE TABLE orders.later (id int)")
    async with surroundings.connected("orders") as connection:
        await connection.execute("INSERT INTO orders.later VALUES (1)")
    async with surroundings.connected("orders_insights") as connection:
        await refused(connection, "SELECT * FROM orders.later")


async def test_a_repeat_takes_back_what_is_not_a_role_s(surroundings: Surroundings) -> None:
    role = f"{surroundings.prefix}gateway"
    async with surroundings.owner() as owner:
        await owner.execute(
            f"GRANT TRUNCATE ON gateway.spool TO {role}; GRANT CREATE ON SCHEMA gateway TO {role}"
        )
    changed = {"gateway": "another-password-of-it"}
    assert await roles.apply(surroundings.url, ROLES, changed, prefix=surroundings.prefix) == [role]
    kept = await surroundings.verifiers()
    assert [_fits(PASSWORD, kept[role]), _fits(changed["gateway"], kept[role])] == [False, True]
    url = surroundings.url_of("gateway").replace(PASSWORD, changed["gateway"])
    connection = await asyncpg.connect(url, timeout=10)
    try:
        await refused(connection, "TRUNCATE gateway.spool")
        await refused(connection, "CREATE TABLE gateway.mine (id int)")
    finally:
        await connection.close()


def _fits(password: str, verifier: str) -> bool:
    _, rest, keys = verifier.split("$")
    iterations, salt = rest.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(iterations))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return base64.b64encode(stored).decode() == keys.split(":")[0]


async def test_the_server_keeps_a_verifier_of_the_password(surroundings: Surroundings) -> None:
    kept = await surroundings.verifiers()
    assert len(kept) == len(ROLES)
    assert all(_fits(PASSWORD, verifier) for verifier in kept.values())


@pytest.mark.parametrize(
    "text", ["gateway", "gateway:", "gateway:short", "Gateway:long-enough-to-be", "x y:long-enough-to-be"]
)
def test_roles_that_cannot_be_read_are_named_without_their_password(text: str) -> None:
    with pytest.raises(StartupError, match="entry 2") as caught:
        roles.parse(f"orders:password-of-orders,{text}")
    assert "long-enough" not in str(caught.value)


async def test_a_role_nobody_knows_is_refused(database_url: str) -> None:
    with pytest.raises(StartupError, match="no role is called payments"):
        await roles.apply(database_url, ROLES, {"payments": PASSWORD})
