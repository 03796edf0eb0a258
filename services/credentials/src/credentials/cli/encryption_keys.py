"""`bridge encryption-keys`."""

import click

from credentials.cli.desk import Desk, OpenDesk, at_desk, group


def encryption_keys(open_desk: OpenDesk) -> click.Group:
    """Returns `bridge encryption-keys`."""
    about = "Look after the keys that stored secrets are sealed with."
    return group("encryption-keys", about, open_desk, [status, rewrap, rotate, remove, pepper])


@click.command()
@click.pass_obj
def status(open_desk: OpenDesk) -> None:
    """Show how many rows stand under which key; one without rows may go."""

    async def work(desk: Desk) -> str:
        lines = []
        for key_id, word, tables in await desk.encryption_keys.status():
            listed = ", ".join(f"{name} {rows}" for name, rows in sorted(tables.items()))
            needed = tables or key_id == desk.pepper.derived_from
            may_go = "  may go" if word == "opens" and not needed else ""
            lines.append(
                f"{key_id}\t{word}\trows {sum(tables.values())}{f' ({listed})' if listed else ''}{may_go}"
            )
        if desk.pepper.derived_from is not None:
            lines.append(
                f"SECRET_PEPPER is derived from {desk.pepper.derived_from}, which has to stay until it is set"
            )
        return "\n".join(lines)

    click.echo(at_desk(open_desk, work))


@click.command()
@click.pass_obj
def rewrap(open_desk: OpenDesk) -> None:
    """Seal every row under the key that seals now; the running service does so by itself."""

    async def work(desk: Desk) -> str:
        result = await desk.encryption_keys.resealing.once()
        broken = f"; {result.broken} that no key opens stay as they are" if result.broken else ""
        return f"{result.done} rows sealed anew{broken}"

    click.echo(at_desk(open_desk, work))


@click.command()
@click.pass_obj
def rotate(open_desk: OpenDesk) -> None:
    """Have the key service wrap a new key; it seals once every replica knows it."""

    async def work(desk: Desk) -> str:
        return f"new key {await desk.encryption_keys.rotate()}"

    click.echo(at_desk(open_desk, work))


@click.command()
@click.argument("key_id")
@click.pass_obj
def remove(open_desk: OpenDesk, key_id: str) -> None:
    """Forget a key of the key service's that no row stands under."""

    async def work(desk: Desk) -> str:
        gone = await desk.encryption_keys.remove(key_id)
        return f"{key_id} is gone" if gone else f"no key {key_id} is kept here"

    click.echo(at_desk(open_desk, work))


@click.command()
@click.pass_obj
def pepper(open_desk: OpenDesk) -> None:
    """Print what SECRET_PEPPER is, to be set before the key goes that it is derived from."""

    async def work(desk: Desk) -> str:
        return desk.pepper.text

    click.echo(at_desk(open_desk, work))
