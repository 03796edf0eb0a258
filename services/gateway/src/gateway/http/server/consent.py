"""The consent pages (SPEC §1.3): sign-in, scope, grant or deny. No cookie, no script needed.

What a step has to remember travels in its form: a pop-up is a third-party frame, whose cookies are blocked.
"""

import re
from typing import NamedTuple
from urllib.parse import urlencode

from aiohttp import web
from multidict import MultiMapping
from runtime.fencing import Fence

from gateway.errors import CredentialsRefused, CredentialsUnavailable
from gateway.http.server.consent_texts import (
    FAULTS,
    NOT_CONNECTED,
    UNAVAILABLE,
    UNCERTAIN,
    UNREADABLE,
    WRONG_PASSWORD,
)
from gateway.http.server.pages import Pages
from gateway.ports import Credentials
from gateway.service.addresses import refusal

_COMPANY = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_LONGEST = 1000


class Visit(NamedTuple):
    """For which company, and where to afterwards; without `redirect` the page is a pop-up (SPEC §1.3)."""

    company_id: str
    redirect: str | None

    @property
    def framed(self) -> bool:
        """Whether SmartRecruiters shows the page inside its own."""
        return self.redirect is None

    @property
    def start(self) -> str:
        """The address of the first page, relative to any of them."""
        query = {"companyId": self.company_id} | ({"redirect": self.redirect} if self.redirect else {})
        return f"/connect?{urlencode(query)}"


class _Unreadable(Exception):
    """The address SmartRecruiters sent the browser to is not one we can work with."""


class ConsentHandlers:
    """GET /connect and the forms behind it."""

    def __init__(self, *, credentials: Credentials, fence: Fence, pages: Pages, base_path: str) -> None:
        self._credentials = credentials
        self._fence = fence
        self._pages = pages
        self._base_path = base_path

    async def show(self, request: web.Request) -> web.Response:
        """The sign-in form."""
        try:
            visit = self._visit(request.query)
        except _Unreadable:
            return self._unreadable()
        return self._sign_in_form(visit)

    async def sign_in(self, request: web.Request) -> web.Response:
        """The scope to consent to, or the sign-in form again."""
        form = await _form(request)
        try:
            visit = self._visit(form)
            email, password = _text(form, "email"), _text(form, "password")
        except _Unreadable:
            return self._unreadable()
        if not email.strip() or not password:
            return self._sign_in_form(
                visit, email=email, alert="Enter your e-mail address and your password.", status=400
            )
        try:
            signed_in = await self._credentials.sign_in(visit.company_id, email.strip(), password)
        except CredentialsRefused as refused:
            return self._not_signed_in(visit, email, refused)
        except CredentialsUnavailable:
            return self._failed(visit, 503, *UNAVAILABLE)
        return self._pages.page(
            "scope.html",
            framed=visit.framed,
            visit=visit,
            base=self._base_path,
            ticket=signed_in.ticket,
            organisation=signed_in.organisation,
        )

    async def grant(self, request: web.Request) -> web.Response:
        """Connects both sides; then back to SmartRecruiters, or the page that ends a pop-up."""
        return await self._decide(request, granted=True)

    async def deny(self, request: web.Request) -> web.Response:
        """Connects nothing; ends in the same way."""
        return await self._decide(request, granted=False)

    async def _decide(self, request: web.Request, *, granted: bool) -> web.Response:
        form = await _form(request)
        try:
            visit = self._visit(form)
            ticket = _text(form, "ticket")
        except _Unreadable:
            return self._unreadable()
        try:
            decide = self._credentials.grant if granted else self._credentials.deny
            await decide(visit.company_id, ticket)
        except CredentialsRefused as refused:
            if refused.code == "ticket_invalid":
                alert = "Your sign-in has expired. Sign in once more."
                return self._sign_in_form(visit, alert=alert, status=403)
            return self._refused(visit, refused)
        except CredentialsUnavailable:
            # A grant without an answer may go on without us, and succeed.
            return self._failed(visit, 503, *(UNCERTAIN if granted else UNAVAILABLE))
        if visit.redirect is not None:
            return self._pages.redirect(visit.redirect)
        return self._pages.page("done.html", framed=True, granted=granted)

    def _visit(self, given: MultiMapping[str]) -> Visit:
        companies, redirects = given.getall("companyId", []), given.getall("redirect", [])
        if len(companies) != 1 or len(redirects) > 1 or not _COMPANY.fullmatch(companies[0]):
            raise _Unreadable
        redirect = redirects[0] if redirects and redirects[0] else None
        if redirect is not None and refusal(self._fence, redirect) is not None:
            raise _Unreadable
        return Visit(companies[0], redirect)

    def _sign_in_form(
        self, visit: Visit, *, email: str = "", alert: str | None = None, status: int = 200
    ) -> web.Response:
        return self._pages.page(
            "sign_in.html",
            status=status,
            framed=visit.framed,
            visit=visit,
            base=self._base_path,
            email=email,
            alert=alert,
        )

    def _not_signed_in(self, visit: Visit, email: str, refused: CredentialsRefused) -> web.Response:
        if refused.code == "invalid_credentials":
            return self._sign_in_form(visit, email=email, alert=WRONG_PASSWORD, status=403)
        return self._refused(visit, refused)

    def _refused(self, visit: Visit, refused: CredentialsRefused) -> web.Response:
        """The credentials service knows best whose move it is; where it says nothing, our own words."""
        known = FAULTS.get(refused.code)
        if refused.code == "unauthorized" or (known is None and refused.detail is None):
            return self._failed(visit, 503, *UNAVAILABLE)
        title, text = known or (NOT_CONNECTED, "")
        return self._failed(
            visit, 403 if refused.status == 401 else refused.status, title, refused.detail or text
        )

    def _failed(self, visit: Visit, status: int, title: str, text: str) -> web.Response:
        return self._pages.page(
            "fault.html",
            status=status,
            framed=visit.framed,
            title=title,
            text=text,
            back=visit.redirect,
            retry=self._base_path + visit.start,
        )

    def _unreadable(self) -> web.Response:
        title, text = UNREADABLE
        return self._pages.page("fault.html", status=400, title=title, text=text, back=None, retry=None)


async def _form(request: web.Request) -> MultiMapping[str]:
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    try:
        # Only text: a urlencoded form has no files.
        return await request.post()  # type: ignore[return-value]
    except (ValueError, LookupError) as error:
        raise web.HTTPBadRequest from error


def _text(form: MultiMapping[str], name: str) -> str:
    values = form.getall(name, [])
    if len(values) != 1 or len(values[0]) > _LONGEST or "\0" in values[0]:
        raise _Unreadable
    return values[0]
