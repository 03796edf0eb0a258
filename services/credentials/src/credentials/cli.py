"""What the vendor's operator does: `bridge partner`, `users`, `integrations` and `signing-keys`."""

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
_FILE = click.Path(path_type=Path)


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


def partner(open_desk: OpenPartnerDesk) -> click.Group:
    """Returns `bridge partner`; like the others it opens its desk when a command runs, not before."""
    return _group("partner", "Tell SmartRecruiters where it reaches us (SPEC 1.2).", open_desk, [plan, apply])


def users(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge users`."""
    about = "Look after the people who may connect a company on the consent page."
    return _group("users", about, open_desk, [add, list_users, remove])


def integrations(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge integrations`."""
    about = "Look at companies' connections, and change them."
    return _group("integrations", about, open_desk, [list_integrations, show, disable, rotate, move])


def signing_keys(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge signing-keys`."""
    about = "Look after the keys our access tokens are signed with."
    return _group("signing-keys", about, open_desk, [rotate_key])


def _group(name: str, about: str, open_desk: Callable[[], Any], commands: list[click.Command]) -> click.Group:
    @click.pass_context
    def sit_down(context: click.Context) -> None:
        context.obj = open_desk

    return click.Group(name, callback=sit_down, commands=commands, help=about)


def _at_desk(
    open_desk: Callable[[], AbstractAsyncContextManager[D]], work: Callable[[D], Awaitable[str]]
) -> str:
    """Returns what `work` says; an error of ours is one message and exit 1."""

    async def working() -> str:
        async with open_desk() as desk:
            return await work(desk)

    try:
        return asyncio.run(working())
    except CredentialsError as error:
        raise click.ClickException(error.detail) from error


@click.command()
@click.argument("path", metavar="[FILE]", required=False, type=_FILE)
@click.option("--file", "named", type=_FILE, help="the partner file, default partner.yaml")
@click.pass_obj
def plan(open_desk: OpenPartnerDesk, path: Path | None, named: Path | None) -> None:
    """Show what `apply` would change: exit 0 when nothing, 2 when something."""

    async def work(desk: PartnerDesk) -> str:
        wanted = read_partner_file(path or named, desk.public_url)
        return "\n".join(map(str, await desk.service.plan(wanted)))

    changes = _at_desk(open_desk, work)
    click.echo(changes or "nothing to change")
    if changes:
        raise click.exceptions.Exit(CHANGES_EXIT)


@click.command()
@click.argument("path", metavar="[FILE]", required=False, type=_FILE)
@click.option("--file", "named", type=_FILE, help="the partner file, default partner.yaml")
@click.pass_obj
def apply(open_desk: OpenPartnerDesk, path: Path | None, named: Path | None) -> None:
    """Bring SmartRecruiters to what the file says; a repeat sends nothing."""

    async def work(desk: PartnerDesk) -> str:
        wanted = read_partner_file(path or named, desk.public_url)
        return "\n".join(map(str, await desk.service.apply(wanted)))

    changes = _at_desk(open_desk, work)
    click.echo(f"{changes}\napplied" if changes else "nothing to change")


def read_partner_file(path: Path | None, public_url: str) -> PartnerConfiguration:
    """Returns the configuration in a file. Raises PartnerFileInvalid, each fault with the file's name."""
    path = path or Path("partner.yaml")
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

    click.echo(_at_desk(open_desk, work))


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

    click.echo(_at_desk(open_desk, work) or "no users")


@click.command()
@click.argument("email")
@click.pass_obj
def remove(open_desk: OpenDesk, email: str) -> None:
    """Remove a person; what they have connected stays connected."""

    async def work(desk: Desk) -> str:
        await desk.users.remove(email)
        return f"removed {email}"

    click.echo(_at_desk(open_desk, work))


@click.command("list")
@click.pass_obj
def list_integrations(open_desk: OpenDesk) -> None:
    """List companies: state, since when, our client id, versions of our secret that are good."""

    async def work(desk: Desk) -> str:
        return "\n".join(
            f"{one.company_id}\t{one.state}\t{one.changed_at:%Y-%m-%d %H:%M:%S}\t{one.client_id}"
            f"\tversions {', '.join(map(str, one.versions)) or 'none'}"
            for one in await desk.store.list()
        )

    click.echo(_at_desk(open_desk, work) or "no integrations")


@click.command()
@click.argument("company_id")
@click.pass_obj
def show(open_desk: OpenDesk, company_id: str) -> None:
    """Show what has happened to a company's connection."""

    async def work(desk: Desk) -> str:
        return "\n".join(
            f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.what}"
            + (f" version {entry.version}" if entry.version else "")
            + (f": {entry.reason}" if entry.reason else "")
            for entry in await desk.store.timeline(company_id)
        )

    click.echo(_at_desk(open_desk, work) or "nothing has happened")


@click.command()
@click.argument("company_id")
@click.pass_obj
def disable(open_desk: OpenDesk, company_id: str) -> None:
    """End a company's tokens at once, as when SmartRecruiters disables the integration."""

    async def work(desk: Desk) -> str:
        await desk.integrations.disable(company_id)
        return f"{company_id} is disabled"

    click.echo(_at_desk(open_desk, work))


@click.command()
@click.argument("company_id")
@click.option("--overlap-hours", type=click.FloatRange(0, 720), default=24, show_default=True)
@click.pass_obj
def rotate(open_desk: OpenDesk, company_id: str, overlap_hours: float) -> None:
    """Make a new secret and print it once; the present one stays good for the overlap."""

    async def work(desk: Desk) -> str:
        changed, secret = await desk.integrations.rotate(company_id, timedelta(hours=overlap_hours))
        return f"clientId {changed.client_id}\nclientSecret {secret.get_secret_value()}"

    click.echo(_at_desk(open_desk, work))


@click.command()
@click.argument("company_id")
@click.option("--organisation", required=True)
@click.pass_obj
def move(open_desk: OpenDesk, company_id: str, organisation: str) -> None:
    """Let another organisation's people connect this company from now on."""

    async def work(desk: Desk) -> str:
        await desk.store.move(company_id, organisation)
        return f"{company_id} belongs to {organisation}"

    click.echo(_at_desk(open_desk, work))


@click.command("rotate")
@click.pass_obj
def rotate_key(open_desk: OpenDesk) -> None:
    """Add a key that signs in ten minutes; older ones go when their last token has run out."""

    async def work(desk: Desk) -> str:
        return f"new key {await desk.signing.rotate(token_ttl=desk.token_ttl)}"

    click.echo(_at_desk(open_desk, work))
