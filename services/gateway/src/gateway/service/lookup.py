"""How a company's connection stands, asked of the credentials service while Kafka does not tell."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

import structlog

from gateway.domain.connections import Connections
from gateway.errors import CredentialsRefused, CredentialsUnavailable
from gateway.ports import Credentials

_COUNTS_SECONDS = 1.0
_WAIT_SECONDS = 1.0

log = structlog.get_logger()


class IntegrationLookup:
    """Asks nothing while `is_fed` says that every change comes by itself.

    Else one question of a company at a time, however many need it; that it was asked counts for a second,
    with an answer or without. Without one, what is known of the company stays as it is.
    """

    def __init__(
        self,
        *,
        credentials: Credentials,
        connections: Connections,
        is_fed: Callable[[], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self._credentials = credentials
        self._connections = connections
        self._is_fed = is_fed
        self._monotonic = monotonic
        self._asked_at: dict[str, float] = {}
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def is_needed(self) -> bool:
        """Whether a company may have changed without our having heard."""
        return not self._is_fed()

    async def refresh(self, company_id: str) -> None:
        """Brings what is known of the company up to date, where that is needed. Raises nothing."""
        if not self.is_needed or self._is_fresh(company_id):
            return
        async with self._asking[company_id]:
            if not self._is_fresh(company_id):
                await self._ask(company_id)
                self._asked_at[company_id] = self._monotonic()

    def _is_fresh(self, company_id: str) -> bool:
        asked_at = self._asked_at.get(company_id)
        return asked_at is not None and self._monotonic() - asked_at < _COUNTS_SECONDS

    async def _ask(self, company_id: str) -> None:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                found = await self._credentials.integration(company_id)
        except (CredentialsUnavailable, CredentialsRefused, TimeoutError) as error:
            log.info("integration not looked up", company_id=company_id, reason=str(error) or "no answer")
            return
        self._connections.learn(
            company_id, client_id=found.client_id, versions=found.versions, changed_at=found.changed_at
        )
