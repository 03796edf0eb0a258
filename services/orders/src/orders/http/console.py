"""The console for the vendor's support, read-only: lists, one order's timeline, a company's numbers."""

import base64
import binascii
from typing import Any
from urllib.parse import quote

import jinja2
from aiohttp import web
from aiohttp.typedefs import Middleware
from runtime.http.callers import ANYONE, Callers
from runtime.http.problems import Handler, Problem, problem_of

from orders.domain.outlook import what_happens_next
from orders.domain.states import State
from orders.http.server import candidate_state, listed, view, windows

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def add_console(app: web.Application, *, callers: Callers) -> None:
    """Adds /console behind HTTP Basic: any user name, the token of `console` as password (RFC 7617).

    It changes nothing, so a browser that sends the password by itself can be made to do no harm.
    """
    console = _Console(callers)
    app.middlewares.append(console.showing())
    app.router.add_get("/console", console.orders)
    app.router.add_get("/console/orders/{order_id}", console.order)
    app.router.add_get("/console/companies/{company_id}", console.company)


class _Console:
    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self._pages = jinja2.Environment(
            loader=jinja2.PackageLoader("orders.http"), autoescape=True, undefined=jinja2.StrictUndefined
        )

    def showing(self) -> Middleware:
        """Returns what says as a page, too, what the console cannot do, and that it has no such page."""

        @web.middleware
        async def shown(request: web.Request, handler: Handler) -> web.StreamResponse:
            if request.path != "/console" and not request.path.startswith("/console/"):
                return await handler(request)
            try:
                return await handler(request)
            except (Problem, web.HTTPClientError) as error:
                problem = error if isinstance(error, Problem) else problem_of(error)
                answer = self._page("problem.html", problem=problem)
                answer.set_status(problem.status)
                answer.headers.update(problem.headers)
                return answer

        return shown

    async def orders(self, request: web.Request) -> web.Response:
        """The newest orders, of a company and in a state where asked; to one order when its id is given."""
        self._admit(request)
        if order_id := request.query.get("order_id", "").strip():
            address = f"/console/orders/{quote(order_id, safe='')}"
            return web.Response(status=303, headers=_HEADERS | {"Location": address})
        return self._page(
            "orders.html",
            orders=await listed(request),
            states=list(State),
            company_id=request.query.get("company_id", ""),
            state=request.query.get("state", ""),
        )

    async def order(self, request: web.Request) -> web.Response:
        """One order, what happens next, and what has happened."""
        self._admit(request)
        found = await view(request)
        next_step = what_happens_next(found.order, found.around)
        return self._page(
            "order.html",
            order=found.order,
            timeline=found.timeline,
            next_step=next_step,
            candidate=candidate_state(found.order),
        )

    async def company(self, request: web.Request) -> web.Response:
        """A company's numbers, window by window."""
        self._admit(request)
        company_id = request.match_info["company_id"]
        found = await windows(request, company_id)
        most = max((max(one.orders, one.results) for one in found), default=0) or 1
        return self._page("company.html", company_id=company_id, windows=found, most=most)

    def _admit(self, request: web.Request) -> None:
        if self._callers.who(_password(request)) not in {"console", ANYONE}:
            raise Problem(
                401,
                "unauthorized",
                "Sign in with any name and the console's token as password.",
                headers={"WWW-Authenticate": 'Basic realm="orders console", charset="UTF-8"'},
            )

    def _page(self, name: str, **values: Any) -> web.Response:
        text = self._pages.get_template(name).render(**values)
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)


def _password(request: web.Request) -> str:
    scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2].decode()
    except (binascii.Error, ValueError):
        return ""
