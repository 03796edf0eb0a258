"""Pages for people: templates, and the headers that keep them where they belong."""

from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

_VISIBLE = "".join(map(chr, range(0x21, 0x7F)))
_BASE_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Pages:
    """Renders templates; every value is escaped. Nothing is loaded from anywhere, no cookie is set."""

    def __init__(self, *, vendor: str, origins: list[str], secure: bool) -> None:
        self._templates = Environment(
            loader=PackageLoader("gateway.http"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._vendor = vendor
        self._origins = " ".join(origins)
        self._headers = {**_BASE_HEADERS}
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    def page(self, template: str, *, status: int = 200, framed: bool = False, **values: Any) -> web.Response:
        """Returns a page; `framed` lets SmartRecruiters, and nobody else, show it inside its own."""
        nonce = token_urlsafe(16)
        text = self._templates.get_template(template).render(vendor=self._vendor, nonce=nonce, **values)
        # Browsers apply form-action to the redirect after a form, too: it may end at SmartRecruiters.
        frames = self._origins if framed else "'none'"
        policy = (
            f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; "
            f"form-action 'self' {self._origins}; frame-ancestors {frames}"
        )
        headers = {**self._headers, "Content-Security-Policy": policy}
        if not framed:
            headers["X-Frame-Options"] = "DENY"
        return web.Response(status=status, text=text, content_type="text/html", headers=headers)

    def redirect(self, url: str, *, status: int = 303) -> web.Response:
        """Returns a redirect to an address that was checked before; it is sent as it is.

        What no header may hold is percent-encoded: an engine's address is any text without spaces.
        """
        location = quote(url, safe=_VISIBLE)
        return web.Response(status=status, headers={**self._headers, "Location": location})


def origins_of(hosts: list[str]) -> list[str]:
    """Returns a fence's hosts as sources of a Content-Security-Policy."""
    found = []
    for host in hosts:
        if "://" in host:
            found.append(host)
        elif host.partition(":")[0] in {"localhost", "127.0.0.1"}:
            port = host.partition(":")[2] or "*"
            found += [f"{scheme}://{host.partition(':')[0]}:{port}" for scheme in ("https", "http")]
        else:
            found.append(f"https://{host}")
    return list(dict.fromkeys(found))
