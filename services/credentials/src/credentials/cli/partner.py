"""`bridge partner`."""

from pathlib import Path
from typing import Any

import click
import yaml
from contracts.smartrecruiters import PartnerConfiguration

from credentials.cli.desk import OpenPartnerDesk, PartnerDesk, at_desk, group
from credentials.domain import partner as partner_file
from credentials.errors import PartnerFileInvalid

CHANGES_EXIT = 2
_FILE = click.Path(path_type=Path)


def partner(open_desk: OpenPartnerDesk) -> click.Group:
    """Returns `bridge partner`."""
    return group("partner", "Tell SmartRecruiters where it reaches us (SPEC 1.2).", open_desk, [plan, apply])


@click.command()
@click.argument("path", metavar="[FILE]", required=False, type=_FILE)
@click.option("--file", "named", type=_FILE, help="the partner file, default partner.yaml")
@click.pass_obj
def plan(open_desk: OpenPartnerDesk, path: Path | None, named: Path | None) -> None:
    """Show what `apply` would change: exit 0 when nothing, 2 when something."""

    async def work(desk: PartnerDesk) -> str:
        wanted = read_partner_file(path or named, desk.public_url)
        return "\n".join(map(str, await desk.service.plan(wanted)))

    changes = at_desk(open_desk, work)
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

    changes = at_desk(open_desk, work)
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
