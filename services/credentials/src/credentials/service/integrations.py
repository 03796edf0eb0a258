"""The life of a connection after it is made: disabled, rotated, looked at."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog
from pydantic import SecretStr

from credentials.domain import clients
from credentials.domain.integrations import Integration, State
from credentials.errors import NotConnected, StorageUnavailable
from credentials.ports import Clock, ExchangeStore, IntegrationStore, Janitor
from credentials.service.randomness import Randomness

log = structlog.get_logger()


class IntegrationService:
    """Changes of connections; each one's event is in the outbox of the same transaction."""

    def __init__(
        self,
        *,
        integrations: IntegrationStore,
        pepper: bytes,
        randomness: Randomness,
        now: Clock,
        wake_relay: Callable[[], None],
    ) -> None:
        self._integrations = integrations
        self._pepper = pepper
        self._random = randomness
        self._now = now
        self._wake_relay = wake_relay

    async def get(self, company_id: str) -> Integration:
        """Returns how the connection stands, as its last event says. Raises NotConnected before the first."""
        found = await self._integrations.get(company_id)
        if found is None or found.state is State.PENDING:
            raise NotConnected
        return found

    async def disable(self, company_id: str, *, version: int | None = None) -> None:
        """Ends every token of the company at once; a repeat, and an unknown company, change nothing.

        With the `version` of the token that asks for it only the connection that token belongs to is ended.
        """
        if await self._integrations.disable(company_id, self._now(), version=version):
            self._wake_relay()
            log.info("company disabled", company_id=company_id)

    async def rotate(self, company_id: str, overlap: timedelta) -> tuple[Integration, SecretStr]:
        """Returns the connection and a new secret, told once; the present one stays good for `overlap`.

        Raises NotConnected or IntegrationDisabled, as `end_old` does.
        """
        secret = self._random.secret()
        hashed = clients.digest(self._pepper, secret)
        integration = await self._integrations.rotate(company_id, hashed, self._now(), overlap)
        self._wake_relay()
        return integration, secret

    async def end_old(self, company_id: str) -> Integration:
        """Ends the overlap of a rotation now: only the newest secret, and its tokens, stay good."""
        integration = await self._integrations.end_old(company_id, self._now())
        self._wake_relay()
        return integration

    async def end_overdue(self) -> None:
        """Ends the versions whose overlap is over."""
        for company_id in await self._integrations.end_overdue(self._now()):
            log.info("old secret ended", company_id=company_id)
            self._wake_relay()


async def keep_tidy(
    service: IntegrationService,
    exchanges: ExchangeStore,
    janitor: Janitor,
    *,
    now: Clock,
    every_seconds: float = 10.0,
) -> None:
    """Ends what is overdue or was interrupted, deletes what has run out, for ever; waits for PostgreSQL."""
    while True:
        try:
            await service.end_overdue()
            for company_id in await exchanges.end_interrupted(now()):
                log.warning("connect interrupted", company_id=company_id)
            await janitor.tidy(now())
        except StorageUnavailable:
            log.warning("tidying waits for PostgreSQL")
        await asyncio.sleep(every_seconds)
