"""Who calls whom inside the stack: each service has a token of its own, and each path says whose are good.

An endpoint is added with `admit`, which names its callers; one that is added otherwise below /internal/ or
/api/ is closed to all. Callers are named as their service is (`gateway`, `orders`, `results-publisher`),
`bridge` is an operator's command line, `console` a person of the vendor's support: each of them is a
`name:token` in the INTERNAL_API_CALLERS of who is called, and INTERNAL_API_TOKEN of who calls.
"""

import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Middleware

from runtime.http.problems import Handler, Problem

_GUARDED = ("/internal/", "/api/")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_LEAST_CHARACTERS = 16
ANYONE = "*"
# RFC 6750 §3: with one parameter at least.
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="bridge"'}

_Routes = dict[web.AbstractRoute, frozenset[str]]
_ADMITTED: web.AppKey[_Routes] = web.AppKey("admitted", dict)


class Callers:
    """Callers by their tokens. A caller may have two, while one replaces the other."""

    def __init__(self, tokens: Collection[tuple[str, str]]) -> None:
        self._digests = [(name, _digest(token)) for name, token in tokens]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `caller:token,…`. Raises ValueError saying which entry is wrong, never its token."""
        found: list[tuple[str, str]] = []
        for place, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
            name, _, token = entry.partition(":")
            if not _NAME.fullmatch(name) or len(token) < _LEAST_CHARACTERS:
                raise ValueError(f"entry {place} is not caller:token with a token of 16 characters or more")
            if token in {other for _, other in found}:
                raise ValueError(f"entry {place} has the token of another one")
            found.append((name, token))
        return cls(found)

    @classmethod
    def one_token(cls, token: str) -> Self:
        """Returns the callers where there is one token for all: who has it may call everything."""
        return cls([(ANYONE, token)] if token else [])

    def who(self, token: str) -> str | None:
        """Returns whose token it is, ANYONE for one that is everybody's, None for no good one.

        It takes the same time whichever it is: each is compared, digest with digest.
        """
        given = _digest(token)
        found = None
        for name, digest in self._digests:
            if hmac.compare_digest(given, digest):
                found = name
        return found if token else None


def bearer(request: web.Request) -> str | None:
    """Returns the request's bearer token (RFC 6750 §2.1)."""
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    return credentials.strip() or None if scheme.lower() == "bearer" else None


def admit(app: web.Application, path: str, *callers: str, **handlers: Handler) -> None:
    """Adds a path under /internal/ or /api/, its handlers by method, for these callers alone."""
    admitted = app[_ADMITTED]
    for method, handler in handlers.items():
        route = app.router.add_route(method.upper(), path, handler)
        admitted[route] = frozenset(callers)


def admitted(app: web.Application) -> Mapping[tuple[str, str], frozenset[str]]:
    """Returns who may call, by method and path; an empty set for a guarded path nobody was admitted to."""
    return {
        (route.method, route.resource.canonical): app[_ADMITTED].get(route, frozenset())
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith(_GUARDED)
    }


def guard(app: web.Application, callers: Callers) -> None:
    """Puts the guard before every handler: 401 without a good token, 403 to who is not admitted."""
    app[_ADMITTED] = {}
    app.middlewares.append(_guarding(callers))


def _guarding(callers: Callers) -> Middleware:
    @web.middleware
    async def guarded(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.path.startswith(_GUARDED):
            caller = callers.who(bearer(request) or "")
            if caller is None:
                raise Problem(401, "unauthorized", headers=CHALLENGE)
            route = request.match_info.route
            # A path or method that is not there has no resource, and its own answer.
            if route.resource is not None:
                welcome = request.app[_ADMITTED].get(route, frozenset())
                if not welcome or caller not in {*welcome, ANYONE}:
                    raise Problem(403, "forbidden", f"{caller} may not call this.")
        return await handler(request)

    return guarded


def _digest(token: str) -> bytes:
    # aiohttp gives bytes that are no UTF-8 as half surrogates: they are somebody's guess like any other.
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
