"""The internal HTTP: consent, our tokens and keys, SmartRecruiters' tokens, disable."""

import math
from dataclasses import dataclass

from aiohttp import web
from runtime.health import Health
from runtime.http.callers import Callers, admit
from runtime.http.problems import Handler, Problem
from runtime.http.server import internal_app

from credentials.domain.people import Organisation
from credentials.errors import CredentialsError, TokenRequestRefused
from credentials.errors.people import LocalNotOffered, OpenIdNotOffered
from credentials.http import candidate_keys
from credentials.http.bodies import (
    Choice,
    Disable,
    OpenIdBegin,
    OpenIdFinish,
    Rejected,
    SignIn,
    TicketUse,
    company_of,
    read,
    read_object,
)
from credentials.service.candidate_keys import CandidateKeyService
from credentials.service.connect import ConnectService
from credentials.service.consent import ConsentService, SignedIn
from credentials.service.integrations import IntegrationService
from credentials.service.local_sign_in import LocalSignIn
from credentials.service.openid_sign_in import OpenIdSignIn
from credentials.service.smartrecruiters_tokens import CustomerTokens
from credentials.service.tokens import SigningKeys, TokenService

# RFC 6749 §5.1 asks for both.
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
GATEWAY, ORDERS, RESULTS_PUBLISHER = "gateway", "orders", "results-publisher"


@dataclass(frozen=True, slots=True)
class Services:
    """The use cases behind the server."""

    local: LocalSignIn | None
    openid: OpenIdSignIn | None
    consent: ConsentService
    connect: ConnectService
    tokens: TokenService
    signing: SigningKeys
    customer_tokens: CustomerTokens
    integrations: IntegrationService
    candidate_keys: CandidateKeyService


def build(services: Services, health: Health, callers: Callers) -> web.Application:
    """Returns the application."""
    app = internal_app(health, callers=callers)
    app.middlewares.append(_errors_to_problems)
    handlers = _Handlers(services)
    admit(app, "/internal/consent/sign-ins", GATEWAY, post=handlers.sign_in)
    admit(app, "/internal/consent/methods", GATEWAY, get=handlers.methods)
    admit(app, "/internal/consent/openid/begin", GATEWAY, post=handlers.openid_begin)
    admit(app, "/internal/consent/openid/finish", GATEWAY, post=handlers.openid_finish)
    admit(app, "/internal/consent/choices", GATEWAY, post=handlers.choose)
    admit(app, "/internal/consent/grants", GATEWAY, post=handlers.grant)
    admit(app, "/internal/consent/denials", GATEWAY, post=handlers.deny)
    admit(app, "/internal/oauth/token", GATEWAY, post=handlers.token)
    admit(app, "/internal/oauth/revoke", GATEWAY, post=handlers.revoke)
    admit(app, "/internal/jwks", GATEWAY, get=handlers.jwks)
    admit(app, "/internal/companies/{company_id}/integration", GATEWAY, get=handlers.integration)
    admit(app, "/internal/companies/{company_id}/disable", GATEWAY, post=handlers.disable)
    admit(
        app,
        "/internal/companies/{company_id}/smartrecruiters-token",
        ORDERS,
        RESULTS_PUBLISHER,
        post=handlers.smartrecruiters_token,
    )
    candidate_keys.add_routes(app, services.candidate_keys)
    return app


class _Handlers:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def sign_in(self, request: web.Request) -> web.Response:
        body = await read(request, SignIn)
        if self._services.local is None:
            raise LocalNotOffered
        address = str(body.address) if body.address else None
        signed_in = await self._services.local.sign_in(
            body.company_id, body.email, body.password, address=address
        )
        return _signed_in(signed_in)

    async def methods(self, _request: web.Request) -> web.Response:
        openid = self._services.openid
        return web.json_response(
            {"local": self._services.local is not None, "openid": openid.name if openid else None}
        )

    async def openid_begin(self, request: web.Request) -> web.Response:
        body = await read(request, OpenIdBegin)
        url = await self._openid().begin(body.company_id, body.visit, body.browser)
        return web.json_response({"url": url}, headers=NO_STORE)

    async def openid_finish(self, request: web.Request) -> web.Response:
        body = await read(request, OpenIdFinish)
        return _signed_in(
            await self._openid().finish(
                body.company_id, body.state, body.browser, code=body.code, issuer=body.issuer
            )
        )

    def _openid(self) -> OpenIdSignIn:
        if self._services.openid is None:
            raise OpenIdNotOffered
        return self._services.openid

    async def choose(self, request: web.Request) -> web.Response:
        body = await read(request, Choice)
        chosen = await self._services.consent.choose(body.ticket, body.company_id, body.organisation_id)
        return web.json_response({"organisation": _organisation(chosen)})

    async def grant(self, request: web.Request) -> web.Response:
        body = await read(request, TicketUse)
        await self._services.connect.grant(body.ticket, body.company_id)
        return web.json_response({"company_id": body.company_id})

    async def deny(self, request: web.Request) -> web.Response:
        body = await read(request, TicketUse)
        await self._services.consent.deny(body.ticket, body.company_id)
        return web.Response(status=204)

    async def token(self, request: web.Request) -> web.Response:
        try:
            issued = await self._services.tokens.issue(await read_object(request))
        except TokenRequestRefused as refused:
            return _refusal(refused)
        return web.json_response(
            {
                "access_token": issued.access_token,
                "token_type": "Bearer",
                "expires_in": issued.expires_in,
                "scope": issued.scope,
            },
            headers=NO_STORE,
        )

    async def revoke(self, request: web.Request) -> web.Response:
        try:
            await self._services.tokens.revoke(await read_object(request))
        except TokenRequestRefused as refused:
            return _refusal(refused)
        return web.json_response({}, headers=NO_STORE)

    async def jwks(self, _request: web.Request) -> web.Response:
        return web.json_response(await self._services.signing.public())

    async def integration(self, request: web.Request) -> web.Response:
        found = await self._services.integrations.get(company_of(request))
        return web.json_response(
            {
                "client_id": found.client_id,
                "credential_versions": found.versions,
                "changed_at": found.changed_at.isoformat(),
            }
        )

    async def disable(self, request: web.Request) -> web.Response:
        body = await read(request, Disable)
        await self._services.integrations.disable(company_of(request), version=body.version)
        return web.Response(status=204)

    async def smartrecruiters_token(self, request: web.Request) -> web.Response:
        body = await read(request, Rejected)
        token, seconds = await self._services.customer_tokens.get(company_of(request), rejected=body.rejected)
        return web.json_response(
            {"access_token": token.get_secret_value(), "expires_in": seconds}, headers=NO_STORE
        )


def _signed_in(signed_in: SignedIn) -> web.Response:
    answer = {
        "ticket": signed_in.ticket.get_secret_value(),
        "expires_in": signed_in.expires_in,
        "organisations": [_organisation(one) for one in signed_in.organisations],
    }
    return web.json_response(answer, headers=NO_STORE)


def _organisation(organisation: Organisation) -> dict[str, str]:
    return {"id": str(organisation.id), "name": organisation.name}


def _refusal(refused: TokenRequestRefused) -> web.Response:
    answer = {"error": refused.error, "error_description": refused.description}
    challenge = {"WWW-Authenticate": 'Basic realm="token"'} if refused.http_status == 401 else {}
    return web.json_response(answer, status=refused.http_status, headers={**NO_STORE, **challenge})


@web.middleware
async def _errors_to_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except CredentialsError as error:
        headers = {"Retry-After": str(math.ceil(error.retry_after))} if error.retry_after else {}
        raise Problem(error.status, error.code, error.detail, headers=headers) from error
