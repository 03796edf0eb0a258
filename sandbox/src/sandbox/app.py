"""Composition root: the only module that knows all rooms."""

import random
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
from aiohttp import web

from sandbox.domain.clients import Client
from sandbox.domain.sources import Sources
from sandbox.domain.state import Limits, Sandbox
from sandbox.http.client import AiohttpVendor
from sandbox.http.server import admin, candidates, forms, pages, smartrecruiters
from sandbox.http.server.failures import failures
from sandbox.http.server.keys import RECRUITING, SETTINGS, STATE
from sandbox.http.server.render import TEMPLATES, environment
from sandbox.service.recruiting import Recruiting
from sandbox.service.vendor import Vendor
from sandbox.settings import Settings

_STATIC = Path(__file__).parent / "http" / "static"
_MULTIPART_ROOM = 64 * 1024


def create_app(settings: Settings, sources: Sources | None = None) -> web.Application:
    """Returns the sandbox, ready to be served; `sources` stands in for clock and randomness in tests."""
    app = web.Application(
        client_max_size=max(settings.max_body_bytes, settings.max_attachment_bytes) + _MULTIPART_ROOM,
        middlewares=[failures],
    )
    app[SETTINGS] = settings
    app[STATE] = _state(settings, sources or real_sources())
    app[TEMPLATES] = environment()
    smartrecruiters.add_routes(app.router)
    admin.add_routes(app.router)
    for room in (candidates, pages, forms):
        room.add_routes(app.router)
    app.router.add_static("/static", _STATIC)
    app.cleanup_ctx.append(_recruiting)
    return app


def real_sources() -> Sources:
    """Returns the machine's clock and randomness."""
    return Sources(
        now=time.time,
        new_id=lambda: str(uuid.uuid4()),
        new_secret=lambda: secrets.token_urlsafe(32),
        chance=random.random,
    )


def _state(settings: Settings, sources: Sources) -> Sandbox:
    return Sandbox(
        master=Client(settings.master_client_id, settings.master_client_secret.get_secret_value()),
        limits=Limits(
            requests_per_second=settings.requests_per_second,
            in_flight=settings.in_flight,
            token_lifetime=settings.token_lifetime,
            record_size=settings.record_size,
        ),
        sources=sources,
    )


async def _recruiting(app: web.Application) -> AsyncIterator[None]:
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        http = AiohttpVendor(session, within=app[SETTINGS].call_timeout)
        app[RECRUITING] = Recruiting(state=app[STATE], vendor=Vendor(state=app[STATE], http=http))
        yield
