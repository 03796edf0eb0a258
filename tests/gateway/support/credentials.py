"""The credentials service as the gateway sees it: a small server of its internal HTTP, really signing."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web
from contracts.events.integration import IntegrationConnected, IntegrationDisabled
from joserfc import jwt
from joserfc.jwk import ECKey
from runtime.http.server import serving

from tests.support.candidate_keys import CandidateKeysStub

INTERNAL_TOKEN = "internal-token-of-the-tests"
PASSWORD = "correct horse battery staple"
Integration = IntegrationConnected | IntegrationDisabled
ACME, GLOBEX = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


class FakeCredentials:
    """Behaves by the words it is given: each attribute is what the next calls meet."""

    def __init__(self, *, issuer: str) -> None:
        self.issuer = issuer
        self.keys = [new_key("k1")]
        self.disabled: list[str] = []
        self.integrations: dict[str, Integration] = {}
        """How companies stand, for who asks; others are not known here."""
        self.looked_up: list[str] = []
        self.answering = asyncio.Event()
        self.answering.set()
        self.grants: list[str] = []
        self.denials: list[str] = []
        self.grant_fault: tuple[int, str] | None = None
        self.sign_in_fault: tuple[int, str] | None = None
        self.sign_ins: list[dict[str, Any]] = []
        self.organisations = {ACME: 'Acme <script>alert(1)</script> & "Sons"'}
        self.chosen: list[str] = []
        self.openid: str | None = None
        self.openid_fault: tuple[int, str] | None = None
        self.openid_calls: list[dict[str, Any]] = []
        self.openid_begun: dict[str, str] = {}
        """The browsers that are at the provider, by their state."""
        self.jwks_calls = 0
        self.token_calls = 0
        self.revoked: list[str] = []
        self.away = False
        self.clients = {"client-acme": ("secret of acme+%", "acme")}
        self.url = ""
        self.candidate_keys = CandidateKeysStub()

    def sign(self, company_id: str = "acme", **changes: Any) -> str:
        """An access token; `changes` to claims, a claim of None is left out."""
        header = {"alg": "ES256", "typ": changes.pop("typ", "at+jwt"), "kid": changes.pop("kid", None)}
        key = changes.pop("key", self.keys[-1])
        header["kid"] = header["kid"] or key.kid
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.issuer,
            "sub": f"client-{company_id}",
            "company_id": company_id,
            "scope": "packages_view orders_modify",
            "ver": 1,
            "jti": str(uuid.uuid4()),
            "iat": now,
            "exp": now + 3600,
        } | changes
        return jwt.encode(
            header,
            {name: value for name, value in claims.items() if value is not None},
            key,
            algorithms=["ES256"],
        )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application(middlewares=[self._guard()])
        app.router.add_get("/internal/jwks", self._jwks)
        app.router.add_post("/internal/oauth/token", self._token)
        app.router.add_post("/internal/oauth/revoke", self._revoke)
        app.router.add_post("/internal/consent/sign-ins", self._sign_in)
        app.router.add_get("/internal/consent/methods", self._methods)
        app.router.add_post("/internal/consent/openid/begin", self._openid_begin)
        app.router.add_post("/internal/consent/openid/finish", self._openid_finish)
        app.router.add_post("/internal/consent/choices", self._choose)
        app.router.add_post("/internal/consent/grants", self._grant)
        app.router.add_post("/internal/consent/denials", self._deny)
        app.router.add_post("/internal/companies/{company_id}/disable", self._disable)
        app.router.add_get("/internal/companies/{company_id}/integration", self._integration)
        self.candidate_keys.add_to(app)
        async with serving(app, "127.0.0.1", 0, name="credentials") as port:
            self.url = f"http://127.0.0.1:{port}"
            yield self.url

    def _guard(self) -> Any:
        @web.middleware
        async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
            if request.headers.get("Authorization") != f"Bearer {INTERNAL_TOKEN}":
                return _problem(401, "unauthorized")
            if self.away:
                return web.Response(status=500, text="out of order")
            response: web.StreamResponse = await handler(request)
            return response

        return guard

    async def _jwks(self, _request: web.Request) -> web.Response:
        self.jwks_calls += 1
        listed = [{**key.as_dict(private=False), "use": "sig", "alg": "ES256"} for key in self.keys]
        return web.json_response({"keys": listed})

    async def _revoke(self, request: web.Request) -> web.Response:
        given = await request.json()
        known = self.clients.get(given["client_id"])
        if known is None or known[0] != given["client_secret"]:
            return web.json_response({"error": "invalid_client"}, status=401)
        self.revoked.append(given["token"])
        return web.json_response({})

    async def _token(self, request: web.Request) -> web.Response:
        self.token_calls += 1
        given = await request.json()
        known = self.clients.get(given["client_id"])
        if known is None or known[0] != given["client_secret"]:
            return web.json_response(
                {"error": "invalid_client", "error_description": "unknown client or wrong secret"}, status=401
            )
        answer = {
            "access_token": self.sign(known[1]),
            "token_type": "Bearer",
            "expires_in": 3600,
            "scope": given.get("scope", "packages_view orders_modify"),
        }
        return web.json_response(answer)

    async def _sign_in(self, request: web.Request) -> web.Response:
        given = await request.json()
        if self.sign_in_fault:
            return _problem(*self.sign_in_fault)
        self.sign_ins.append(given)
        if given["password"] != PASSWORD:
            return _problem(401, "invalid_credentials")
        organisations = [{"id": one, "name": name} for one, name in self.organisations.items()]
        return web.json_response({"ticket": "ticket-1", "expires_in": 600, "organisations": organisations})

    async def _methods(self, _request: web.Request) -> web.Response:
        return web.json_response({"local": True, "openid": self.openid})

    async def _openid_begin(self, request: web.Request) -> web.Response:
        given = await request.json()
        self.openid_calls.append(given)
        state = f"random.{given['visit']}"
        self.openid_begun[state] = given["browser"]
        return web.json_response({"url": f"https://idp.example/authorize?state={state}"})

    async def _openid_finish(self, request: web.Request) -> web.Response:
        given = await request.json()
        self.openid_calls.append(given)
        if self.openid_fault:
            return _problem(*self.openid_fault)
        if self.openid_begun.get(given["state"]) != given["browser"]:
            return _problem(403, "sign_in_not_begun")
        del self.openid_begun[given["state"]]
        organisations = [{"id": one, "name": name} for one, name in self.organisations.items()]
        return web.json_response({"ticket": "ticket-1", "expires_in": 600, "organisations": organisations})

    async def _choose(self, request: web.Request) -> web.Response:
        given = await request.json()
        name = self.organisations.get(given["organisation_id"])
        if given["ticket"] != "ticket-1" or name is None:
            return _problem(401, "ticket_invalid")
        self.chosen.append(given["organisation_id"])
        return web.json_response({"organisation": {"id": given["organisation_id"], "name": name}})

    async def _grant(self, request: web.Request) -> web.Response:
        given = await request.json()
        if self.grant_fault:
            return _problem(*self.grant_fault)
        if given["ticket"] != "ticket-1":
            return _problem(401, "ticket_invalid")
        self.grants.append(given["company_id"])
        return web.json_response({"company_id": given["company_id"]})

    async def _deny(self, request: web.Request) -> web.Response:
        given = await request.json()
        if given["ticket"] != "ticket-1":
            return _problem(401, "ticket_invalid")
        self.denials.append(given["company_id"])
        return web.Response(status=204)

    async def _integration(self, request: web.Request) -> web.Response:
        company_id = request.match_info["company_id"]
        self.looked_up.append(company_id)
        await self.answering.wait()
        found = self.integrations.get(company_id)
        if found is None:
            return _problem(404, "not_connected")
        return web.json_response(
            {
                "client_id": found.client_id,
                "credential_versions": found.credential_versions,
                "changed_at": found.changed_at.isoformat(),
            }
        )

    async def _disable(self, request: web.Request) -> web.Response:
        self.disabled.append(f"{request.match_info['company_id']}/{(await request.json())['version']}")
        return web.Response(status=204)


def _problem(status: int, code: str) -> web.Response:
    return web.json_response(
        {"status": status, "code": code, "detail": f"told by the service: {code}"},
        status=status,
        content_type="application/problem+json",
    )
