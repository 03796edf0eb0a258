"""A real OpenID provider, idpyoidc, as a process: PKCE is required, people log in at a page of its own."""

import logging
import os
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import aiohttp
from aiohttp import web
from idpyoidc.message.oidc import AuthorizationRequest
from idpyoidc.server import Server
from idpyoidc.server.exception import FailedAuthentication
from jinja2 import Environment

from tests.support.ports import free_port
from tests.support.processes import Process

# idpyoidc takes the pair as it comes, so no character that RFC 6749 §2.3.1 would have encoded.
CLIENT_ID, CLIENT_SECRET = "bridge", "secret-of-the-bridge-at-the-provider"
PERSON_PASSWORD = "the person's at the provider"
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.Response]]
_OIDC = "idpyoidc.server.oidc"
_PAGE = """<!doctype html><html lang="en"><title>Vendor ID</title><h1>Vendor ID</h1>
<form method="post" action="{{ action }}"><input type="hidden" name="token" value="{{ token }}">
<label>Address <input name="username"></label> <label>Secret <input name="password" type="password"></label>
<button>Log in</button></form></html>"""


@dataclass(frozen=True)
class IdentityProvider:
    """Where it is, and the settings of credentials that use it."""

    issuer: str
    process: Process

    @property
    def settings(self) -> dict[str, str]:
        """The environment of credentials."""
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }

    async def logs_in(self, url: str, *, email: str, password: str = PERSON_PASSWORD) -> dict[str, str]:
        """A person logs in at its page; returns what the browser comes back with."""
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as page:
                text = await page.text()
                assert page.status == 200, text
            (token,) = re.findall(r'name="token" value="([^"]+)"', text)
            form = {"token": token, "username": email, "password": password}
            async with session.post(f"{self.issuer}/verify", data=form, allow_redirects=False) as answer:
                assert answer.status == 303, await answer.text()
                query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return {name: values[0] for name, values in query.items()}


@asynccontextmanager
async def identity_provider(
    folder: Path, *, redirect_uri: str, email: str, host: str = "127.0.0.1"
) -> AsyncIterator[IdentityProvider]:
    """A provider that is ready and knows one person; ended whatever happens."""
    issuer = f"http://{host}:{free_port()}"
    env = {
        "ISSUER": issuer,
        "CLIENT_ID": CLIENT_ID,
        "CLIENT_SECRET": CLIENT_SECRET,
        "REDIRECT_URI": redirect_uri,
        "EMAIL": email,
        "PASSWORD": PERSON_PASSWORD,
    }
    ready = f"{issuer}/.well-known/openid-configuration"
    process = Process(
        ["-m", "tests.support.identity_provider"], env=env, log=folder / "provider.log", ready_url=ready
    )
    await process.start(within=30)
    try:
        yield IdentityProvider(issuer, process)
    finally:
        await process.kill()


class _Page:
    def render(self, _template: str, **values: object) -> str:
        return Environment(autoescape=True).from_string(_PAGE).render(**values)


def _endpoint(name: str, path: str, kind: str, authenticated: Iterable[str] | None) -> dict[str, Any]:
    methods = None if authenticated is None else list(authenticated)
    return {name: {"path": path, "class": f"{_OIDC}.{kind}", "kwargs": {"client_authn_method": methods}}}


def _server(settings: Mapping[str, str]) -> Server:
    email, path = settings["EMAIL"], ".well-known/openid-configuration"
    person = {"sub": email, "email": email, "email_verified": True}
    login = {
        "verify_endpoint": "/verify",
        "db": {"class": dict, "kwargs": {email: settings["PASSWORD"]}},
        "template_handler": _Page(),
    }
    user = {"acr": "password", "class": "idpyoidc.server.user_authn.user.UserPassJinja2", "kwargs": login}
    keys = [{"type": "OCT", "use": ["enc"], "kid": kid} for kid in ("code", "password", "salt", "enc")]
    signing = [{"type": "RSA", "use": ["sig"]}, {"type": "EC", "crv": "P-256", "use": ["sig"]}]
    encrypter = {"kwargs": {"keys": {"key_defs": keys}}}
    server = Server(
        {
            "issuer": settings["ISSUER"],
            "key_conf": {"key_defs": signing, "uri_path": "jwks"},
            "token_handler_args": {
                "jwks_def": {"key_defs": keys, "private_path": ""},
                "code": {"kwargs": {"lifetime": 60}},
                "token": {"class": "idpyoidc.server.token.jwt_token.JWTToken", "kwargs": {"lifetime": 60}},
                "id_token": {"class": "idpyoidc.server.token.id_token.IDToken", "kwargs": {}},
            },
            "session_params": {"encrypter": encrypter},
            "cookie_handler": {
                "class": "idpyoidc.server.cookie_handler.CookieHandler",
                "kwargs": {"keys": {"key_defs": [*keys, {"type": "OCT", "use": ["sig"], "kid": "sig"}]}},
            },
            "endpoint": _endpoint("provider_info", path, "provider_config.ProviderConfiguration", None)
            | _endpoint("authorization", "authorization", "authorization.Authorization", None)
            | _endpoint("token", "token", "token.Token", ["client_secret_basic"])
            | _endpoint("userinfo", "userinfo", "userinfo.UserInfo", ["bearer_header"]),
            "add_ons": {
                "pkce": {
                    "function": "idpyoidc.server.oauth2.add_on.pkce.add_support",
                    "kwargs": {"essential": True, "code_challenge_methods": {"S256": None}},
                }
            },
            "authentication": {"user": user | {"kwargs": login}},
            "userinfo": {"class": "idpyoidc.server.user_info.UserInfo", "kwargs": {"db": {email: person}}},
        }
    )
    server.context.cdb[settings["CLIENT_ID"]] = {
        "client_id": settings["CLIENT_ID"],
        "client_secret": settings["CLIENT_SECRET"],
        "redirect_uris": [(settings["REDIRECT_URI"], None)],
        "response_types_supported": ["code"],
        "allowed_scopes": ["openid", "email", "profile"],
    }
    return server


class _Site:
    """The provider's endpoints over HTTP, and its login page."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._server = _server(settings)
        self._authorization = self._server.get_endpoint("authorization")
        self._login = self._server.context.authn_broker.default()["method"]

    def application(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._endpoint("provider_config"))
        app.router.add_get("/jwks", self._jwks)
        app.router.add_get("/authorization", self._authorize)
        app.router.add_post("/verify", self._verify)
        app.router.add_post("/token", self._endpoint("token"))
        app.router.add_get("/userinfo", self._endpoint("userinfo"))
        return app

    def _endpoint(self, name: str) -> Handler:
        endpoint = self._server.get_endpoint(name)

        async def handle(request: web.Request) -> web.Response:
            sent = dict(await request.post())
            about = {"headers": {key.lower(): value for key, value in request.headers.items()}}
            parsed = endpoint.parse_request(sent, http_info=about)
            answer = parsed if "error" in parsed else endpoint.process_request(parsed, http_info=about)
            if "error" in answer:
                return web.json_response(answer.to_dict(), status=400)
            done = endpoint.do_response(request=parsed, **answer)
            return web.Response(text=done["response"], headers=dict(done["http_headers"]))

        return handle

    async def _jwks(self, _request: web.Request) -> web.Response:
        return web.json_response(self._server.keyjar.export_jwks())

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = self._authorization.parse_request(dict(request.query), http_info={"headers": {}})
        if "error" in asked:
            return web.json_response(asked.to_dict(), status=400)
        page = self._authorization.process_request(asked, http_info={})
        if "http_response" not in page:
            return web.json_response({"error": str(page)}, status=400)
        # No provider lets itself be framed.
        headers = {"Content-Security-Policy": "frame-ancestors 'none'"}
        return web.Response(text=page["http_response"], content_type="text/html", headers=headers)

    async def _verify(self, request: web.Request) -> web.Response:
        form = await request.post()
        began = self._login.unpack_token(str(form["token"]))
        asked = AuthorizationRequest().from_urlencoded(began["query"])
        try:
            user = self._login.verify(username=form["username"], password=form["password"])
        except FailedAuthentication:
            return web.Response(status=403, text="Wrong")
        session = self._authorization.create_session(
            asked, user, began["authn_class_ref"], int(time.time()), self._login
        )
        answer = self._authorization.authz_part2(asked, session)
        back = self._authorization.do_response(request=asked, **answer)["response"]
        return web.Response(status=303, headers={"Location": back})


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    port = urlsplit(os.environ["ISSUER"]).port
    web.run_app(_Site(os.environ).application(), host="127.0.0.1", port=port, print=None)
