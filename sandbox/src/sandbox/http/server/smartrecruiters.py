"""SmartRecruiters' own API: what the partner calls."""

import hashlib
from typing import Any

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from sandbox.domain.clients import Client
from sandbox.domain.configuration import configuration_problems
from sandbox.domain.orders import Attachment, Order
from sandbox.domain.shape import filled, problems_of, record
from sandbox.errors import ApiError, no_configuration
from sandbox.http.server.calls import Answer, Call, read_json, received
from sandbox.http.server.keys import SETTINGS, public_url
from sandbox.http.server.token import by_form, token

CALLS = (
    "token",
    "configuration_get",
    "configuration_put",
    "integration",
    "candidate",
    "job",
    "hiring_team",
    "result_patch",
    "attachment",
    "assessment_orders",
)
_ASSESSMENT = "/assessment-api/v202010"
_CREDENTIAL = record({"clientId": filled, "clientSecret": filled})


def add_routes(router: web.UrlDispatcher) -> None:
    """Serves the API under its real paths."""
    results = _ASSESSMENT + "/orders/{order_id}/results"
    router.add_post("/identity/oauth/token", received("token", token, by_form))
    router.add_get(
        f"{_ASSESSMENT}/partner/configuration",
        received("configuration_get", get_configuration),
        allow_head=False,
    )
    router.add_put(f"{_ASSESSMENT}/partner/configuration", received("configuration_put", put_configuration))
    router.add_post(_ASSESSMENT + "/integration/company/{company_id}", received("integration", integrate))
    router.add_patch(results, received("result_patch", patch_result))
    router.add_post(f"{results}/attachment", received("attachment", post_attachment))
    router.add_get("/candidates/{candidate_id}", received("candidate", get_candidate), allow_head=False)
    router.add_get("/jobs/{job_id}", received("job", get_job), allow_head=False)
    router.add_get("/jobs/{job_id}/hiring-team", received("hiring_team", get_hiring_team), allow_head=False)
    router.add_get("/assessment-orders", received("assessment_orders", list_orders), allow_head=False)


def _client(call: Call) -> Client:
    if call.client is None:
        challenge = {"WWW-Authenticate": 'Bearer realm="smartrecruiters"'}
        raise ApiError(401, "The access token is missing, unknown or expired.", headers=challenge)
    return call.client


def _partner(call: Call) -> None:
    if _client(call).company_id is not None:
        raise ApiError(403, "This call needs a token of the partner's master credential.")


def _company(call: Call, scope: str) -> str:
    """Returns the token's company; ApiError 401, 403."""
    company_id = _client(call).company_id
    if company_id is None:
        raise ApiError(403, "This call needs a token of a customer's credential.")
    if scope not in call.state.company(company_id).permissions:
        raise ApiError(403, f"The credential lacks the scope {scope}.")
    return company_id


async def get_configuration(call: Call) -> Answer:
    """GET /partner/configuration."""
    _partner(call)
    return Answer(200, call.state.configured())


async def put_configuration(call: Call) -> Answer:
    """PUT /partner/configuration: replaces it as a whole and answers what is stored."""
    _partner(call)
    configuration = await read_json(call, "application/json")
    if problems := configuration_problems(configuration):
        raise ApiError(400, "The configuration is not valid.", details=problems)
    call.state.configuration = configuration
    return Answer(200, configuration)


async def integrate(call: Call) -> Answer:
    """POST /integration/company/{companyId}: the exchange of customer-level credentials."""
    _partner(call)
    if call.state.configuration is None:
        raise no_configuration()
    body = await read_json(call, "application/json")
    if problems := problems_of(_CREDENTIAL, body):
        raise ApiError(400, "The credential is not valid.", details=problems)
    company_id = call.request.match_info["company_id"]
    client = call.state.integrate(company_id, body["clientId"], body["clientSecret"])
    return Answer(200, {"clientId": client.id, "clientSecret": client.secret})


def _order(call: Call) -> Order:
    """Returns the order if it is the caller's: another company's is as unknown as none."""
    company_id = _company(call, "assessment_result_manage")
    order = call.state.orders.get(call.order_id or "")
    if order is None or order.company_id != company_id:
        raise ApiError(404, "There is no such order.")
    return order


async def patch_result(call: Call) -> Answer:
    """PATCH /orders/{orderId}/results: a JSON merge patch, answered with the whole result."""
    order = _order(call)
    patch = await read_json(call, "application/json", "application/merge-patch+json")
    if problems := order.patch(patch, call.state.now()):
        raise ApiError(400, "The result is not valid.", details=problems)
    return Answer(200, order.result)


async def post_attachment(call: Call) -> Answer:
    """POST /orders/{orderId}/results/attachment: a file, answered with where it is."""
    order = _order(call)
    if call.request.content_type != "multipart/form-data":
        raise ApiError(415, "Content-Type must be multipart/form-data.")
    if order.kind == "inline":
        raise ApiError(400, "Attachments are not supported for inline orders.")
    settings = call.request.app[SETTINGS]
    try:
        reader = await call.request.multipart()
        part = await _file_part(reader, settings.attachment_field)
        content = await _content(part, settings.max_attachment_bytes)
    except (ValueError, HttpProcessingError):
        raise ApiError(400, "The multipart body is broken.") from None
    attachment = _attachment(call, part, content)
    order.attachments.append(attachment)
    call.shown = {name: value for name, value in attachment.to_json().items() if name != "url"}
    return Answer(201, {"url": attachment.url})


async def _file_part(reader: MultipartReader, name: str) -> BodyPartReader:
    async for part in reader:
        if isinstance(part, BodyPartReader) and part.name == name:
            if not part.filename:
                raise ApiError(400, f"The part {name} must have a file name.")
            return part
    raise ApiError(400, f"A part named {name} with the file is required.")


async def _content(part: BodyPartReader, limit: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > limit:
            raise ApiError(413, f"The file is larger than {limit} bytes.")
    if not content:
        raise ApiError(400, "The file is empty.")
    return bytes(content)


def _attachment(call: Call, part: BodyPartReader, content: bytes) -> Attachment:
    identity = call.state.sources.new_id()
    return Attachment(
        id=identity,
        url=f"{public_url(call.request)}/attachments/{call.order_id}/{identity}",
        file_name=part.filename or "",
        content_type=part.headers.get("Content-Type", "application/octet-stream"),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )


async def get_candidate(call: Call) -> Answer:
    """GET /candidates/{id}."""
    company = call.state.company(_company(call, "candidates_read"))
    candidate = company.candidates.get(call.request.match_info["candidate_id"])
    if candidate is None:
        raise ApiError(404, "There is no such candidate.")
    return Answer(200, candidate.to_wire(company.jobs.get(candidate.job_id)))


async def get_job(call: Call) -> Answer:
    """GET /jobs/{jobId}."""
    company = call.state.company(_company(call, "jobs_read"))
    job = company.jobs.get(call.request.match_info["job_id"])
    if job is None:
        raise ApiError(404, "There is no such job.")
    return Answer(200, job.to_wire())


async def get_hiring_team(call: Call) -> Answer:
    """GET /jobs/{jobId}/hiring-team."""
    company = call.state.company(_company(call, "hiring_team_read"))
    job = company.jobs.get(call.request.match_info["job_id"])
    if job is None:
        raise ApiError(404, "There is no such job.")
    return Answer(200, {"totalFound": len(job.hiring_team), "content": list(job.hiring_team)})


async def list_orders(call: Call) -> Answer:
    """GET /assessment-orders?applicationId=: what SmartRecruiters holds of an application."""
    company_id = _company(call, "assessment_orders_read")
    application_id = call.request.query.get("applicationId")
    if not application_id:
        raise ApiError(400, "applicationId is required.")
    content: list[dict[str, Any]] = [
        order.to_wire()
        for order in call.state.orders.values()
        if order.company_id == company_id and order.application_id == application_id
    ]
    return Answer(200, {"totalFound": len(content), "content": content})
