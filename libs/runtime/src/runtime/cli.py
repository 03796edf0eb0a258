"""`bridge`: what an operator does by hand or in a deployment's job. Services add groups by entry point."""

import asyncio
import os
import sys
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

import click

from runtime import migrations
from runtime import roles as database_roles
from runtime.errors import StartupError
from runtime.kafka import access
from runtime.kafka import topics as kafka_topics
from runtime.logging import configure, scrub

MIGRATIONS = "bridge.migrations"
ROLES = "bridge.roles"
COMMANDS = "bridge.commands"


class _Groups(click.Group):
    """Loads the services' commands only when they are asked for: one that is broken hides no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *found(COMMANDS)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        own = super().get_command(ctx, cmd_name)
        point = found(COMMANDS).get(cmd_name)
        if own is not None or point is None:
            return own
        command = point.load()
        if not isinstance(command, click.Command):
            raise click.ClickException(f"{point.value} is not a command")
        return command


def found(group: str) -> Mapping[str, EntryPoint]:
    """Returns the installed entry points of a group by name."""
    return {point.name: point for point in entry_points(group=group)}


@click.group(cls=_Groups, context_settings={"help_option_names": ["-h", "--help"]})
def bridge() -> None:
    """Operate the assessment bridge."""


@bridge.group()
def database() -> None:
    """Look after the database."""


@database.command()
@click.option("--phase", type=click.Choice(["pre"]), help="only what must run before the new release")
@click.option("--database-url", envvar="DATABASE_URL", help="default: DATABASE_URL or DATABASE_URL_FILE")
def migrate(phase: migrations.Phase | None, database_url: str | None) -> None:
    """Bring every service's schema up to date, and its role's rights; a repeat does nothing.

    DATABASE_ROLES (or _FILE), role:password,…, says which roles there are; without it none is touched.
    """
    dsn = database_url or _given("DATABASE_URL")
    for schema, point in sorted(found(MIGRATIONS).items()):
        applied = asyncio.run(migrations.migrate(dsn, schema, point.value, phase=phase))
        click.echo(f"{schema}: {', '.join(applied) if applied else 'up to date'}")
    if passwords := database_roles.parse(_given("DATABASE_ROLES", needed=False)):
        click.echo(f"roles: {', '.join(asyncio.run(database_roles.apply(dsn, known_roles(), passwords)))}")


def known_roles() -> dict[str, database_roles.Role]:
    """Returns a role for each service's schema, and those that may less."""
    narrower = {name: point.load() for name, point in found(ROLES).items()}
    return {schema: database_roles.Role(schema) for schema in found(MIGRATIONS)} | narrower


@bridge.group()
def topics() -> None:
    """Look after Kafka's topics."""


@topics.command("create")
@click.option("--bootstrap-servers", envvar="KAFKA_BOOTSTRAP_SERVERS", required=True)
@click.option("--prefix", envvar="KAFKA_TOPIC_PREFIX", default="", show_default=True)
@click.option(
    "--replication", envvar="KAFKA_REPLICATION", default=1, show_default=True, type=click.IntRange(1, 10)
)
def create_topics(bootstrap_servers: str, prefix: str, replication: int) -> None:
    """Create the topics that are missing, with their dead letters; a repeat does nothing."""
    created = asyncio.run(kafka_topics.create(bootstrap_servers, prefix, replication=replication))
    click.echo("\n".join(created) if created else "up to date")


@topics.command()
@click.option("--bootstrap-servers", envvar="KAFKA_BOOTSTRAP_SERVERS", required=True)
@click.option("--prefix", envvar="KAFKA_TOPIC_PREFIX", default="", show_default=True)
@click.option("--engine", "engines", multiple=True, metavar="USER", help="an engine; may be repeated")
@click.option(
    "--engine-without-store",
    "rereading",
    multiple=True,
    metavar="USER",
    help="one that rebuilds what it knows from engines.updates, as the reference engine does",
)
@click.option("--dry-run", is_flag=True, help="only show them")
def allow(
    bootstrap_servers: str,
    prefix: str,
    engines: tuple[str, ...],
    rereading: tuple[str, ...],
    dry_run: bool,  # noqa: FBT001 - click passes it by name
) -> None:
    """Create the ACLs of our users and the engines'; a repeat does nothing, and none is taken away.

    Run it as a user that may alter Kafka's cluster.
    """
    users = [
        *access.OURS,
        *(access.engine(name) for name in engines),
        *(access.engine(name, store=False) for name in rereading),
    ]
    wanted = [acl for user in users for acl in access.acls(user, prefix)]
    if not dry_run:
        asyncio.run(access.allow(bootstrap_servers, wanted))
    click.echo("\n".join(map(str, wanted)))


def main() -> None:
    """The `bridge` program: a failure is one line and exit 1."""
    configure("bridge", "warning")
    try:
        bridge()
    except StartupError as error:
        click.echo(f"bridge: {scrub(str(error))}", err=True)
        sys.exit(1)


def _given(variable: str, *, needed: bool = True) -> str:
    path = os.environ.get(f"{variable}_FILE")
    if path:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - one line, no path arithmetic
            return file.read().strip()
    text = os.environ.get(variable, "")
    if needed and not text:
        raise click.UsageError(f"{variable} is missing")
    return text


if __name__ == "__main__":
    main()
