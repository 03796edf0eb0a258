"""`bridge integrations`."""

from datetime import timedelta

import click

from credentials.cli.desk import Desk, OpenDesk, at_desk, group
from credentials.domain.clients import SecretHistory
from credentials.errors import words
from credentials.ports import TimelineEntry

_TIME = "%Y-%m-%d %H:%M:%S"


def integrations(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge integrations`."""
    about = "Look at companies' connections, and change them."
    return group("integrations", about, open_desk, [list_integrations, show, disable, rotate, end_old, move])


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

    click.echo(at_desk(open_desk, work) or "no integrations")


@click.command()
@click.argument("company_id")
@click.pass_obj
def show(open_desk: OpenDesk, company_id: str) -> None:
    """Show a company's connection: the secrets SmartRecruiters has of us, and what has happened."""

    async def work(desk: Desk) -> str:
        found = await desk.store.get(company_id)
        head = [f"{company_id} is {found.state}, clientId {found.client_id}"] if found else []
        secrets = [_secret(one) for one in await desk.store.secrets(company_id)]
        entries = [_entry(one) for one in await desk.store.timeline(company_id)]
        return "\n".join([*head, *secrets, *entries])

    click.echo(at_desk(open_desk, work) or "nothing has happened")


def _secret(one: SecretHistory) -> str:
    used = f"last used {one.last_used_at:{_TIME}}" if one.last_used_at else "never used"
    until = f", good until {one.valid_until:{_TIME}}" if one.valid_until and one.state == "active" else ""
    return f"  secret version {one.version}: {one.state}, made {one.created_at:{_TIME}}, {used}{until}"


def _entry(one: TimelineEntry) -> str:
    said = f"{one.at:{_TIME}}  {one.what}" + (f" version {one.version}" if one.version else "")
    if one.reason is None:
        return said
    # A refusal says whose move it is.
    return f"{said}: {one.reason}" + (f"\n    {told}" if (told := words(one.reason)) else "")


@click.command()
@click.argument("company_id")
@click.pass_obj
def disable(open_desk: OpenDesk, company_id: str) -> None:
    """End a company's tokens at once, as when SmartRecruiters disables the integration."""

    async def work(desk: Desk) -> str:
        await desk.integrations.disable(company_id)
        return f"{company_id} is disabled"

    click.echo(at_desk(open_desk, work))


@click.command()
@click.argument("company_id")
@click.option("--overlap-hours", type=click.FloatRange(0, 720), default=24, show_default=True)
@click.option("--now", is_flag=True, help="no overlap: the present secret and its tokens end at once")
@click.pass_obj
def rotate(
    open_desk: OpenDesk,
    company_id: str,
    overlap_hours: float,
    now: bool,  # noqa: FBT001 - click passes it
) -> None:
    """Make a new secret and print it once; the present one stays good for the overlap."""

    async def work(desk: Desk) -> str:
        overlap = timedelta() if now else timedelta(hours=overlap_hours)
        changed, secret = await desk.integrations.rotate(company_id, overlap)
        return f"clientId {changed.client_id}\nclientSecret {secret.get_secret_value()}"

    click.echo(at_desk(open_desk, work))


@click.command("end-old")
@click.argument("company_id")
@click.pass_obj
def end_old(open_desk: OpenDesk, company_id: str) -> None:
    """End the overlap of a rotation now: only the newest secret and its tokens stay good."""

    async def work(desk: Desk) -> str:
        left = await desk.integrations.end_old(company_id)
        return f"only secret version {', '.join(map(str, left.versions))} of {company_id} is good"

    click.echo(at_desk(open_desk, work))


@click.command()
@click.argument("company_id")
@click.option("--organisation", required=True)
@click.pass_obj
def move(open_desk: OpenDesk, company_id: str, organisation: str) -> None:
    """Let another organisation's people connect this company from now on."""

    async def work(desk: Desk) -> str:
        await desk.store.move(company_id, organisation)
        return f"{company_id} belongs to {organisation}"

    click.echo(at_desk(open_desk, work))
