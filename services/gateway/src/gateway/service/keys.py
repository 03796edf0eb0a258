"""The keys access tokens are signed with, as the credentials service publishes them."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from joserfc.jwk import ECKey

from gateway.domain.tokens import parse_keys
from gateway.errors import CredentialsRefused, CredentialsUnavailable
from gateway.ports import Credentials

log = structlog.get_logger()

_RENEW_NO_MORE_THAN_EVERY = 5.0
_RETRY_SECONDS = 1.0


class KeyStore:
    """Fetched at start and regularly, and when a token names a key we have not got (at most every 5 s).

    While the credentials service is away the keys we have go on being used.
    """

    def __init__(
        self, *, credentials: Credentials, monotonic: Callable[[], float], refresh_seconds: float
    ) -> None:
        self._credentials = credentials
        self._monotonic = monotonic
        self._refresh_seconds = refresh_seconds
        self._keys: Mapping[str, ECKey] = {}
        self._tried_at: float | None = None
        self._fetching = asyncio.Lock()

    @property
    def is_loaded(self) -> bool:
        """Whether there is a key: a probe for readiness."""
        return bool(self._keys)

    async def current(self) -> Mapping[str, ECKey]:
        """Returns the keys we have. Raises CredentialsUnavailable before there are any."""
        if not self._keys:
            await self.renewed()
        if not self._keys:
            raise CredentialsUnavailable("there are no keys yet")
        return self._keys

    async def renewed(self) -> Mapping[str, ECKey]:
        """Returns the keys, fetched anew unless that was tried a moment ago."""
        async with self._fetching:
            if self._tried_at is None or self._monotonic() - self._tried_at >= _RENEW_NO_MORE_THAN_EVERY:
                await self._fetch()
        return self._keys

    async def run(self) -> None:
        """Keeps the keys fresh until cancelled."""
        while True:
            async with self._fetching:
                fetched = await self._fetch()
            await asyncio.sleep(self._refresh_seconds if fetched else _RETRY_SECONDS)

    async def _fetch(self) -> bool:
        self._tried_at = self._monotonic()
        try:
            found = parse_keys(await self._credentials.keys())
        except (CredentialsUnavailable, CredentialsRefused) as error:
            log.warning("keys cannot be fetched", reason=str(error))
            return False
        if not found:
            log.warning("the credentials service has no keys")
            return False
        self._keys = found
        return True

    def document(self) -> dict[str, Any]:
        """Returns the keys as a JWK set (RFC 7517 §5), public members only."""
        return {
            "keys": [
                {**key.as_dict(private=False), "kid": identity, "use": "sig", "alg": "ES256"}
                for identity, key in self._keys.items()
            ]
        }
