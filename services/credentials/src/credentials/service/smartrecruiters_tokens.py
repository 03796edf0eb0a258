"""Who we are towards SmartRecruiters: the master token and the customers' tokens."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from contracts.smartrecruiters import TokenAnswer
from pydantic import SecretStr

from credentials.domain.integrations import CustomerCredential, State, row_identity
from credentials.domain.sealing import SealingKeys
from credentials.errors import (
    ClientRefused,
    CustomerCredentialRefused,
    IntegrationDisabled,
    MasterCredentialRefused,
    NotConnected,
    TokenRejected,
)
from credentials.ports import IntegrationStore, SmartRecruiters
from credentials.service.token_cache import HeldToken, TokenCache

T = TypeVar("T")
log = structlog.get_logger()


class MasterTokens:
    """The master token of SPEC §1.2; one is fetched however many calls need it.

    `secret` is asked for each fetch: it may have been changed, while the token before it goes on.
    """

    def __init__(
        self,
        *,
        smartrecruiters: SmartRecruiters,
        client_id: str,
        secret: Callable[[], SecretStr],
        clock: Callable[[], float],
    ) -> None:
        self._smartrecruiters = smartrecruiters
        self._client_id = client_id
        self._secret = secret
        self._cache: TokenCache[str] = TokenCache(clock)

    async def call(self, work: Callable[[SecretStr], Awaitable[T]]) -> T:
        """Returns what `work` returns with a token. After a 401 it is repeated once with a new one."""
        held = await self._get()
        try:
            return await work(held.value)
        except TokenRejected:
            log.info("master token rejected, fetching another")
            self._cache.drop(self._client_id, held.digest)
        return await work((await self._get()).value)

    async def close(self) -> None:
        """Ends what is being fetched."""
        await self._cache.close()

    async def _get(self) -> HeldToken:
        return await self._cache.get(self._client_id, self._fetch)

    async def _fetch(self) -> TokenAnswer:
        try:
            return await self._smartrecruiters.token(self._client_id, self._secret())
        except ClientRefused as error:
            raise MasterCredentialRefused from error


class CustomerTokens:
    """Customers' tokens, by company and version of the connection.

    PostgreSQL is asked each time whether the connection stands: a disable on one replica counts on all.
    """

    def __init__(
        self,
        *,
        smartrecruiters: SmartRecruiters,
        integrations: IntegrationStore,
        sealing: SealingKeys,
        clock: Callable[[], float],
    ) -> None:
        self._smartrecruiters = smartrecruiters
        self._integrations = integrations
        self._sealing = sealing
        self._cache: TokenCache[tuple[str, int]] = TokenCache(clock)

    async def get(self, company_id: str, *, rejected: str | None = None) -> tuple[SecretStr, int]:
        """Returns a token and its seconds left; `rejected` is the digest of one that got 401.

        Raises NotConnected, IntegrationDisabled, CustomerCredentialRefused or SmartRecruitersUnavailable.
        """
        credential = await self._credential(company_id)
        key = (company_id, credential.version)
        self._cache.keep_only(lambda other: other[0] != company_id or other == key)
        if rejected:
            self._cache.drop(key, rejected)
        held = await self._cache.get(key, lambda: self._fetch(credential))
        return held.value, self._cache.seconds_left(held)

    async def close(self) -> None:
        """Ends what is being fetched."""
        await self._cache.close()

    async def _credential(self, company_id: str) -> CustomerCredential:
        credential = await self._integrations.customer_credential(company_id)
        if credential is not None:
            return credential
        integration = await self._integrations.get(company_id)
        if integration is not None and integration.state is State.DISABLED:
            raise IntegrationDisabled
        raise NotConnected

    async def _fetch(self, credential: CustomerCredential) -> TokenAnswer:
        identity = row_identity(credential.company_id, credential.version)
        secret = self._sealing.open(credential.sealed, identity=identity).decode()
        try:
            return await self._smartrecruiters.token(credential.client_id, SecretStr(secret))
        except ClientRefused as error:
            log.warning("customer credential refused", company_id=credential.company_id)
            raise CustomerCredentialRefused from error
