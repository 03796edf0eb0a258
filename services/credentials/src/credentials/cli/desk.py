"""What the commands share: desks to work at, and how an error of ours is told."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import click

from credentials.errors import CredentialsError
from credentials.ports import IntegrationStore
from credentials.service.encryption_keys import EncryptionKeyService, Pepper
from credentials.service.integrations import IntegrationService
from credentials.service.partner import PartnerService
from credentials.service.tokens import SigningKeys
from credentials.service.users import UserService

D = TypeVar("D")


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
    encryption_keys: EncryptionKeyService
    pepper: Pepper


OpenPartnerDesk = Callable[[], AbstractAsyncContextManager[PartnerDesk]]
OpenDesk = Callable[[], AbstractAsyncContextManager[Desk]]


def group(name: str, about: str, open_desk: Callable[[], Any], commands: list[click.Command]) -> click.Group:
    """Returns the commands of one name; a desk is opened when one of them runs, not before."""

    @click.pass_context
    def sit_down(context: click.Context) -> None:
        context.obj = open_desk

    return click.Group(name, callback=sit_down, commands=commands, help=about)


def at_desk(
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
