"""Errors as `application/problem+json` (RFC 9457) with SmartRecruiters' `errors[{code,message}]`."""

import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

import structlog
from aiohttp import web

from runtime import tracing
from runtime.http.access import record
from runtime.logging import request_id

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_ID_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")
log = structlog.get_logger()


class Problem(Exception):
    """An answer that is not what was asked for. Raise it anywhere below `problem_middleware`.

    `errors` are faults of single fields: `{"field": ..., "message": ...}`, without their values.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str | None = None,
        *,
        title: str | None = None,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail
        self.title = title or HTTPStatus(status).phrase
        self.headers = dict(headers or {})
        self.errors = list(errors)

    def body(self) -> dict[str, Any]:
        """Returns the JSON object."""
        listed = [
            {"code": self.code, "message": f"{error['field']}: {error['message']}", "field": error["field"]}
            for error in self.errors
        ]
        whole = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request_id": request_id.get(),
            "errors": listed or [{"code": self.code, "message": self.detail or self.title}],
        }
        return {name: value for name, value in whole.items() if value is not None}

    def response(self) -> web.Response:
        """Returns the answer."""
        return web.Response(
            status=self.status,
            text=json.dumps(self.body()),
            content_type="application/problem+json",
            headers=self.headers,
        )


@web.middleware
async def problem_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every error below into a problem; an unforeseen one into a 500 that says nothing of its cause."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _from_aiohttp(error).response()
    except Exception:
        log.exception("request failed", method=request.method, route=_route(request))
        return Problem(500, "internal_error", "The request could not be handled.").response()


@web.middleware
async def request_id_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Takes X-Request-Id (or makes one) and traceparent, binds both to the logs, answers with the id.

    Also counts the request and logs what is not 2xx or 3xx: the one outermost middleware of every server.
    """
    began = time.perf_counter()
    given = request.headers.get("X-Request-Id", "")
    known = given if 0 < len(given) <= 128 and _ID_CHARACTERS.issuperset(given) else tracing.random_hex(128)
    request_id.set(known)
    tracing.start(request.headers.get("traceparent"))
    try:
        response = await handler(request)
    except web.HTTPException as redirect:
        redirect.headers["X-Request-Id"] = known
        record(request.method, _route(request), redirect.status, time.perf_counter() - began)
        raise
    if not response.prepared:
        response.headers["X-Request-Id"] = known
    record(request.method, _route(request), response.status, time.perf_counter() - began)
    return response


def _from_aiohttp(error: web.HTTPException) -> Problem:
    kept = {
        name: value for name, value in error.headers.items() if name in {"Allow", "Location", "Retry-After"}
    }
    code = HTTPStatus(error.status).phrase.lower().replace(" ", "_").replace("'", "")
    return Problem(error.status, code, headers=kept)


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"
