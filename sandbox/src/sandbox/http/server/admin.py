"""The admin API: drives the sandbox and shows what it saw, without sign-in (sandbox/README.md)."""

from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, TypeAdapter, ValidationError

from sandbox.domain.clients import COMPANY_SCOPES, Client
from sandbox.domain.companies import AutoOrder, Company
from sandbox.domain.limits import RateLimiter
from sandbox.domain.seed import new_company
from sandbox.errors import ApiError
from sandbox.http.server.bodies import (
    FAULTS,
    MASTERS,
    CompanyChange,
    Disable,
    LimitsChange,
    Move,
    NewAutoOrder,
    NewCompany,
    NewInlineOrder,
    NewOrder,
    PackagesQuery,
)
from sandbox.http.server.keys import RECRUITING, STATE, public_url

Model = TypeVar("Model", bound=BaseModel)

_COMPANY = "/admin/companies/{company_id}"


def add_routes(router: web.UrlDispatcher) -> None:
    """Serves everything under /admin."""
    router.add_get("/admin/record", show_record)
    router.add_post("/admin/reset", reset)
    router.add_get("/admin/configuration", show_configuration)
    router.add_get("/admin/faults", show_faults)
    router.add_put("/admin/faults", set_faults)
    router.add_delete("/admin/faults", clear_faults)
    router.add_put("/admin/limits", set_limits)
    router.add_put("/admin/master-credentials", set_masters)
    router.add_get("/admin/companies", list_companies)
    router.add_post("/admin/companies", create_company)
    router.add_get(_COMPANY, show_company)
    router.add_patch(_COMPANY, change_company)
    router.add_delete(f"{_COMPANY}/tokens", revoke_tokens)
    router.add_get(f"{_COMPANY}/consent-url", consent_url)
    router.add_post(f"{_COMPANY}/packages", get_packages)
    router.add_get(_COMPANY + "/packages/{package_id:.+}", get_package)
    router.add_post(f"{_COMPANY}/orders", place_order)
    router.add_post(f"{_COMPANY}/inline-orders", place_inline_order)
    router.add_post(f"{_COMPANY}/auto-orders", add_auto_order)
    router.add_post(_COMPANY + "/candidates/{candidate_id}/move", move_candidate)
    router.add_post(f"{_COMPANY}/disable", disable)
    router.add_get("/admin/orders", list_orders)
    router.add_get("/admin/orders/{order_id}", show_order)


async def _read(request: web.Request, model: type[Model]) -> Model:
    """Returns the body, an empty one standing for {}; ApiError 400."""
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> ApiError:
    details = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
    return ApiError(400, "The request is not valid.", details=details)


def _number(request: web.Request, name: str) -> int:
    try:
        return int(request.query.get(name, "0"))
    except ValueError:
        raise ApiError(400, f"{name} must be a number.") from None


def _company(request: web.Request) -> Company:
    return request.app[STATE].company(request.match_info["company_id"])


async def show_record(request: web.Request) -> web.Response:
    """GET /admin/record?after=N[&call=][&company_id=][&order_id=]."""
    query = request.query
    entries = request.app[STATE].record.entries(
        after=_number(request, "after"),
        call=query.get("call"),
        company_id=query.get("company_id"),
        order_id=query.get("order_id"),
    )
    return web.json_response({"entries": [entry.to_json() for entry in entries]})


async def reset(request: web.Request) -> web.Response:
    """POST /admin/reset."""
    request.app[STATE].reset()
    return web.Response(status=204)


async def show_configuration(request: web.Request) -> web.Response:
    """GET /admin/configuration; 404 when none was PUT."""
    return web.json_response(request.app[STATE].configured())


async def show_faults(request: web.Request) -> web.Response:
    """GET /admin/faults: those in force, with the times that are left."""
    listed = request.app[STATE].faults.listed()
    return web.json_response([fault.model_dump(exclude_none=True) for fault in listed])


async def set_faults(request: web.Request) -> web.Response:
    """PUT /admin/faults: replaces all."""
    request.app[STATE].faults.replace(_validated(FAULTS, await request.read()))
    return await show_faults(request)


def _validated(adapter: TypeAdapter[Any], body: bytes) -> Any:
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise _invalid(error) from None


async def clear_faults(request: web.Request) -> web.Response:
    """DELETE /admin/faults."""
    request.app[STATE].faults.replace([])
    return web.Response(status=204)


async def set_limits(request: web.Request) -> web.Response:
    """PUT /admin/limits: what is left out stays; counting starts anew."""
    state = request.app[STATE]
    change = await _read(request, LimitsChange)
    state.limiter = RateLimiter(
        per_second=change.requests_per_second or state.limiter.per_second,
        in_flight=change.in_flight or state.limiter.in_flight,
    )
    state.clients.token_lifetime = change.token_lifetime or state.clients.token_lifetime
    return web.json_response(
        {
            "requests_per_second": state.limiter.per_second,
            "in_flight": state.limiter.in_flight,
            "token_lifetime": state.clients.token_lifetime,
        }
    )


async def set_masters(request: web.Request) -> web.Response:
    """PUT /admin/master-credentials: replaces all; tokens of one that is not among them end."""
    given = _validated(MASTERS, await request.read())
    masters = [Client(one.client_id, one.client_secret) for one in given]
    request.app[STATE].clients.replace_masters(masters)
    return web.Response(status=204)


async def list_companies(request: web.Request) -> web.Response:
    """GET /admin/companies."""
    companies = request.app[STATE].companies.values()
    return web.json_response({"companies": [company.to_json() for company in companies]})


async def create_company(request: web.Request) -> web.Response:
    """POST /admin/companies: 201; with jobs and candidates of its own; 409 when it is there."""
    state = request.app[STATE]
    body = await _read(request, NewCompany)
    if body.id in state.companies:
        raise ApiError(409, f"There is a company {body.id} already.")
    company = new_company(body.id, body.name or body.id, consented=body.consented)
    state.companies[body.id] = company
    return web.json_response(company.to_json(), status=201)


async def show_company(request: web.Request) -> web.Response:
    """GET /admin/companies/{id}."""
    return web.json_response(_company(request).to_json())


async def change_company(request: web.Request) -> web.Response:
    """PATCH /admin/companies/{id}: name, consent, the scopes of its credential."""
    company = _company(request)
    change = await _read(request, CompanyChange)
    if change.permissions is not None:
        if unknown := change.permissions - set(COMPANY_SCOPES):
            raise ApiError(400, f"There is no scope {', '.join(sorted(unknown))}.")
        company.permissions = change.permissions
    company.name = change.name or company.name
    company.consented = company.consented if change.consented is None else change.consented
    return web.json_response(company.to_json())


async def revoke_tokens(request: web.Request) -> web.Response:
    """DELETE /admin/companies/{id}/tokens: the partner's next call gets 401 and has to fetch another."""
    request.app[STATE].clients.revoke_tokens(_company(request).id)
    return web.Response(status=204)


async def consent_url(request: web.Request) -> web.Response:
    """GET /admin/companies/{id}/consent-url."""
    address = request.app[RECRUITING].consent_url(_company(request), public_url(request))
    return web.json_response({"url": address})


async def get_packages(request: web.Request) -> web.Response:
    """POST /admin/companies/{id}/packages."""
    company = _company(request)
    body = await _read(request, PackagesQuery)
    location = body.location
    if location is None and body.job_id in company.jobs:
        location = company.jobs[body.job_id].package_query()
    outcome = await request.app[RECRUITING].packages(
        company, requester_email=body.requester_email, location=location, fields=body.fields
    )
    return web.json_response(outcome.to_json())


async def get_package(request: web.Request) -> web.Response:
    """GET /admin/companies/{id}/packages/{packageId}."""
    package_id = request.match_info["package_id"]
    outcome = await request.app[RECRUITING].package(_company(request), package_id)
    return web.json_response(outcome.to_json())


async def place_order(request: web.Request) -> web.Response:
    """POST /admin/companies/{id}/orders."""
    body = await _read(request, NewOrder)
    placed = await request.app[RECRUITING].order(_company(request), body.to_wish(), public_url(request))
    return web.json_response(placed.to_json())


async def place_inline_order(request: web.Request) -> web.Response:
    """POST /admin/companies/{id}/inline-orders."""
    body = await _read(request, NewInlineOrder)
    placed = await request.app[RECRUITING].inline_order(
        _company(request), body.to_wish(), public_url(request), shared_url=body.shared_url
    )
    return web.json_response(placed.to_json())


async def add_auto_order(request: web.Request) -> web.Response:
    """POST /admin/companies/{id}/auto-orders: 201."""
    body = await _read(request, NewAutoOrder)
    company = _company(request)
    request.app[RECRUITING].add_auto_order(company, AutoOrder(body.job_id, body.step, body.package_id))
    return web.json_response(company.to_json()["auto_orders"], status=201)


async def move_candidate(request: web.Request) -> web.Response:
    """POST /admin/companies/{id}/candidates/{candidateId}/move."""
    body = await _read(request, Move)
    placed = await request.app[RECRUITING].move(
        _company(request),
        request.match_info["candidate_id"],
        job_id=body.job_id,
        step=body.step,
        public_url=public_url(request),
    )
    return web.json_response({"orders": [one.to_json() for one in placed]})


async def disable(request: web.Request) -> web.Response:
    """POST /admin/companies/{id}/disable."""
    body = await _read(request, Disable)
    outcome = await request.app[RECRUITING].disable(_company(request), body.method)
    return web.json_response(outcome.to_json())


async def list_orders(request: web.Request) -> web.Response:
    """GET /admin/orders[?company_id=]."""
    wanted = request.query.get("company_id")
    orders = [one for one in request.app[STATE].orders.values() if wanted in {None, one.company_id}]
    return web.json_response({"orders": [order.summary() for order in orders]})


async def show_order(request: web.Request) -> web.Response:
    """GET /admin/orders/{orderId}."""
    return web.json_response(request.app[STATE].order(request.match_info["order_id"]).to_json())
