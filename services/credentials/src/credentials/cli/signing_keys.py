"""`bridge signing-keys`."""

import click

from credentials.cli.desk import Desk, OpenDesk, at_desk, group


def signing_keys(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge signing-keys`."""
    about = "Look after the keys our access tokens are signed with."
    return group("signing-keys", about, open_desk, [list_keys, rotate_key])


@click.command("list")
@click.pass_obj
def list_keys(open_desk: OpenDesk) -> None:
    """List the keys that are published."""

    async def work(desk: Desk) -> str:
        return "\n".join(
            f"{key.kid}\tfrom {key.active_from:%Y-%m-%d %H:%M:%S}"
            + (f"\tuntil {key.retires_at:%Y-%m-%d %H:%M:%S}" if key.retires_at else "")
            + ("\tsigns" if signs else "")
            for key, signs in await desk.signing.list()
        )

    click.echo(at_desk(open_desk, work) or "no keys yet")


@click.command("rotate")
@click.pass_obj
def rotate_key(open_desk: OpenDesk) -> None:
    """Add a key that is published before it signs; older ones go when their last token has run out."""

    async def work(desk: Desk) -> str:
        key = await desk.signing.rotate(token_ttl=desk.token_ttl)
        return f"new key {key.kid}, signs from {key.active_from:%Y-%m-%d %H:%M:%S}"

    click.echo(at_desk(open_desk, work))
