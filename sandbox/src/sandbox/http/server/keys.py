"""What handlers find in the application and in a request."""

from typing import Any

from aiohttp import web

from sandbox.domain.state import Sandbox
from sandbox.service.recruiting import Recruiting
from sandbox.settings import Settings

STATE: web.AppKey[Sandbox] = web.AppKey("state", Sandbox)
RECRUITING: web.AppKey[Recruiting] = web.AppKey("recruiting", Recruiting)
SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)


def public_url(request: web.Request) -> str:
    """Returns the base of the addresses to give out: as configured, else as the caller reached us."""
    return request.app[SETTINGS].public_url or f"{request.scheme}://{request.host}"


Json = dict[str, Any]
