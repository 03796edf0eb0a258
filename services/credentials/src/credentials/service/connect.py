"""Connecting a company: the exchange of credentials with SmartRecruiters, all or nothing (SPEC §1.3)."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog
from contracts.smartrecruiters import CredentialPair
from pydantic import SecretStr

from credentials.domain import clients
from credentials.domain.integrations import Busy, CustomerCredential, Done, Started, State, row_identity
from credentials.domain.people import ticket_hash
from credentials.domain.sealing import NONCE_BYTES, SealingKeys
from credentials.errors import (
    AlreadyIntegrated,
    AnswerLost,
    ConnectionInProgress,
    CredentialsError,
    NotSaved,
    NotUnderstood,
    SmartRecruitersBusy,
    SmartRecruitersUnavailable,
    StorageUnavailable,
)
from credentials.ports import (
    Clock,
    Completion,
    ExchangeRequest,
    ExchangeStore,
    Failure,
    IntegrationStore,
    SmartRecruiters,
)
from credentials.service.randomness import Randomness
from credentials.service.smartrecruiters_tokens import MasterTokens

LEASE = timedelta(seconds=15)
RENEW_EVERY_SECONDS = 4.0
LOOK_AGAIN_SECONDS = 0.2
# SmartRecruiters' answer comes once: whoever has it goes on until PostgreSQL is back.
SAVE_WITHIN = timedelta(minutes=10)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One exchange under way, and the secret nobody else knows yet."""

    id: UUID
    company_id: str
    version: int
    client_id: str
    secret: SecretStr = field(repr=False)


class ConnectService:
    """Grants: after the ticket is checked the company has a whole new connection, or what it had before.

    Of several at once for one company, on whatever replicas, one talks to SmartRecruiters; the others wait
    for its outcome. Where SmartRecruiters' yes was lost (ADR 11) that is noted, and the next attempt ends in
    AlreadyIntegrated, which tells the administrator to disable it there and connect again. A connection
    that is made while another stands lets that one's secret run out after `overlap`.
    """

    def __init__(
        self,
        *,
        exchanges: ExchangeStore,
        integrations: IntegrationStore,
        smartrecruiters: SmartRecruiters,
        master: MasterTokens,
        sealing: SealingKeys,
        pepper: bytes,
        randomness: Randomness,
        now: Clock,
        wait_seconds: float,
        overlap: timedelta,
        wake_relay: Callable[[], None],
    ) -> None:
        self._exchanges = exchanges
        self._integrations = integrations
        self._smartrecruiters = smartrecruiters
        self._master = master
        self._sealing = sealing
        self._pepper = pepper
        self._random = randomness
        self._now = now
        self._wait = wait_seconds
        self._overlap = overlap
        self._wake_relay = wake_relay

    async def grant(self, ticket: SecretStr, company_id: str) -> None:
        """Connects the company.

        Raises TicketInvalid, OtherOrganisation, ConnectionInProgress or SmartRecruitersError.
        """
        exchange = await self._begin(ticket, company_id)
        if exchange is None:
            return
        try:
            async with self._lease(exchange):
                theirs = await self._exchange(exchange)
                await self._save(exchange, theirs)
        except CredentialsError as error:
            await self._abandon(exchange, error)
            raise
        self._wake_relay()
        log.info("company connected", company_id=company_id, version=exchange.version)

    async def _begin(self, ticket: SecretStr, company_id: str) -> _Exchange | None:
        """Returns the exchange that has the company to itself, None when another one has connected it."""
        exchange_id = self._random.uuid()
        secret = self._random.secret()
        waited_for: set[UUID] = set()
        give_up = self._now() + timedelta(seconds=self._wait)
        while True:
            now = self._now()
            request = ExchangeRequest(
                ticket_hash=ticket_hash(ticket),
                company_id=company_id,
                exchange_id=exchange_id,
                new_client_id=self._random.client_id(),
                secret_hash=clients.digest(self._pepper, secret),
                lease_until=now + LEASE,
            )
            match await self._exchanges.begin(request, waited_for, now):
                case Started(client_id=client_id, version=version):
                    return _Exchange(exchange_id, company_id, version, client_id, secret)
                case Done():
                    return None
                case Busy(exchange_id=other):
                    waited_for.add(other)
            if self._now() >= give_up:
                raise ConnectionInProgress
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _exchange(self, exchange: _Exchange) -> CredentialPair:
        ours = CredentialPair(client_id=exchange.client_id, client_secret=exchange.secret)
        # Asked first: an answer that could not be sealed would be lost.
        _ = self._sealing.current

        async def send(token: SecretStr) -> CredentialPair:
            try:
                return await self._smartrecruiters.exchange(token, exchange.company_id, ours)
            except SmartRecruitersBusy:
                raise
            except SmartRecruitersUnavailable as error:
                raise AnswerLost(retry_after=error.retry_after) from error

        try:
            return await self._master.call(send)
        except AlreadyIntegrated as error:
            known = await self._integrations.get(exchange.company_id)
            stands = known is not None and known.state is State.CONNECTED
            if stands and not await self._integrations.unconfirmed(exchange.company_id):
                raise AlreadyIntegrated(AlreadyIntegrated.STANDS) from error
            raise

    async def _save(self, exchange: _Exchange, theirs: CredentialPair) -> None:
        """Commits, and tries again when PostgreSQL is away: SmartRecruiters' answer comes only once."""
        sealed = self._sealing.seal(
            theirs.client_secret.get_secret_value().encode(),
            identity=row_identity(exchange.company_id, exchange.version),
            nonce=self._random.bytes(NONCE_BYTES),
        )
        completion = Completion(
            exchange_id=exchange.id,
            company_id=exchange.company_id,
            credential=CustomerCredential(exchange.company_id, exchange.version, theirs.client_id, sealed),
            secret_hash=clients.digest(self._pepper, exchange.secret),
            overlap=self._overlap,
        )
        give_up, wait = self._now() + SAVE_WITHIN, 0.25
        while True:
            try:
                return await self._exchanges.complete(completion, self._now())
            except StorageUnavailable:
                log.warning("connection not saved yet", company_id=exchange.company_id)
            if self._now() >= give_up:
                raise NotSaved
            await asyncio.sleep(wait)
            wait = min(wait * 2, 2.0)

    async def _abandon(self, exchange: _Exchange, error: CredentialsError) -> None:
        log.warning("connect failed", company_id=exchange.company_id, reason=error.code)
        failure = Failure(
            exchange_id=exchange.id,
            company_id=exchange.company_id,
            version=exchange.version,
            reason=error.code,
            unconfirmed=isinstance(error, AnswerLost | NotUnderstood | NotSaved),
            free_ticket=error.retryable,
        )
        try:
            await self._exchanges.abandon(failure, self._now())
        except StorageUnavailable:
            # The lease runs out by itself and the next exchange drops what is pending.
            log.warning("failed connect not noted", company_id=exchange.company_id)

    @asynccontextmanager
    async def _lease(self, exchange: _Exchange) -> AsyncIterator[None]:
        renewing = asyncio.create_task(self._renew(exchange), name="renew the lease of a connect")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])

    async def _renew(self, exchange: _Exchange) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_SECONDS)
            try:
                await self._exchanges.renew(exchange.company_id, exchange.id, self._now() + LEASE)
            except StorageUnavailable:
                log.warning("lease not renewed", company_id=exchange.company_id)
