"""Connections to our servers: what is wrong before there is a request, which aiohttp tells in its own way.

It would send back and log, as an error with a traceback, the bytes that are wrong: a secret, perhaps.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from aiohttp import web

from runtime.http.problems import Problem, problem_of, response_done
from runtime.logging import request_id
from runtime.tracing import random_hex

# Longer than any proxy keeps its connections idle: who closes first, while a request is on its way, loses it.
KEPT_ALIVE_SECONDS = 650.0
FIRST_REQUEST_WITHIN_SECONDS = 60.0

log = structlog.get_logger()


class Connection(web.RequestHandler):
    """A client's connection; closed when its first request does not come in time."""

    __slots__ = ("_patience", "_within")

    def __init__(self, server: web.Server, *, first_request_within: float, **kwargs: Any) -> None:
        super().__init__(server, **kwargs)
        self._within = first_request_within
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._patience = self._loop.call_later(self._within, self._close_silent)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See `asyncio.Protocol`."""
        if self._patience is not None:
            self._patience.cancel()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it repeats what was sent
    ) -> web.StreamResponse:
        """Answers what is not HTTP, and what failed outside of all middlewares; closes the connection."""
        if request.writer.output_size > 0:
            raise ConnectionError("an answer is on its way already")
        if status < 500:
            log.info("not a request", error=type(exc).__name__)
            problem = Problem(status, "bad_request", "This is not a request of HTTP/1.1 (RFC 9112).")
        else:
            log.error("request failed outside of its handler", exc_info=exc)
            problem = Problem(500, "internal_error", "The request could not be handled.")
        response = _answer(problem)
        response.force_close()
        return response

    def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> Coroutine[Any, Any, tuple[web.StreamResponse, bool]]:
        """Sends an answer; a problem where aiohttp refuses before any handler of ours is asked."""
        if isinstance(resp, web.HTTPException) and resp.status >= 400:
            return super().finish_response(request, _answer(problem_of(resp)), start_time)
        return super().finish_response(request, resp, start_time)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Logs what aiohttp did not foresee; a body that is not packed as it says is its client's fault."""
        if isinstance(kw.get("exc_info"), web.RequestPayloadError):
            log.info("not a request", error="RequestPayloadError")
        else:
            super().log_exception(*args, **kw)

    def _close_silent(self) -> None:
        if self._request_count == 0:
            self.force_close()


def _answer(problem: Problem) -> web.Response:
    known = random_hex(128)
    request_id.set(known)
    response = problem.response()
    response_done(response, known)
    return response


class Runner(web.AppRunner):
    """An application's runner whose connections are ours."""

    def __init__(self, app: web.Application, *, first_request_within: float, **kwargs: Any) -> None:
        super().__init__(app, keepalive_timeout=KEPT_ALIVE_SECONDS, **kwargs)
        self._within = first_request_within

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        kwargs = {**made._kwargs, "first_request_within": self._within}  # noqa: SLF001 - aiohttp gives no other way in
        return _Server(made.request_handler, request_factory=made.request_factory, **kwargs)


class _Server(web.Server):
    def __call__(self) -> Connection:
        return Connection(self, loop=self._loop, **self._kwargs)
