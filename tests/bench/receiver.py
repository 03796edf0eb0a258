"""SmartRecruiters reduced to what a delivery needs: it takes every PATCH and gives every company a token.

`python -m tests.bench.receiver PORT`; GET /seen tells how many PATCHes came, and when the first and last did.
"""

import sys
import time

from aiohttp import web


class Seen:
    """How many PATCHes came; times are of the monotonic clock, which processes of a machine share."""

    def __init__(self) -> None:
        self.count = 0
        self.first = 0.0
        self.last = 0.0

    async def result(self, request: web.Request) -> web.Response:
        await request.read()
        self.last = time.monotonic()
        self.first = self.first or self.last
        self.count += 1
        return web.Response(body=b"{}", content_type="application/json")

    async def tell(self, _request: web.Request) -> web.Response:
        return web.json_response({"count": self.count, "first": self.first, "last": self.last})

    async def forget(self, _request: web.Request) -> web.Response:
        self.count, self.first, self.last = 0, 0.0, 0.0
        return web.Response(status=204)


async def token(_request: web.Request) -> web.Response:
    return web.json_response({"access_token": "bench", "expires_in": 3600})


async def ready(_request: web.Request) -> web.Response:
    return web.Response()


def application() -> web.Application:
    seen, app = Seen(), web.Application()
    app.router.add_patch("/assessment-api/v202010/orders/{order}/results", seen.result)
    app.router.add_get("/seen", seen.tell)
    app.router.add_delete("/seen", seen.forget)
    app.router.add_post("/internal/companies/{company}/smartrecruiters-token", token)
    app.router.add_get("/health/ready", ready)
    return app


if __name__ == "__main__":
    web.run_app(application(), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
