"""The internal server each service has, and how any server of ours is started and closed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from runtime import metrics
from runtime.errors import StartupError
from runtime.health import Health
from runtime.http.callers import Callers, guard
from runtime.http.connections import FIRST_REQUEST_WITHIN_SECONDS, Runner
from runtime.http.problems import Handler, Problem, problem_middleware, request_id_middleware

log = structlog.get_logger()


def internal_app(
    health: Health, *, callers: Callers | None = None, client_max_size: int = 1024 * 1024
) -> web.Application:
    """Returns an application with /health/live, /health/ready and /metrics, open to all.

    Paths under /internal/ and /api/ are added with `runtime.http.callers.admit`, and are open to the callers
    named there alone; without any configured they answer 401.
    """
    app = web.Application(
        middlewares=[request_id_middleware, problem_middleware, _no_nul], client_max_size=client_max_size
    )
    guard(app, callers or Callers([]))
    app.router.add_get("/health/live", _live)
    app.router.add_get("/health/ready", _ready(health))
    app.router.add_get("/metrics", _metrics)
    return app


@asynccontextmanager
async def serving(
    app: web.Application,
    host: str,
    port: int,
    *,
    name: str,
    shutdown_timeout: float = 10.0,
    first_request_within: float = FIRST_REQUEST_WITHIN_SECONDS,
) -> AsyncIterator[int]:
    """Serves the application and yields its real port (0 takes a free one).

    Requests under way at the end get `shutdown_timeout` seconds; a connection without a request is closed
    after `first_request_within`. A port in use raises StartupError.
    """
    runner = Runner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=shutdown_timeout,
        first_request_within=first_request_within,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port, reuse_address=True, backlog=1024).start()
        except OSError as error:
            raise StartupError(f"{name} cannot listen on {host}:{port}: {error.strerror or error}") from error
        real = int(runner.addresses[0][1])
        log.info("listening", server=name, host=host, port=real)
        yield real
    finally:
        await runner.cleanup()


@web.middleware
async def _no_nul(request: web.Request, handler: Handler) -> web.StreamResponse:
    """PostgreSQL keeps no NUL, so nothing we know has one in its name."""
    if "%00" in request.raw_path:
        raise Problem(400, "invalid_request", "There is a NUL in the address.")
    return await handler(request)


async def _live(_request: web.Request) -> web.Response:
    return web.json_response({"status": "live"})


def _ready(health: Health) -> Handler:
    async def ready(_request: web.Request) -> web.Response:
        checks = await health.report()
        well = all(checks.values())
        return web.json_response(
            {"status": "ready" if well else "not ready", "checks": checks}, status=200 if well else 503
        )

    return ready


async def _metrics(_request: web.Request) -> web.Response:
    metrics.settle()
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
