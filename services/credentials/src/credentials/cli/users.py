"""`bridge users`."""

from typing import Any, TextIO

import click
from pydantic import SecretStr

from credentials.cli.desk import Desk, OpenDesk, at_desk, group


def users(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge users`."""
    about = "Look after the people who may connect a company on the consent page."
    return group("users", about, open_desk, [add, list_users, remove])


@click.command()
@click.argument("email")
@click.option("--name", required=True, help="the person's name")
@click.option("--organisation", required=True, help="the vendor's customer the person belongs to")
@click.option("--password-file", type=click.File(encoding="utf-8"), help="a file with the password alone")
@click.option(
    "--password-stdin",
    type=bool,
    is_flag=True,
    help="read the password from standard input; else it is asked for",
)
@click.pass_obj
def add(open_desk: OpenDesk, /, email: str, **given: Any) -> None:
    """Add a person who may connect companies for an organisation; a new organisation is made."""
    organisation: str = given["organisation"]
    password = _password(given["password_file"], from_stdin=given["password_stdin"])

    async def work(desk: Desk) -> str:
        await desk.users.add(email=email, name=given["name"], organisation=organisation, password=password)
        return f"added {email} to {organisation}"

    click.echo(at_desk(open_desk, work))


def _password(file: TextIO | None, *, from_stdin: bool) -> SecretStr:
    if file is not None and from_stdin:
        raise click.UsageError("--password-file and --password-stdin exclude each other")
    if file is not None:
        return SecretStr(file.read().rstrip("\r\n"))
    if from_stdin:
        return SecretStr(click.get_text_stream("stdin").read().rstrip("\r\n"))
    return SecretStr(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.command("list")
@click.pass_obj
def list_users(open_desk: OpenDesk) -> None:
    """List people by organisation."""

    async def work(desk: Desk) -> str:
        found = await desk.users.list()
        return "\n".join(f"{user.organisation.name}\t{user.email}\t{user.name}" for user in found)

    click.echo(at_desk(open_desk, work) or "no users")


@click.command()
@click.argument("email")
@click.pass_obj
def remove(open_desk: OpenDesk, email: str) -> None:
    """Remove a person; what they have connected stays connected."""

    async def work(desk: Desk) -> str:
        await desk.users.remove(email)
        return f"removed {email}"

    click.echo(at_desk(open_desk, work))
