"""Sign-in at the vendor's own identity provider: the way there and back (OpenID Connect).

Both ends are pages of a window, never of SmartRecruiters' frame, which no provider lets itself be shown in:
from a pop-up the link opens a window of its own, and the visit ends there. A cookie binds the way back to the
browser that set out (RFC 9700 §4.7): SameSite=Lax, as the provider's redirect comes from another site.
"""

import re
from secrets import token_urlsafe

from aiohttp import web

from gateway.domain.visits import Visit
from gateway.errors import CredentialsRefused, CredentialsUnavailable, InvalidVisit
from gateway.http.server.consent.forms import VisitReader, of_ours, text
from gateway.http.server.consent.pages import ConsentPages
from gateway.ports import Credentials, OpenIdAnswer

COOKIE_SECONDS = 600
_BROWSER = re.compile(r"[A-Za-z0-9_-]{43}")
_LONGEST_CODE = 4096
_LONGEST_STATE = 6000


class OpenIdHandlers:
    """GET /connect/openid and /connect/openid/callback."""

    def __init__(
        self, *, credentials: Credentials, visits: VisitReader, pages: ConsentPages, secure: bool
    ) -> None:
        self._credentials = credentials
        self._visits = visits
        self._pages = pages
        self._secure = secure
        # __Host-: no other host of the domain can have set it (RFC 6265bis §4.1.3.2); it needs https.
        self._cookie = "__Host-connect" if secure else "connect"

    async def begin(self, request: web.Request) -> web.Response:
        """To the provider."""
        try:
            of_ours(request)
            visit, recent = self._visits.continued(request.query)
        except InvalidVisit:
            return self._pages.unreadable()
        if not recent:
            return self._pages.too_old(visit)
        # The same for all windows of a browser: one that begins later does not undo one that began before.
        browser = self._browser(request) or token_urlsafe(32)
        onward = Visit(visit.company_id, visit.redirect, window=visit.redirect is None)
        try:
            url = await self._credentials.begin_openid(visit.company_id, self._visits.token(onward), browser)
        except CredentialsRefused as refused:
            return self._pages.refused(onward, refused)
        except CredentialsUnavailable:
            return self._pages.unavailable(onward)
        response = self._pages.redirect(url)
        response.set_cookie(
            self._cookie,
            browser,
            max_age=COOKIE_SECONDS,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )
        return response

    async def finish(self, request: web.Request) -> web.Response:
        """Back from the provider: the scope, a choice before it, or what went wrong."""
        try:
            state = text(request.query, "state", longest=_LONGEST_STATE)
            visit, _ = self._visits.read(state.partition(".")[2])
            answer = OpenIdAnswer(
                state=state,
                code=_optional(request, "code") if "error" not in request.query else None,
                issuer=_optional(request, "iss"),
            )
        except InvalidVisit:
            return self._pages.not_begun()
        browser = self._browser(request)
        if browser is None:
            return self._pages.not_begun()
        try:
            signed_in = await self._credentials.finish_openid(visit.company_id, browser, answer)
        except CredentialsRefused as refused:
            return self._pages.refused(visit, refused)
        except CredentialsUnavailable:
            return self._pages.unavailable(visit)
        return self._pages.signed_in(visit, signed_in)

    def _browser(self, request: web.Request) -> str | None:
        value = request.cookies.get(self._cookie, "")
        return value if _BROWSER.fullmatch(value) else None


def _optional(request: web.Request, name: str) -> str | None:
    # Without a value a parameter is as if omitted (RFC 6749 §3.1).
    return (text(request.query, name, longest=_LONGEST_CODE) or None) if name in request.query else None
