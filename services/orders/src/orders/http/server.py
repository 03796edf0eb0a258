"""The internal API: an order with its timeline, lists, cancelling, insights."""

from datetime import datetime
from typing import Any

from aiohttp import web
from contracts.codec import explain
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from runtime.http.callers import admit
from runtime.http.problems import Problem

from orders.domain.order import Order
from orders.domain.outlook import what_happens_next
from orders.domain.states import State
from orders.domain.timeline import Entry
from orders.errors import StorageUnavailable, UnknownOrder
from orders.ports import OrderView, Reading, Window
from orders.service.closing import Cancelling

READING: web.AppKey[Reading] = web.AppKey("reading", Reading)
CANCELLING: web.AppKey[Cancelling] = web.AppKey("cancelling", Cancelling)

_UNAVAILABLE = ("database_unavailable", "The database does not answer; try again shortly.")


class _Cancel(BaseModel):
    """Body of the cancelling; its reason reaches the engine and the timeline: no personal data in it."""

    model_config = ConfigDict(extra="forbid")

    # PostgreSQL keeps no NUL.
    reason: str = Field(
        default="cancelled by the vendor", min_length=1, max_length=200, pattern=r"^[^\x00]*$"
    )


def add_api(app: web.Application, *, reading: Reading, cancelling: Cancelling) -> None:
    """Adds the routes under /api, for an operator's programs."""
    app[READING] = reading
    app[CANCELLING] = cancelling
    admit(app, "/api/orders", "bridge", get=_list)
    admit(app, "/api/orders/{order_id}", "bridge", get=_get)
    admit(app, "/api/orders/{order_id}/cancel", "bridge", post=_cancel)
    admit(app, "/api/insights", "bridge", get=_insights)


async def view(request: web.Request) -> OrderView:
    """Returns the order in the path. Raises Problem 404 and 503."""
    order_id = request.match_info["order_id"]
    try:
        found = await request.app[READING].get(order_id)
    except StorageUnavailable as error:
        raise unavailable() from error
    if found is None:
        raise unknown()
    return found


async def listed(request: web.Request) -> list[Order]:
    """Returns the orders the query asks for. Raises Problem 400 and 503."""
    state = request.query.get("state") or None
    if state is not None and state not in set(State):
        raise Problem(400, "invalid_state", f"state is one of {', '.join(State)}")
    try:
        return list(
            await request.app[READING].list(
                company_id=request.query.get("company_id") or None,
                state=State(state) if state else None,
                limit=limit(request, default=50, most=500),
            )
        )
    except StorageUnavailable as error:
        raise unavailable() from error


def limit(request: web.Request, *, default: int, most: int) -> int:
    """Returns the query's limit. Raises Problem 400."""
    text = request.query.get("limit") or str(default)
    if len(text) > 9 or not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise Problem(400, "invalid_limit", f"limit is a number from 1 to {most}")
    return int(text)


async def windows(request: web.Request, company_id: str) -> list[Window]:
    """Returns a company's insights. Raises Problem 400 and 503."""
    most = limit(request, default=48, most=1000)
    try:
        return list(await request.app[READING].insights(company_id, limit=most))
    except StorageUnavailable as error:
        raise unavailable() from error


def unavailable() -> Problem:
    """Returns the answer for a database that is away."""
    return Problem(503, *_UNAVAILABLE, headers={"Retry-After": "5"})


def order_json(order: Order) -> dict[str, Any]:
    """Returns an order as the API and the command line show it."""
    return {
        "order_id": order.order_id,
        "company_id": order.company_id,
        "kind": order.kind.value,
        "package_id": order.package_id,
        "job_id": order.job_id,
        "candidate": candidate_state(order),
        "state": order.state.value,
        "final_result": order.publication.value,
        "late": order.late_since is not None,
        "placed_at": _text(order.placed_at),
        "requested_at": _text(order.requested_at),
        "answered_at": _text(order.answered_at),
        "late_since": _text(order.late_since),
        "finished_at": _text(order.finished_at),
        "erased_at": _text(order.erased_at),
    }


def candidate_state(order: Order) -> str:
    """Returns where the candidate's data stands, in one word."""
    if order.erased_at is not None:
        return "erased"
    return "sealed" if order.sealed is not None else "unknown"


def unknown() -> Problem:
    """Returns the answer for an order nobody knows."""
    return Problem(404, "order_not_found", "No order has this id.")


async def _get(request: web.Request) -> web.Response:
    found = await view(request)
    return web.json_response(
        {
            **order_json(found.order),
            "what_happens_next": what_happens_next(found.order, found.around),
            "timeline": [entry_json(entry) for entry in found.timeline],
        }
    )


async def _list(request: web.Request) -> web.Response:
    return web.json_response({"orders": [order_json(order) for order in await listed(request)]})


async def _cancel(request: web.Request) -> web.Response:
    try:
        wanted = _Cancel.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise Problem(400, "invalid_body", explain(error)) from error
    try:
        order = await request.app[CANCELLING].cancel(request.match_info["order_id"], wanted.reason)
    except UnknownOrder as error:
        raise unknown() from error
    except StorageUnavailable as error:
        raise unavailable() from error
    if order.state is not State.CANCELLED:
        raise Problem(409, "order_has_ended", f"The order is {order.state}; it stays as it ended.")
    return web.json_response(order_json(order))


async def _insights(request: web.Request) -> web.Response:
    company_id = request.query.get("company_id")
    if not company_id:
        raise Problem(400, "company_id_missing", "company_id says whose numbers are wanted.")
    found = await windows(request, company_id)
    return web.json_response({"company_id": company_id, "windows": [_window_json(one) for one in found]})


def entry_json(entry: Entry) -> dict[str, Any]:
    """Returns a row of the timeline."""
    return {
        "at": _text(entry.at),
        "kind": entry.kind.value,
        "text": entry.sentence(),
        "facts": dict(entry.facts),
    }


def _window_json(window: Window) -> dict[str, Any]:
    return {
        "starts_at": _text(window.starts_at),
        "orders": window.orders,
        "results": window.results,
        "failures": window.failures,
        "late": window.late,
        "seconds_to_result": window.seconds_to_result,
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
