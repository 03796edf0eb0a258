"""Pages that show: companies, connect, packages, apply, orders, traffic, faults."""

from typing import Any

from aiohttp import web

from sandbox.domain.companies import Company
from sandbox.domain.seed import STEPS
from sandbox.errors import ApiError
from sandbox.http.server.keys import RECRUITING, STATE, public_url
from sandbox.http.server.render import page
from sandbox.http.server.smartrecruiters import CALLS
from sandbox.service.vendor import Outcome

SENT_CALLS = ("consent_page", "oauth_token", "packages", "package", "order", "inline_order", "disable")
REQUESTER = "maya.fischer@example.com"
_SHOWN = 200


def add_routes(router: web.UrlDispatcher) -> None:
    """Serves them."""
    router.add_get("/", companies, allow_head=False)
    router.add_get("/companies/{company_id}", company, allow_head=False)
    router.add_get("/companies/{company_id}/connect", connect, allow_head=False)
    router.add_get("/companies/{company_id}/packages", packages, allow_head=False)
    router.add_get("/companies/{company_id}/apply", apply, allow_head=False)
    router.add_get("/orders/{order_id}", order, allow_head=False)
    router.add_get("/traffic", traffic, allow_head=False)
    router.add_get("/faults", faults, allow_head=False)


def the_company(request: web.Request) -> Company:
    """Returns the company in the path; ApiError 404."""
    return request.app[STATE].company(request.match_info["company_id"])


async def companies(request: web.Request) -> web.Response:
    """The start."""
    return page(request, "companies.html")


async def company(request: web.Request) -> web.Response:
    """One customer: connection, orders, candidates."""
    shown = the_company(request)
    orders = [one for one in request.app[STATE].orders.values() if one.company_id == shown.id]
    return page(request, "company.html", company=shown, orders=orders[: -_SHOWN - 1 : -1], steps=STEPS)


async def connect(request: web.Request) -> web.Response:
    """Leads to the partner's page: away in REDIRECT mode, in a frame in POPUP mode (SPEC §1.3)."""
    shown = the_company(request)
    address = request.app[RECRUITING].consent_url(shown, public_url(request))
    if request.app[STATE].configured()["consentDisplayMode"] == "REDIRECT":
        raise web.HTTPSeeOther(address)
    return page(request, "connect.html", company=shown, url=address)


def split(outcome: Outcome) -> tuple[list[Any], list[Any]]:
    """Returns ordinary and inline packages of an answer that can be shown."""
    usable = outcome.answer if outcome.status == 200 and not outcome.problems else []
    inline = [one for one in usable if one["type"] == "INLINE_ASSESSMENT"]
    return [one for one in usable if one not in inline], inline


async def packages(request: web.Request) -> web.Response:
    """What the partner offers now, to order for a candidate or automatically."""
    shown = the_company(request)
    candidate = shown.candidates.get(request.query.get("candidate", ""))
    job = shown.jobs.get(candidate.job_id) if candidate else None
    outcome = await request.app[RECRUITING].packages(
        shown, requester_email=REQUESTER, location=job.package_query() if job else None
    )
    ordinary, inline = split(outcome)
    return page(
        request,
        "packages.html",
        company=shown,
        candidate=candidate,
        job=job,
        requester=REQUESTER,
        outcome=outcome,
        usable=not outcome.problems,
        packages=ordinary,
        inline=inline,
        steps=STEPS,
    )


async def apply(request: web.Request) -> web.Response:
    """A candidate applies for a job."""
    return await apply_page(request, [])


async def apply_page(request: web.Request, problems: list[str]) -> web.Response:
    """Returns the application form, with what went wrong."""
    shown = the_company(request)
    outcome = await request.app[RECRUITING].packages(shown, requester_email=REQUESTER)
    _, inline = split(outcome)
    return page(
        request,
        "apply.html",
        status=502 if problems else 200,
        company=shown,
        inline=inline,
        chosen=request.query.get("package"),
        problems=[*problems, *outcome.problems],
    )


async def order(request: web.Request) -> web.Response:
    """One order and the result as a recruiter sees it."""
    state = request.app[STATE]
    shown = state.order(request.match_info["order_id"])
    good = 202 if shown.kind == "standard" else 200
    problems = [] if shown.answered == good else [f"{shown.answered or 'no answer'} instead of {good}"]
    return page(
        request, "order.html", order=shown, company=state.company(shown.company_id), problems=problems
    )


async def traffic(request: web.Request) -> web.Response:
    """The newest calls in both directions."""
    wanted, call = request.query.get("company") or None, request.query.get("call") or None
    entries = request.app[STATE].record.entries(call=call, company_id=wanted)
    return page(
        request,
        "traffic.html",
        entries=entries[: -_SHOWN - 1 : -1],
        company=wanted,
        call=call,
        calls=(*CALLS, *SENT_CALLS),
    )


async def faults(request: web.Request) -> web.Response:
    """What goes wrong on demand."""
    return page(request, "faults.html", calls=CALLS, problems=[])


def error_page(request: web.Request, error: ApiError) -> web.Response:
    """Returns the page of something that did not work."""
    return page(request, "error.html", status=error.status, error=error)
