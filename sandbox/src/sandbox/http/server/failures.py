"""Errors outside SmartRecruiters' own calls: JSON for the admin API, a page for a person."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.errors import ApiError
from sandbox.http.server.pages import error_page

_OWN = {"same-origin", "none"}


@web.middleware
async def failures(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answers ApiError. A browser acting for another site is refused, as nobody has to sign in here."""
    try:
        _refuse_other_sites(request)
        return await handler(request)
    except ApiError as error:
        if not request.path.startswith("/admin/"):
            return error_page(request, error)
        return web.Response(
            status=error.status,
            text=json.dumps(error.body()),
            content_type="application/json",
            headers=error.headers,
        )


def _refuse_other_sites(request: web.Request) -> None:
    if request.method != "GET" and request.headers.get("Sec-Fetch-Site", "none") not in _OWN:
        raise ApiError(403, "This came from another site.")
