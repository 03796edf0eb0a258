"""Routes: invitations, the test in three steps, the report, health."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import parse_qsl

import structlog
from aiohttp import web
from contracts.events.assessment import PackageResult
from contracts.events.order import OrderKind

from reference_engine.domain.links import Links
from reference_engine.domain.report import report
from reference_engine.errors import (
    BrokerUnavailable,
    Cancelled,
    CandidateErased,
    StartupError,
    Unanswered,
    UnknownOrder,
)
from reference_engine.http.pages import HEADERS, Pages
from reference_engine.ports import Candidates
from reference_engine.service import EngineService, Known

Step = Callable[[str, dict[str, str]], Awaitable[None]]
Probes = Mapping[str, Callable[[], Awaitable[bool]]]

log = structlog.get_logger()


class Server:
    """The candidate needs no account: the signed address is the permission."""

    def __init__(
        self,
        *,
        service: EngineService,
        candidates: Candidates,
        links: Links,
        pages: Pages,
        ready: Probes,
    ) -> None:
        self._service = service
        self._candidates = candidates
        self._links = links
        self._pages = pages
        self._ready = ready

    def app(self) -> web.Application:
        """Returns the application with every route."""
        app = web.Application(client_max_size=64 * 1024)
        app.add_routes(
            [
                web.get("/tests/{token}", self._test),
                web.post("/tests/{token}/start", self._start),
                web.post("/tests/{token}/answers", self._answers),
                web.post("/tests/{token}/decline", self._decline),
                web.get("/invitations/{order_id}", self._invitation),
                web.get("/reports/{token}.pdf", self._report),
                web.get("/recordings/{token}", self._recording),
                web.get("/style.css", self._style),
                web.get("/health/live", self._live),
                web.get("/health/ready", self._readiness),
            ]
        )
        return app

    async def _test(self, request: web.Request) -> web.Response:
        return await self._show(request.match_info["token"])

    async def _start(self, request: web.Request) -> web.Response:
        return await self._step(request, lambda order_id, _: self._service.begin(order_id))

    async def _answers(self, request: web.Request) -> web.Response:
        return await self._step(request, self._service.finish, keep_answers=True)

    async def _decline(self, request: web.Request) -> web.Response:
        return await self._step(request, lambda order_id, _: self._service.decline(order_id))

    async def _show(self, token: str) -> web.Response:
        order_id = self._links.order_of(token)
        if order_id is None:
            return self._pages.message("unknown", "unknown_text", status=HTTPStatus.NOT_FOUND)
        try:
            known = await self._find(order_id)
        except UnknownOrder:
            return self._preparing()
        except CandidateErased:
            return self._gone()
        if known.order.cancelled:
            return self._pages.message("cancelled", "cancelled_text", known=known, status=HTTPStatus.GONE)
        if known.order.result is not None:
            return self._over(known)
        return self._pages.test(known, token) if known.order.launched else self._preparing(known)

    async def _step(self, request: web.Request, step: Step, *, keep_answers: bool = False) -> web.Response:
        """Does one step, then shows where the candidate stands."""
        try:
            return await self._stepped(request, step, keep_answers=keep_answers)
        except CandidateErased:
            return self._gone()

    async def _stepped(self, request: web.Request, step: Step, *, keep_answers: bool) -> web.Response:
        """A form is never lost to a fault of ours. Raises CandidateErased."""
        token = request.match_info["token"]
        form = _form(await request.read())
        order_id = self._links.order_of(token)
        try:
            if order_id is not None:
                await step(order_id, form)
        except Unanswered as error:
            known = await self._find(order_id or "")
            return self._pages.test(known, token, answers=form, missing=error.questions)
        except BrokerUnavailable as error:
            log.warning("a candidate's step waits for Kafka", order_id=order_id, reason=str(error))
            known = await self._find(order_id or "")
            return self._pages.test(known, token, answers=form if keep_answers else None, unavailable=True)
        except (UnknownOrder, Cancelled):
            return await self._show(token)
        if order_id is None:
            return await self._show(token)
        return web.Response(status=303, headers={**HEADERS, "Location": f"/tests/{token}"})

    async def _find(self, order_id: str) -> Known:
        """Returns the order with its candidate opened, for one page. Raises UnknownOrder, CandidateErased."""
        known = self._service.find(order_id)
        candidate = await self._candidates.open(known.request.candidate)
        return known._replace(request=known.request.model_copy(update={"candidate": candidate}))

    def _over(self, known: Known) -> web.Response:
        """An inline candidate goes on with the application, an invited one is thanked."""
        if known.request.kind is OrderKind.INLINE and known.request.return_url:
            return web.Response(status=303, headers={**HEADERS, "Location": known.request.return_url})
        return self._pages.finished(known)

    def _gone(self) -> web.Response:
        return self._pages.message("cancelled", "cancelled_text", status=HTTPStatus.GONE)

    def _preparing(self, known: Known | None = None) -> web.Response:
        return self._pages.message("preparing", "preparing_text", known=known, refresh=True)

    async def _invitation(self, request: web.Request) -> web.Response:
        """Stands for the e-mail a real engine sends: SmartRecruiters invites nobody itself."""
        order_id = request.match_info["order_id"]
        try:
            known = self._service.find(order_id)
        except UnknownOrder:
            known = None
        if known is None or known.request.kind is OrderKind.INLINE or not known.order.launched:
            return self._pages.message("unknown", "unknown_text", status=HTTPStatus.NOT_FOUND)
        return web.Response(status=302, headers={**HEADERS, "Location": self._links.test(order_id)})

    async def _report(self, request: web.Request) -> web.Response:
        order_id = self._links.order_of(request.match_info["token"])
        result = self._result(order_id)
        if order_id is None or result is None or result.score is None:
            return self._pages.message("unknown", "unknown_text", status=HTTPStatus.NOT_FOUND)
        headers = {**HEADERS, "Content-Disposition": 'inline; filename="report.pdf"'}
        return web.Response(body=report(order_id, result), content_type="application/pdf", headers=headers)

    async def _recording(self, request: web.Request) -> web.Response:
        if self._result(self._links.order_of(request.match_info["token"])) is None:
            return self._pages.message("unknown", "unknown_text", status=HTTPStatus.NOT_FOUND)
        return self._pages.message("recording", "recording_text")

    def _result(self, order_id: str | None) -> PackageResult | None:
        try:
            return self._service.find(order_id or "").order.result
        except UnknownOrder:
            return None

    async def _style(self, _request: web.Request) -> web.Response:
        return self._pages.style()

    async def _live(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "live"})

    async def _readiness(self, _request: web.Request) -> web.Response:
        checks = {name: await probe() for name, probe in self._ready.items()}
        good = all(checks.values())
        return web.json_response(
            {"status": "ready" if good else "not ready", "checks": checks}, status=200 if good else 503
        )


def _form(body: bytes) -> dict[str, str]:
    """Reads what our pages send; anything else is a form without answers."""
    try:
        return dict(parse_qsl(body.decode(), max_num_fields=100))
    except ValueError:
        return {}


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serves while open and yields the port. Raises StartupError when it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise StartupError(f"cannot listen on {host}:{port}: {error.strerror}") from error
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()
