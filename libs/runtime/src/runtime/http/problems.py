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
    except Exception as error:
        return answer_to(error, request)


@web.middleware
async def request_id_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Binds the request's id and trace, answers with the id, counts and logs: outermost of every server."""
    began = time.perf_counter()
    known = recognise(request)
    try:
        response = await handler(request)
    except web.HTTPException as redirect:
        response_done(redirect, known)
        record(request.method, route_of(request), redirect.status, time.perf_counter() - began)
        raise
    response_done(response, known)
    record(request.method, route_of(request), response.status, time.perf_counter() - began)
    return response


def recognise(request: web.Request) -> str:
    """Takes traceparent and X-Request-Id, and binds both to what follows; returns the id.

    A request that brings no id is known by its trace's.
    """
    headers = request.headers
    traceparent = tracing.start(headers.get("traceparent"))
    given = headers.get("X-Request-Id")
    usable = given is not None and 0 < len(given) <= 128 and _ID_CHARACTERS.issuperset(given)
    known = given if given is not None and usable else traceparent[3:35]
    request_id.set(known)
    return known


def response_done(response: web.StreamResponse, known: str) -> None:
    """Says the request's id in its answer, and nothing of what made it: no name of a version."""
    if not response.prepared:
        response.headers["X-Request-Id"] = known
        response.headers["Server"] = "bridge"


def answer_to(error: Exception, request: web.Request) -> web.StreamResponse:
    """Returns the problem an error is. Raises what is no error: aiohttp's redirects."""
    match error:
        case Problem():
            return error.response()
        case web.HTTPException() if error.status < 400:
            raise error
        case web.HTTPException():
            return problem_of(error).response()
        case _:
            log.error("request failed", method=request.method, route=route_of(request), exc_info=error)
            return Problem(500, "internal_error", "The request could not be handled.").response()


def route_of(request: web.Request) -> str:
    """Returns the pattern of the path that was asked for."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unknown"


def problem_of(error: web.HTTPException) -> Problem:
    """Returns aiohttp's refusal as a problem."""
    kept = {
        name: value for name, value in error.headers.items() if name in {"Allow", "Location", "Retry-After"}
    }
    code = HTTPStatus(error.status).phrase.lower().replace(" ", "_").replace("'", "")
    return Problem(error.status, code, headers=kept)
