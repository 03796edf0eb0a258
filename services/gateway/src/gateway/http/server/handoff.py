"""The candidate's way through an inline assessment (SPEC §3): our link, the engine's test, and back."""

from aiohttp import web

from gateway.domain.handoff import HandoffLinks
from gateway.errors import InvalidLink, Unavailable
from gateway.http.server.pages import Pages
from gateway.ports import Launch, Launches

_NOT_YET = Launch(url=None, finished=False)
_PATIENT_AFTER = 30


class HandoffHandlers:
    """GET /t/{token} and GET /t/{token}/done."""

    def __init__(self, *, links: HandoffLinks, launches: Launches, pages: Pages) -> None:
        self._links = links
        self._launches = launches
        self._pages = pages

    async def start(self, request: web.Request) -> web.Response:
        """To the test when the engine has said where it is; a page that looks again by itself until then."""
        token = request.match_info["token"]
        try:
            handoff = self._links.read(token)
        except InvalidLink as error:
            return self._unknown(error)
        try:
            launch = await self._launches.get(handoff.order_id) or _NOT_YET
        except Unavailable as error:
            return self._wait(request, status=503, retry_after=error.retry_after)
        if launch.finished:
            return self._pages.redirect(self._links.done_url(token), status=302)
        if launch.url is None:
            return self._wait(request, status=200)
        return self._pages.redirect(launch.url, status=302)

    async def done(self, request: web.Request) -> web.Response:
        """Back to SmartRecruiters."""
        try:
            handoff = self._links.read(request.match_info["token"])
        except InvalidLink as error:
            return self._unknown(error)
        return self._pages.redirect(handoff.completed_url, status=302)

    def _wait(self, request: web.Request, *, status: int, retry_after: int | None = None) -> web.Response:
        given = request.query.get("looked", "")
        looked = int(given) + 1 if given.isascii() and given.isdecimal() and len(given) < 6 else 1
        patient = looked > _PATIENT_AFTER
        # Relative, so that it works under whatever address the candidate came by.
        page = self._pages.page(
            "waiting.html",
            status=status,
            refresh=10 if patient else 2,
            again=f"?looked={looked}",
            patient=patient,
        )
        if retry_after is not None:
            page.headers["Retry-After"] = str(retry_after)
        return page

    def _unknown(self, error: InvalidLink) -> web.Response:
        return self._pages.page(
            "fault.html",
            status=error.status,
            title="This link does not work",
            text="It may have been shortened or changed on its way. "
            "Go back to your application and start the assessment from there.",
            back=None,
            retry=None,
        )
