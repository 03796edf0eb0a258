"""The token endpoint, revocation, and what is published about them (RFC 6749, 7009, 7517, 8414)."""

import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

from aiohttp import web
from multidict import CIMultiDict

from gateway.domain.principal import SCOPES
from gateway.domain.token_requests import (
    RevocationRequest,
    TokenRequest,
    read_revocation_request,
    read_token_request,
)
from gateway.errors import CredentialsUnavailable, TokenRequestRefused, TooManyTokenRequests
from gateway.http.server.bodies import read_body
from gateway.http.server.client_address import ClientAddresses
from gateway.ports import Credentials
from gateway.service.keys import KeyStore
from gateway.service.token_limits import TokenLimits

R = TypeVar("R", TokenRequest, RevocationRequest)
A = TypeVar("A")

_AUTHENTICATION = ["client_secret_basic", "client_secret_post"]
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthHandlers:
    """POST /oauth/token, POST /oauth/revoke and the well-known documents."""

    def __init__(
        self,
        *,
        credentials: Credentials,
        keys: KeyStore,
        limits: TokenLimits,
        addresses: ClientAddresses,
        issuer: str,
    ) -> None:
        self._credentials = credentials
        self._limits = limits
        self._addresses = addresses
        self._keys = keys
        self._issuer = issuer
        base = issuer.rstrip("/")
        self._metadata = {
            "issuer": issuer,
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "jwks_uri": f"{base}/.well-known/jwks.json",
            "scopes_supported": list(SCOPES),
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": _AUTHENTICATION,
            "revocation_endpoint_auth_methods_supported": _AUTHENTICATION,
        }

    async def token(self, request: web.Request) -> web.Response:
        """RFC 6749 §4.4.3, or §5.2's own form of errors."""
        return await self._answer(request, read_token_request, self._credentials.token)

    async def revoke(self, request: web.Request) -> web.Response:
        """RFC 7009 §2.2: 200 for a token that is over by now, whatever it was before."""
        return await self._answer(request, read_revocation_request, self._credentials.revoke)

    async def _answer(
        self,
        request: web.Request,
        read: Callable[[str, bytes, str | None], R],
        ask: Callable[[R], Awaitable[A]],
    ) -> web.Response:
        try:
            authorization = _authorization(request)
            asked = read(request.content_type, await read_body(request), authorization)
            with self._limits.admit(asked.client_id, self._addresses.of(request)):
                answer = await ask(asked)
        except TokenRequestRefused as refused:
            return _refusal(refused, basic="Authorization" in request.headers)
        except web.RequestPayloadError:
            return _error(400, "invalid_request", "the body cannot be read", {})
        except CredentialsUnavailable as error:
            return _error(
                503,
                "temporarily_unavailable",
                "this cannot be done right now",
                {"Retry-After": str(error.retry_after)},
            )
        return web.json_response(answer or {}, headers=_NO_STORE)

    async def keys(self, _request: web.Request) -> web.Response:
        """The public keys of access tokens."""
        await self._keys.current()
        return web.json_response(self._keys.document(), headers={"Cache-Control": "public, max-age=300"})

    async def metadata(self, _request: web.Request) -> web.Response:
        """RFC 8414 §3.2."""
        return web.json_response(self._metadata, headers={"Cache-Control": "public, max-age=3600"})


def _authorization(request: web.Request) -> str | None:
    given = request.headers.getall("Authorization", [])
    if len(given) > 1:
        raise TokenRequestRefused(400, "invalid_request", "the client authenticates in more than one way")
    return given[0] if given else None


def _refusal(refused: TokenRequestRefused, *, basic: bool) -> web.Response:
    # §5.2: a client that used the Authorization header gets 401 and the scheme it used.
    status = 401 if basic and refused.error == "invalid_client" else refused.status
    headers = {"WWW-Authenticate": 'Basic realm="oauth", charset="UTF-8"'} if status == 401 else {}
    if isinstance(refused, TooManyTokenRequests):
        headers["Retry-After"] = str(math.ceil(refused.retry_after))
    return _error(status, refused.error, refused.description, headers)


def _error(status: int, error: str, description: str, headers: dict[str, str]) -> web.Response:
    body = {"error": error, "error_description": description}
    return web.json_response(body, status=status, headers=CIMultiDict({**_NO_STORE, **headers}))
