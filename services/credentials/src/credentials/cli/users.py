"""`bridge users`."""

from collections.abc import Awaitable, Callable
from typing import Any, TextIO

import click
from pydantic import SecretStr

from credentials.cli.desk import Desk, OpenDesk, at_desk, group


def users(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge users`."""
    about = "Look after the people who may connect a company on the consent page."
    commands = [add, list_users, remove, password, join, leave, unlock]
    return group("users", about, open_desk, commands)


def _with_password(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option(
            "--password-file", type=click.File(encoding="utf-8"), help="a file with the password alone"
        ),
        click.option(
            "--password-stdin",
            is_flag=True,
            help="read the password from standard input; else it is asked for",
        ),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("email")
@click.option("--name", required=True, help="the person's name")
@click.option(
    "--organisation",
    required=True,
    multiple=True,
    help="a customer of the vendor the person belongs to; may be repeated",
)
@click.option("--no-password", is_flag=True, help="they sign in at the identity provider alone")
@_with_password
@click.pass_obj
def add(open_desk: OpenDesk, /, email: str, **given: Any) -> None:
    """Add a person who may connect companies for their organisations; a new organisation is made."""
    organisations: tuple[str, ...] = given["organisation"]
    if given["no_password"] and (given["password_file"] or given["password_stdin"]):
        raise click.UsageError("--no-password goes with no password")
    secret = None if given["no_password"] else _password(**given)

    async def work(desk: Desk) -> str:
        await desk.users.add(email=email, name=given["name"], organisations=organisations, password=secret)
        return f"added {email} to {', '.join(organisations)}"

    click.echo(at_desk(open_desk, work))


def _password(*, password_file: TextIO | None, password_stdin: bool, **_others: Any) -> SecretStr:
    if password_file is not None and password_stdin:
        raise click.UsageError("--password-file and --password-stdin exclude each other")
    if password_file is not None:
        return SecretStr(password_file.read().rstrip("\r\n"))
    if password_stdin:
        return SecretStr(click.get_text_stream("stdin").read().rstrip("\r\n"))
    return SecretStr(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.command("list")
@click.pass_obj
def list_users(open_desk: OpenDesk) -> None:
    """List people with their organisations, a line for each of them."""

    async def work(desk: Desk) -> str:
        return "\n".join(
            sorted(
                f"{organisation.name}\t{user.email}\t{user.name}"
                for user in await desk.users.list()
                for organisation in user.organisations
            )
        )

    click.echo(at_desk(open_desk, work) or "no users")


def _does(open_desk: OpenDesk, deed: Callable[[Desk], Awaitable[None]], done: str) -> None:
    async def work(desk: Desk) -> str:
        await deed(desk)
        return done

    click.echo(at_desk(open_desk, work))


@click.command()
@click.argument("email")
@click.pass_obj
def remove(open_desk: OpenDesk, email: str) -> None:
    """Remove a person; what they have connected stays connected."""
    _does(open_desk, lambda desk: desk.users.remove(email), f"removed {email}")


@click.command()
@click.argument("email")
@_with_password
@click.pass_obj
def password(open_desk: OpenDesk, /, email: str, **given: Any) -> None:
    """Change a person's password; sign-ins under way end."""
    secret = _password(**given)
    _does(
        open_desk,
        lambda desk: desk.users.change_password(email, secret),
        f"{email} has a new password",
    )


@click.command()
@click.argument("email")
@click.option("--organisation", required=True)
@click.pass_obj
def join(open_desk: OpenDesk, email: str, organisation: str) -> None:
    """Let a person connect companies for an organisation more; a new one is made."""
    _does(open_desk, lambda desk: desk.users.join(email, organisation), f"{email} belongs to {organisation}")


@click.command()
@click.argument("email")
@click.option("--organisation", required=True)
@click.pass_obj
def leave(open_desk: OpenDesk, email: str, organisation: str) -> None:
    """Take an organisation from a person; what they have connected for it stays connected."""
    _does(
        open_desk,
        lambda desk: desk.users.leave(email, organisation),
        f"{email} belongs to {organisation} no more",
    )


@click.command()
@click.argument("email", required=False)
@click.option("--address", help="an IP address: alone, or where the person is")
@click.pass_obj
def unlock(open_desk: OpenDesk, email: str | None, address: str | None) -> None:
    """Let a person, or an IP address, try again that waits after too many wrong passwords.

    With both, what others try elsewhere locks the person out no more at that address.
    """
    if email is None and address is None:
        raise click.UsageError("give an e-mail address, --address or both")
    if email is None:
        _does(open_desk, lambda desk: desk.users.unlock_address(str(address)), f"{address} may try again")
    elif address is None:
        _does(open_desk, lambda desk: desk.users.unlock(email), f"{email} may try again")
    else:
        _does(
            open_desk,
            lambda desk: desk.users.unlock_at(email, address),
            f"{email} may try again at {address}",
        )
