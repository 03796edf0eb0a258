"""The token endpoint and what is published about it (RFC 6749, 7517, 8414)."""

from aiohttp import web
from multidict import CIMultiDict

from gateway.domain.principal import SCOPES
from gateway.domain.token_requests import read_token_request
from gateway.errors import CredentialsUnavailable, TokenRequestRefused
from gateway.http.server.bodies import read_body
from gateway.ports import Credentials
from gateway.service.keys import KeyStore

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthHandlers:
    """POST /oauth/token and the well-known documents."""

    def __init__(self, *, credentials: Credentials, keys: KeyStore, issuer: str) -> None:
        self._credentials = credentials
        self._keys = keys
        self._issuer = issuer
        base = issuer.rstrip("/")
        self._metadata = {
            "issuer": issuer,
            "token_endpoint": f"{base}/oauth/token",
            "jwks_uri": f"{base}/.well-known/jwks.json",
            "scopes_supported": list(SCOPES),
            "response_types_supported": [],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    async def token(self, request: web.Request) -> web.Response:
        """RFC 6749 §4.4.3, or §5.2's own form of errors."""
        authorization = request.headers.get("Authorization")
        try:
            body = await read_body(request)
            answer = await self._credentials.token(
                read_token_request(request.content_type, body, authorization)
            )
        except TokenRequestRefused as refused:
            return _refusal(refused, basic=authorization is not None)
        except CredentialsUnavailable as error:
            return _error(
                503,
                "temporarily_unavailable",
                "the token cannot be made right now",
                {"Retry-After": str(error.retry_after)},
            )
        return web.json_response(answer, headers=_NO_STORE)

    async def keys(self, _request: web.Request) -> web.Response:
        """The public keys of access tokens."""
        await self._keys.current()
        return web.json_response(self._keys.document(), headers={"Cache-Control": "public, max-age=300"})

    async def metadata(self, _request: web.Request) -> web.Response:
        """RFC 8414 §3.2."""
        return web.json_response(self._metadata, headers={"Cache-Control": "public, max-age=3600"})


def _refusal(refused: TokenRequestRefused, *, basic: bool) -> web.Response:
    # §5.2: a client that used the Authorization header gets 401 and the scheme it used.
    status = 401 if basic and refused.error == "invalid_client" else refused.status
    headers = {"WWW-Authenticate": 'Basic realm="oauth", charset="UTF-8"'} if status == 401 else {}
    return _error(status, refused.error, refused.description, headers)


def _error(status: int, error: str, description: str, headers: dict[str, str]) -> web.Response:
    body = {"error": error, "error_description": description}
    return web.json_response(body, status=status, headers=CIMultiDict({**_NO_STORE, **headers}))
