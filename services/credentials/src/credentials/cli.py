"""`bridge partner`, `bridge users`, `bridge integrations`, `bridge signing-keys`: what the vendor's operator does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click
import yaml
from contracts.smartrecruiters import PartnerConfiguration
from pydantic import SecretStr

from credentials.domain import partner as partner_file
from credentials.errors import CredentialsError, PartnerFileInvalid
from credentials.ports import IntegrationStore
from credentials.service.integrations import IntegrationService
from credentials.service.partner import PartnerService
from credentials.service.tokens import SigningKeys
from credentials.service.users import UserService

D = TypeVar("D")
CHANGES_EXIT = 2


@dataclass(frozen=True, slots=True)
class PartnerDesk:
    """What `bridge partner` works with."""

    service: PartnerService
    public_url: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What the commands on our own database work with."""

    users: UserService
    integrations: IntegrationService
    store: IntegrationStore
    signing: SigningKeys
    token_ttl: timedelta


OpenPartnerDesk = Callable[[], AbstractAsyncContextManager[PartnerDesk]]
OpenDesk = Callable[[], AbstractAsyncContextManager[Desk]]


def at_desk(
    open_desk: Callable[[], AbstractAsyncContextManager[D]], work: Callable[[D], Awaitable[str]]
) -> str:
    """Returns what `work` says at an open desk; an error of ours is one line and exit 1."""

    async def working() -> str:
        async with open_desk() as desk:
            return await work(desk)

    try:
        return asyncio.run(working())
    except CredentialsError as error:
        raise click.ClickException(error.detail) from error


def partner_group(open_desk: OpenPartnerDesk) -> click.Group:
    """Returns `bridge partner`."""
    group = click.Group("partner", help="Tell SmartRecruiters where it reaches us (SPEC 1.2).")
    file = [
        click.Argument(["positional"], metavar="[FILE]", required=False, type=click.Path(path_type=Path)),
        click.Option(
            ["--file", "file"],
            type=click.Path(path_type=Path),
            help="the partner file; default: partner.yaml",
        ),
    ]

    def plan(positional: Path | None, file: Path | None) -> None:
        """Show what `apply` would change: exit 0 when nothing, 2 when something."""

        async def work(desk: PartnerDesk) -> str:
            wanted = read_partner_file(positional or file or Path("partner.yaml"), desk.public_url)
            return "\n".join(map(str, await desk.service.plan(wanted)))

        changes = at_desk(open_desk, work)
        click.echo(changes or "nothing to change")
        if changes:
            raise click.exceptions.Exit(CHANGES_EXIT)

    def apply(positional: Path | None, file: Path | None) -> None:
        """Bring SmartRecruiters to what the file says; a repeat sends nothing."""

        async def work(desk: PartnerDesk) -> str:
            wanted = read_partner_file(positional or file or Path("partner.yaml"), desk.public_url)
            return "\n".join(map(str, await desk.service.apply(wanted)))

        changes = at_desk(open_desk, work)
        click.echo(f"{changes}\napplied" if changes else "nothing to change")

    for command in (plan, apply):
        group.add_command(
            click.Command(command.__name__, callback=command, params=list(file), help=command.__doc__)
        )
    return group


def read_partner_file(path: Path, public_url: str) -> PartnerConfiguration:
    """Returns the configuration in a file. Raises PartnerFileInvalid, each fault with the file's name."""
    try:
        content: Any = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise PartnerFileInvalid([f"{path}: cannot be read ({type(error).__name__})"]) from error
    except yaml.YAMLError as error:
        raise PartnerFileInvalid([f"{path}: is not YAML: {' '.join(str(error).split())}"]) from error
    try:
        return partner_file.read(content, public_url=public_url)
    except PartnerFileInvalid as error:
        raise PartnerFileInvalid([f"{path}: {fault}" for fault in error.faults]) from error


def users_group(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge users`."""

    @click.group(help="Look after the people who may connect a company on the consent page.")
    def users() -> None: ...

    @users.command()
    @click.argument("email")
    @click.option("--name", required=True, help="the person's name")
    @click.option("--organisation", required=True, help="the vendor's customer the person belongs to")
    @click.option("--password-file", type=click.File(encoding="utf-8"), help="a file with the password alone")
    @click.option("--password-stdin", is_flag=True, help="read the password from standard input")
    def add(
        email: str,
        name: str,
        organisation: str,
        password_file: TextIO | None,
        password_stdin: bool,  # noqa: FBT001 - click's way
    ) -> None:
        """Add a person; without a password option it is asked for."""
        password = _password(password_file, from_stdin=password_stdin)

        async def work(desk: Desk) -> str:
            await desk.users.add(email=email, name=name, organisation=organisation, password=password)
            return f"added {email} to {organisation}"

        click.echo(at_desk(open_desk, work))

    @users.command("list")
    def list_users() -> None:
        """List people by organisation."""

        async def work(desk: Desk) -> str:
            found = await desk.users.list()
            return "\n".join(f"{user.organisation.name}\t{user.email}\t{user.name}" for user in found)

        click.echo(at_desk(open_desk, work) or "no users")

    @users.command()
    @click.argument("email")
    def remove(email: str) -> None:
        """Remove a person; what they have connected stays connected."""

        async def work(desk: Desk) -> str:
            await desk.users.remove(email)
            return f"removed {email}"

        click.echo(at_desk(open_desk, work))

    return users


def _password(file: TextIO | None, *, from_stdin: bool) -> SecretStr:
    if file is not None and from_stdin:
        raise click.UsageError("--password-file and --password-stdin exclude each other")
    if file is not None:
        return SecretStr(file.read().rstrip("\r\n"))
    if from_stdin:
        return SecretStr(click.get_text_stream("stdin").read().rstrip("\r\n"))
    return SecretStr(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def integrations_group(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge integrations`."""

    @click.group(help="Look at companies' connections, and change them.")
    def integrations() -> None: ...

    @integrations.command("list")
    def list_integrations() -> None:
        """List the companies: state, since when, versions of our secret that are good."""

        async def work(desk: Desk) -> str:
            lines = [
                f"{one.company_id}\t{one.state}\t{one.changed_at:%Y-%m-%d %H:%M:%S}\t{one.client_id}"
                f"\tversions {', '.join(map(str, one.versions)) or 'none'}"
                for one in await desk.store.list()
            ]
            return "\n".join(lines)

        click.echo(at_desk(open_desk, work) or "no integrations")

    @integrations.command()
    @click.argument("company_id")
    def show(company_id: str) -> None:
        """Show what has happened to a company's connection."""

        async def work(desk: Desk) -> str:
            return "\n".join(
                f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.what}"
                f"{f' version {entry.version}' if entry.version else ''}{f': {entry.reason}' if entry.reason else ''}"
                for entry in await desk.store.timeline(company_id)
            )

        click.echo(at_desk(open_desk, work) or "nothing has happened")

    @integrations.command()
    @click.argument("company_id")
    def disable(company_id: str) -> None:
        """End a company's tokens at once, as if SmartRecruiters had disabled the integration."""

        async def work(desk: Desk) -> str:
            await desk.integrations.disable(company_id)
            return f"{company_id} is disabled"

        click.echo(at_desk(open_desk, work))

    @integrations.command()
    @click.argument("company_id")
    @click.option("--overlap-hours", type=click.FloatRange(0, 720), default=24, show_default=True)
    def rotate(company_id: str, overlap_hours: float) -> None:
        """Make a new secret and print it once; the present one stays good for the overlap."""

        async def work(desk: Desk) -> str:
            changed, secret = await desk.integrations.rotate(company_id, timedelta(hours=overlap_hours))
            return f"clientId {changed.client_id}\nclientSecret {secret.get_secret_value()}"

        click.echo(at_desk(open_desk, work))

    @integrations.command()
    @click.argument("company_id")
    @click.option("--organisation", required=True)
    def move(company_id: str, organisation: str) -> None:
        """Let another organisation's people connect this company from now on."""

        async def work(desk: Desk) -> str:
            await desk.store.move(company_id, organisation)
            return f"{company_id} belongs to {organisation}"

        click.echo(at_desk(open_desk, work))

    return integrations


def signing_keys_group(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge signing-keys`."""

    @click.group(help="Look after the keys our access tokens are signed with.")
    def signing_keys() -> None: ...

    @signing_keys.command()
    def rotate() -> None:
        """Add a key that signs in ten minutes; older ones go when their last token has run out."""

        async def work(desk: Desk) -> str:
            return f"new key {await desk.signing.rotate(token_ttl=desk.token_ttl)}"

        click.echo(at_desk(open_desk, work))

    return signing_keys
