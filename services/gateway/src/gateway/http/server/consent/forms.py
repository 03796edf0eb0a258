"""Reading what a browser sends to the consent pages; whatever no page of ours sends is refused."""

import re
from collections.abc import Callable
from typing import Literal
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import MultiDict, MultiMapping
from runtime.fencing import Fence

from gateway.domain.visits import Visit, VisitTokens
from gateway.errors import InvalidVisit
from gateway.http.server.bodies import read_body
from gateway.service.addresses import refusal

DisplayMode = Literal["REDIRECT", "POPUP", "EITHER"]

_COMPANY = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_FIELDS = 16
_LONGEST = 1000
_LONGEST_TOKEN = 4000


class VisitReader:
    """Visits as SmartRecruiters begins them, and as our own forms go on with them."""

    def __init__(
        self, *, fence: Fence, mode: DisplayMode, tokens: VisitTokens, now: Callable[[], float]
    ) -> None:
        self._fence = fence
        self._mode = mode
        self._tokens = tokens
        self._now = now

    def begun(self, query: MultiMapping[str]) -> Visit:
        """Returns the visit SmartRecruiters' link is for. Raises InvalidVisit.

        With `redirect` the administrator was sent away and has to be sent back (REDIRECT), without it they
        look at a pop-up; a link that does not suit the configured display mode is not SmartRecruiters'.
        """
        companies, redirects = query.getall("companyId", []), query.getall("redirect", [])
        if len(companies) != 1 or len(redirects) > 1 or not _COMPANY.fullmatch(companies[0]):
            raise InvalidVisit("no company, or more than one")
        visit = Visit(companies[0], redirects[0] if redirects and redirects[0] else None)
        if self._mode != "EITHER" and visit.framed is not (self._mode == "POPUP"):
            raise InvalidVisit("not the configured display mode")
        if visit.redirect is not None and self._refuses(visit.redirect):
            raise InvalidVisit("the way back is not SmartRecruiters'")
        return visit

    def continued(self, form: MultiMapping[str]) -> tuple[Visit, bool]:
        """Returns the visit a form of ours belongs to, and whether it is recent. Raises InvalidVisit."""
        return self.read(text(form, "visit", longest=_LONGEST_TOKEN))

    def read(self, token: str) -> tuple[Visit, bool]:
        """The same, of a token alone."""
        return self._tokens.read(token, self._now())

    def token(self, visit: Visit) -> str:
        """Returns what binds a form to its visit."""
        return self._tokens.make(visit, self._now())

    def _refuses(self, redirect: str) -> bool:
        # A fragment is the page's own business, and means nothing to a fence of hosts.
        return len(redirect) > _LONGEST or refusal(self._fence, redirect.partition("#")[0]) is not None


def of_ours(request: web.Request) -> None:
    """Raises InvalidVisit for a form or link of another site's page (Fetch Metadata).

    A browser that does not say whence it comes is an old one; the visit's token alone is asked of it then.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise InvalidVisit("of another site")


async def read_form(request: web.Request) -> MultiMapping[str]:
    """Returns the fields of a form of ours. Raises InvalidVisit, and what `read_body` raises."""
    of_ours(request)
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType
    body = await read_body(request)
    try:
        # Percent-encoded in UTF-8, as our pages are; what it says it is in, it has to be readable in.
        given = body.decode(request.charset or "ascii")
        pairs = parse_qsl(given, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except (ValueError, LookupError) as error:
        raise web.HTTPBadRequest from error
    return MultiDict(pairs)


def text(form: MultiMapping[str], name: str, *, longest: int = _LONGEST) -> str:
    """Returns a field that is there once. Raises InvalidVisit."""
    values = form.getall(name, [])
    if len(values) != 1 or len(values[0]) > longest or "\0" in values[0]:
        raise InvalidVisit(f"{name} is not there once")
    return values[0]
