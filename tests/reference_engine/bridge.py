"""The bridge's endpoint for engines: candidates by what stands in `sealed`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from runtime.http.callers import bearer
from runtime.http.server import serving


@dataclass
class Bridge:
    """`candidates` None: erased; what is not in it is answered 503."""

    token: str = "the-engines-token"
    url: str = ""
    candidates: dict[str, dict[str, str] | None] = field(default_factory=dict)

    async def open(self, request: web.Request) -> web.Response:
        if bearer(request) != self.token:
            return web.json_response({}, status=401)
        sealed = (await request.json())["sealed"]
        if sealed not in self.candidates:
            return web.json_response({}, status=503)
        found = self.candidates[sealed]
        return web.json_response(found or {}, status=200 if found is not None else 410)


@asynccontextmanager
async def serving_candidates() -> AsyncIterator[Bridge]:
    bridge = Bridge()
    app = web.Application()
    app.router.add_post("/engines/candidates/open", bridge.open)
    async with serving(app, "127.0.0.1", 0, name="bridge", shutdown_timeout=0.1) as port:
        bridge.url = f"http://127.0.0.1:{port}"
        yield bridge
