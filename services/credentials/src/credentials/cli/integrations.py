"""`bridge integrations`."""

from datetime import timedelta

import click

from credentials.cli.desk import Desk, OpenDesk, at_desk, group


def integrations(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge integrations`."""
    about = "Look at companies' connections, and change them."
    return group("integrations", about, open_desk, [list_integrations, show, disable, rotate, move])


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
    """Show what has happened to a company's connection."""

    async def work(desk: Desk) -> str:
        return "\n".join(
            f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.what}"
            + (f" version {entry.version}" if entry.version else "")
            + (f": {entry.reason}" if entry.reason else "")
            for entry in await desk.store.timeline(company_id)
        )

    click.echo(at_desk(open_desk, work) or "nothing has happened")


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
@click.pass_obj
def rotate(open_desk: OpenDesk, company_id: str, overlap_hours: float) -> None:
    """Make a new secret and print it once; the present one stays good for the overlap."""

    async def work(desk: Desk) -> str:
        changed, secret = await desk.integrations.rotate(company_id, timedelta(hours=overlap_hours))
        return f"clientId {changed.client_id}\nclientSecret {secret.get_secret_value()}"

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
