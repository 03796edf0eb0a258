"""An identity provider that lies as it is told to: each attribute is what the next calls meet."""

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT_ID, CLIENT_SECRET = "bridge", "secret of the bridge+%"


class Provider:
    """Honest unless told otherwise: code once, PKCE, client secret by Basic, ID token in RS256."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "r1", "use": "sig", "alg": "RS256"})
        self.published = [self.key]
        self.person: dict[str, Any] = {
            "sub": "person-1",
            "email": "Ada.Admin@Acme.example",
            "email_verified": True,
        }
        self.user_info: dict[str, Any] | None = None
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "r1"}
        self.signing_key: Any = None
        self.id_token: str | None = None
        self.metadata: dict[str, Any] = {}
        self.described: bytes | None = None
        self.status = 200
        self.hangs = False
        self.codes: dict[str, dict[str, str]] = {}
        self.token_calls = 0
        self.issuer = ""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of credentials that uses it."""
        return {
            "oidc_issuer": self.issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": CLIENT_SECRET,
            "oidc_timeout_seconds": 2,
        }

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._metadata)
        app.router.add_get("/jwks", self._jwks)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._userinfo)
        async with TestServer(app) as server:
            self.issuer = str(server.make_url("")).rstrip("/")
            yield

    def signs_in(self, url: str) -> tuple[str, str]:
        """The person signs in at this address; returns the state and the code the browser comes back with."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        return query["state"], code

    async def _metadata(self, _request: web.Request) -> web.Response:
        if self.hangs:
            await asyncio.Event().wait()
        if self.described is not None:
            return web.Response(body=self.described, content_type="application/json")
        described = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
        }
        return web.json_response(described | self.metadata, status=self.status)

    async def _jwks(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": [key.as_dict(private=False) for key in self.published]})

    async def _token(self, request: web.Request) -> web.Response:
        self.token_calls += 1
        form = await request.post()
        asked = self.codes.pop(str(form["code"]), None)
        challenge = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        pair = b"bridge:secret+of+the+bridge%2B%25"
        if (
            asked is None
            or asked["code_challenge"] != base64.urlsafe_b64encode(challenge).decode().rstrip("=")
            or asked["redirect_uri"] != form["redirect_uri"]
            or request.headers.get("Authorization") != f"Basic {base64.b64encode(pair).decode()}"
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        answer = {"access_token": "at-1", "token_type": "Bearer", "id_token": self._signed(asked["nonce"])}
        return web.json_response(answer, status=self.status)

    async def _userinfo(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer at-1"
        return web.json_response(self.user_info)

    def _signed(self, nonce: str) -> str:
        if self.id_token is not None:
            return self.id_token
        now = int(time.time())
        half = hashlib.sha256(b"at-1").digest()[:16]
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            "at_hash": base64.urlsafe_b64encode(half).decode().rstrip("="),
            **self.person,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        if self.header["alg"] == "none":
            return unsigned(kept)
        return jwt.encode(self.header, kept, self.signing_key or self.key, algorithms=[self.header["alg"]])


def unsigned(claims: dict[str, Any]) -> str:
    """A token that nobody signed."""
    parts = ({"alg": "none"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts)
        + "."
    )


def other_key() -> ECKey:
    """A key the provider does not publish."""
    return ECKey.generate_key("P-256", {"kid": "e1"})


def shared_secret() -> OctKey:
    """The client secret, as if it were a signing key."""
    return OctKey.import_key(CLIENT_SECRET)
