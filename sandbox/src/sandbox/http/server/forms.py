"""What the pages' buttons do; each ends in a redirect, so that going back and reloading repeat nothing."""

from aiohttp import web
from pydantic import ValidationError

from sandbox.domain.companies import AutoOrder
from sandbox.domain.faults import Fault
from sandbox.errors import ApiError
from sandbox.http.server.keys import RECRUITING, STATE, public_url
from sandbox.http.server.pages import REQUESTER, apply_page, the_company
from sandbox.http.server.render import page
from sandbox.http.server.smartrecruiters import CALLS
from sandbox.service.recruiting import Wish


def add_routes(router: web.UrlDispatcher) -> None:
    """Serves them."""
    router.add_post("/reset", reset)
    router.add_post("/faults", add_fault)
    router.add_post("/faults/clear", clear_faults)
    router.add_post("/companies/{company_id}/consent", consent)
    router.add_post("/companies/{company_id}/orders", order)
    router.add_post("/companies/{company_id}/auto-orders", auto_order)
    router.add_post("/companies/{company_id}/candidates/{candidate_id}/move", move)
    router.add_post("/companies/{company_id}/apply", apply)
    router.add_post("/companies/{company_id}/disable", disable)


async def _form(request: web.Request) -> dict[str, str]:
    """Returns the fields that were filled in."""
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str) and value}


def _need(form: dict[str, str], *names: str) -> list[str]:
    missing = [name for name in names if name not in form]
    if missing:
        raise ApiError(400, f"{', '.join(missing)}: to be filled in.")
    return [form[name] for name in names]


async def reset(request: web.Request) -> web.Response:
    """Back to the start."""
    request.app[STATE].reset()
    raise web.HTTPSeeOther("/")


async def add_fault(request: web.Request) -> web.Response:
    """Adds to the faults in force."""
    faults = request.app[STATE].faults
    try:
        fault = Fault.model_validate(await _form(request))
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        return page(request, "faults.html", status=400, calls=CALLS, problems=problems)
    faults.replace([*faults.listed(), fault])
    raise web.HTTPSeeOther("/faults")


async def clear_faults(request: web.Request) -> web.Response:
    """Everything works again."""
    request.app[STATE].faults.replace([])
    raise web.HTTPSeeOther("/faults")


async def consent(request: web.Request) -> web.Response:
    """The customer's administrator agrees at SmartRecruiters."""
    company = the_company(request)
    company.consented = True
    raise web.HTTPSeeOther(f"/companies/{company.id}")


async def order(request: web.Request) -> web.Response:
    """A recruiter orders for a candidate."""
    company = the_company(request)
    package_id, candidate_id = _need(await _form(request), "package_id", "candidate_id")
    wish = Wish(package_id=package_id, candidate_id=candidate_id, requester_email=REQUESTER)
    placed = await request.app[RECRUITING].order(company, wish, public_url(request))
    raise web.HTTPSeeOther(f"/orders/{placed.order.id}")


async def auto_order(request: web.Request) -> web.Response:
    """A package is ordered from now on at a hiring step."""
    company = the_company(request)
    rule = AutoOrder(*_need(await _form(request), "job_id", "step", "package_id"))
    request.app[RECRUITING].add_auto_order(company, rule)
    raise web.HTTPSeeOther(f"/companies/{company.id}#auto")


async def move(request: web.Request) -> web.Response:
    """A candidate goes to another hiring step."""
    company = the_company(request)
    job_id, step = _need(await _form(request), "job_id", "step")
    await request.app[RECRUITING].move(
        company, request.match_info["candidate_id"], job_id=job_id, step=step, public_url=public_url(request)
    )
    raise web.HTTPSeeOther(f"/companies/{company.id}#candidates")


async def apply(request: web.Request) -> web.Response:
    """A candidate applies: the inline order, then on to the partner's address."""
    form = await _form(request)
    package_id, job_id = _need(form, "package_id", "job_id")
    names = ("email", "firstName", "lastName", "applicationLanguage")
    person = dict(zip(names, _need(form, *names), strict=True))
    wish = Wish(package_id=package_id, job_id=job_id, candidate=person)
    placed = await request.app[RECRUITING].inline_order(the_company(request), wish, public_url(request))
    if placed.order.candidate_url is None:
        return await apply_page(request, placed.outcomes[-1].problems)
    raise web.HTTPSeeOther(placed.order.candidate_url)


async def disable(request: web.Request) -> web.Response:
    """The customer ends the integration."""
    company = the_company(request)
    outcome = await request.app[RECRUITING].disable(company)
    if outcome.problems:
        raise ApiError(502, "Disabled, but the partner did not take it well.", details=outcome.problems)
    raise web.HTTPSeeOther(f"/companies/{company.id}")
