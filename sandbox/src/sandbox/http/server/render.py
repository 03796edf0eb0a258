"""Pages from templates, with headers that keep strangers' content out."""

import json
from typing import Any

import jinja2
from aiohttp import web

from sandbox.domain.results import shown_score
from sandbox.http.server.keys import STATE

TEMPLATES: web.AppKey[jinja2.Environment] = web.AppKey("templates", jinja2.Environment)

_POLICY = (
    # The partner's pages are framed (POPUP) and forms may end at the partner (inline orders redirect there).
    "default-src 'self'; img-src 'self' data:; frame-src http: https:; form-action 'self' http: https:; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def environment() -> jinja2.Environment:
    """Returns the templates; everything is escaped."""
    loader = jinja2.PackageLoader("sandbox", "http/templates")
    templates = jinja2.Environment(loader=loader, autoescape=True)
    templates.trim_blocks = templates.lstrip_blocks = True
    templates.filters["shown_score"] = shown_score
    templates.filters["pretty"] = _pretty
    templates.filters["moment"] = _moment
    return templates


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Renders a page; every page knows the state and its own address."""
    text = (
        request.app[TEMPLATES]
        .get_template(template)
        .render(state=request.app[STATE], path=request.path, **values)
    )
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers=_HEADERS)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _moment(value: str | None) -> str:
    """2026-01-12T09:30:00.000Z as 2026-01-12 09:30:00."""
    return value[:19].replace("T", " ") if value else ""
