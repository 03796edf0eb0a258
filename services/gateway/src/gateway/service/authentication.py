"""Who may call: verified once, remembered until the token expires, refused the moment its credential ends."""

import asyncio
from collections.abc import Callable, Container, Mapping

from gateway.domain.connections import Connections, Standing
from gateway.domain.principal import Principal
from gateway.domain.tokens import UnknownKey, verify
from gateway.errors import MissingScope, Unauthenticated, Unavailable
from gateway.service.keys import KeyStore
from gateway.service.lookup import IntegrationLookup

# An event of a new connection is this far behind its first token at most; a token that old is not waited for.
_FRESH_SECONDS = 30
_WAIT_SECONDS = 2.0


class Authenticator:
    """Verdicts are kept by the header's text, at most `remembered` of them, the oldest dropped first."""

    def __init__(
        self,
        *,
        issuer: str,
        keys: KeyStore,
        connections: Connections,
        revoked: Container[str],
        changed: asyncio.Event,
        is_loaded: Callable[[], bool],
        lookup: IntegrationLookup,
        now: Callable[[], float],
        remembered: int,
    ) -> None:
        self._issuer = issuer
        self._keys = keys
        self._connections = connections
        self._revoked = revoked
        self._changed = changed
        self._is_loaded = is_loaded
        self._lookup = lookup
        self._now = now
        self._remembered = remembered
        self._verdicts: dict[str, Principal] = {}

    async def authenticate(self, authorization: str | None, scope: str) -> Principal:
        """Returns whose token it is. Raises Unauthenticated, MissingScope."""
        principal = self._verdicts.get(authorization or "")
        if (
            principal is None
            or principal.expires_at <= self._now()
            or self._connections.standing(principal) is not Standing.GOOD
            or principal.token_id in self._revoked
            or self._lookup.is_needed
        ):
            principal, standing = await self.identify(authorization)
            if standing is not Standing.GOOD:
                raise Unauthenticated("the token's credential is not valid any more")
        if scope not in principal.scopes:
            raise MissingScope(scope)
        return principal

    async def identify(self, authorization: str | None) -> tuple[Principal, Standing]:
        """Returns whom a genuine, unexpired token names, and how its credential stands now.

        Raises Unavailable until the view of the credentials is whole: half of it knows a connection, and not
        yet that it has ended. No verdict is remembered before, so `authenticate` need not ask.
        """
        if not self._is_loaded():
            raise Unavailable("the integrations are not read yet")
        if not authorization:
            raise Unauthenticated("an access token is required", missing=True)
        principal = self._verdicts.get(authorization)
        if principal is None or principal.expires_at <= self._now():
            principal = await self._verify(authorization)
            self._remember(authorization, principal)
        await self._lookup.refresh(principal.company_id)
        if principal.token_id in self._revoked:
            raise Unauthenticated("the token was revoked")
        standing = self._connections.standing(principal)
        if standing is Standing.UNHEARD and self._now() - principal.issued_at < _FRESH_SECONDS:
            standing = await self._wait_for_news(principal)
        return principal, standing

    async def _verify(self, authorization: str) -> Principal:
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("a Bearer token is required", missing=True)
        keys = await self._keys.current()
        try:
            return self._check(token, keys)
        except UnknownKey:
            keys = await self._keys.renewed()
        try:
            return self._check(token, keys)
        except UnknownKey as error:
            raise Unauthenticated("the token names a key that is not known") from error

    def _check(self, token: str, keys: Mapping[str, object]) -> Principal:
        return verify(token, keys=keys, issuer=self._issuer, now=self._now())  # type: ignore[arg-type]

    def _remember(self, authorization: str, principal: Principal) -> None:
        while len(self._verdicts) >= self._remembered:
            self._verdicts.pop(next(iter(self._verdicts)))
        self._verdicts[authorization] = principal

    async def _wait_for_news(self, principal: Principal) -> Standing:
        """The token of a connection made just now may be here before the event that tells of it."""
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                while (standing := self._connections.standing(principal)) is Standing.UNHEARD:
                    await self._changed.wait()
        except TimeoutError:
            return Standing.UNHEARD
        return standing
