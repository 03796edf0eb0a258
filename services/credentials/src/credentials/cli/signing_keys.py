"""`bridge signing-keys`."""

import click

from credentials.cli.desk import Desk, OpenDesk, at_desk, group


def signing_keys(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge signing-keys`."""
    about = "Look after the keys our access tokens are signed with."
    return group("signing-keys", about, open_desk, [rotate_key])


@click.command("rotate")
@click.pass_obj
def rotate_key(open_desk: OpenDesk) -> None:
    """Add a key that signs in ten minutes; older ones go when their last token has run out."""

    async def work(desk: Desk) -> str:
        return f"new key {await desk.signing.rotate(token_ttl=desk.token_ttl)}"

    click.echo(at_desk(open_desk, work))
