"""The vendor's identity provider over HTTP: discovery, token, keys, user info (OpenID Connect)."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import SecretStr
from runtime.fencing import Fence, ForbiddenUrl
from runtime.http import outgoing

from credentials.domain.openid import Metadata, read_metadata, verified
from credentials.errors.people import IdentityNotProven, IdentityProviderUnavailable
from credentials.settings import OpenIdSettings

IN_FLIGHT = 4
METADATA_SECONDS = 3600.0
KEYS_SECONDS = 300.0
# A token whose key we do not know may be of a new one; asked for so often at most, whoever sends tokens.
KEYS_AGAIN_SECONDS = 10.0


class IdentityProvider:
    """`ports.people.Provider`: every answer within `timeout_seconds` in all, at fenced addresses alone."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        issuer: str,
        client_id: str,
        secret: SecretStr | None,
        timeout_seconds: float,
        now: Callable[[], datetime],
        clock: Callable[[], float],
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._timeout = timeout_seconds
        self._now = now
        self._clock = clock
        self._metadata: tuple[Metadata, float] | None = None
        self._keys: tuple[KeySet, float] | None = None

    async def metadata(self) -> Metadata:
        """See `ports.people.Provider`."""
        if self._metadata is not None and self._clock() - self._metadata[1] <= METADATA_SECONDS:
            return self._metadata[0]
        async with self._within():
            found = await self._discover()
        self._metadata = (found, self._clock())
        return found

    async def claims(
        self, code: SecretStr, *, verifier: str, nonce: str, redirect_uri: str
    ) -> Mapping[str, Any]:
        """See `ports.people.Provider`."""
        metadata = await self.metadata()
        async with self._within():
            id_token, access_token = await self._exchange(metadata, code, verifier, redirect_uri)
            claims = await self._verified(metadata, id_token, access_token, nonce)
            if "email" in claims or metadata.userinfo_endpoint is None:
                return claims
            more = await self._get(
                metadata.userinfo_endpoint, headers={"Authorization": f"Bearer {access_token}"}
            )
        if not isinstance(more, Mapping) or more.get("sub") != claims["sub"]:
            raise IdentityNotProven  # Core §5.3.2: user info may be of somebody else
        return {**more, **claims}

    async def _discover(self) -> Metadata:
        content = await self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            return read_metadata(content, self._issuer)
        except ValueError as error:
            raise IdentityProviderUnavailable(
                f"The identity provider's own description cannot be used: {error}. The vendor's operator has "
                "to check OIDC_ISSUER."
            ) from error

    async def _exchange(
        self, metadata: Metadata, code: SecretStr, verifier: str, redirect_uri: str
    ) -> tuple[str, str]:
        form = {
            "grant_type": "authorization_code",
            "code": code.get_secret_value(),
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Accept": "application/json"}
        if self._secret is None:
            form["client_id"] = self._client_id
        elif metadata.secret_in_body:
            form |= {"client_id": self._client_id, "client_secret": self._secret.get_secret_value()}
        else:
            # RFC 6749 §2.3.1: each is form-encoded before it is joined.
            pair = f"{quote_plus(self._client_id)}:{quote_plus(self._secret.get_secret_value())}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        answer = await self._http.post(metadata.token_endpoint, data=form, headers=headers)
        if answer.status_code in {400, 401}:
            raise IdentityNotProven
        content = _json(answer)
        if not isinstance(content, Mapping):
            raise IdentityProviderUnavailable
        id_token, access_token = content.get("id_token"), content.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise IdentityNotProven
        return id_token, access_token

    async def _verified(
        self, metadata: Metadata, id_token: str, access_token: str, nonce: str
    ) -> Mapping[str, Any]:
        keys, age = await self._known_keys(metadata, KEYS_SECONDS)
        checked = {
            "issuer": self._issuer,
            "client_id": self._client_id,
            "nonce": nonce,
            "access_token": access_token,
            "now": self._now(),
        }
        try:
            return verified(id_token, keys, **checked)  # type: ignore[arg-type]  # the names are its own
        except IdentityNotProven:
            if age < KEYS_AGAIN_SECONDS:
                raise
        keys, _ = await self._known_keys(metadata, KEYS_AGAIN_SECONDS)
        return verified(id_token, keys, **checked)  # type: ignore[arg-type]  # the names are its own

    async def _known_keys(self, metadata: Metadata, not_older_than: float) -> tuple[KeySet, float]:
        if self._keys is None or self._clock() - self._keys[1] > not_older_than:
            content = await self._get(metadata.jwks_uri)
            try:
                self._keys = (KeySet.import_key_set(content), self._clock())
            except (JoseError, ValueError, KeyError, TypeError) as error:
                raise IdentityProviderUnavailable from error
        return self._keys[0], self._clock() - self._keys[1]

    async def _get(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        return _json(await self._http.get(url, headers={"Accept": "application/json", **(headers or {})}))

    @asynccontextmanager
    async def _within(self) -> AsyncIterator[None]:
        """Ends what takes too long; whatever goes wrong with the connection is the provider's absence."""
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except (TimeoutError, httpx.TransportError, httpx.InvalidURL, ForbiddenUrl):
            # `from None`: httpx keeps the request, and with it the secret, in its errors.
            raise IdentityProviderUnavailable from None


@asynccontextmanager
async def identity_provider(
    settings: OpenIdSettings, *, fence: Fence, now: Callable[[], datetime]
) -> AsyncIterator[IdentityProvider]:
    """A client of the configured provider, closed at the end."""
    seconds = settings.oidc_timeout_seconds
    async with outgoing.client(fence, timeout=httpx.Timeout(seconds), max_connections=IN_FLIGHT) as http:
        yield IdentityProvider(
            http,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            secret=settings.oidc_client_secret,
            timeout_seconds=seconds,
            now=now,
            clock=asyncio.get_running_loop().time,
        )


def _json(answer: httpx.Response) -> Any:
    if answer.status_code != 200:
        raise IdentityProviderUnavailable
    try:
        return answer.json()
    except (ValueError, RecursionError) as error:  # no JSON, or nested deeper than it can be read
        raise IdentityProviderUnavailable from error
