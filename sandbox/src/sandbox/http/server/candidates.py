"""Where the partner's links lead back to: landing page, end of an inline assessment, uploaded files."""

from aiohttp import web

from sandbox.errors import ApiError
from sandbox.http.server.keys import STATE
from sandbox.http.server.render import page


def add_routes(router: web.UrlDispatcher) -> None:
    """Serves them."""
    router.add_get("/landing/{company_id}", landing, allow_head=False)
    router.add_get("/applications/complete", complete, allow_head=False)
    router.add_get("/attachments/{order_id}/{attachment_id}", attachment)


async def landing(request: web.Request) -> web.Response:
    """Where REDIRECT mode ends: shows whether the company is connected now."""
    state = request.app[STATE]
    company = state.company(request.match_info["company_id"])
    _remember(request, "landing", company.id, None)
    return page(request, "landing.html", company=company)


async def complete(request: web.Request) -> web.Response:
    """CompletedAssessmentCallbackUrl's target; the first return counts."""
    state = request.app[STATE]
    order = state.order(request.query.get("order", ""))
    order.candidate_returned_at = order.candidate_returned_at or state.now()
    _remember(request, "complete", order.company_id, order.id)
    return page(request, "complete.html", order=order, company=state.companies[order.company_id])


def _remember(request: web.Request, call: str, company_id: str, order_id: str | None) -> None:
    state = request.app[STATE]
    state.record.add(
        at=state.now(),
        direction="received",
        call=call,
        method=request.method,
        path=request.path_qs,
        company_id=company_id,
        order_id=order_id,
        status=200,
    )


async def attachment(request: web.Request) -> web.Response:
    """An uploaded file, always as a download: it is a stranger's content."""
    order = request.app[STATE].order(request.match_info["order_id"])
    for held in order.attachments:
        if held.id == request.match_info["attachment_id"]:
            response = web.Response(body=held.content, headers={"Content-Type": held.content_type})
            response.headers.update(
                {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
            )
            return response
    raise ApiError(404, "There is no such attachment.")
