"""The internal API: what became of deliveries, mending and replaying dead letters."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from aiohttp import web
from contracts.types import CompanyId, OrderId
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from runtime.http.callers import admit
from runtime.http.problems import Problem

from results_publisher.errors import DeliveryNotFound, InvalidBody, NotPossible
from results_publisher.ports import Filter
from results_publisher.service.deliveries import DeliveryService

_PAGE = 100
_MOST = 500

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _Replay(BaseModel):
    """Which dead letters; all of them needs saying so."""

    model_config = ConfigDict(extra="forbid")

    company_id: CompanyId | None = None
    order_id: OrderId | None = None
    # PostgreSQL keeps no NUL.
    reason: str | None = Field(default=None, pattern=r"^[^\x00]*$")
    everything: bool = False
    limit: int = Field(default=1000, ge=1, le=10_000)


def add_routes(app: web.Application, deliveries: DeliveryService) -> None:
    """Adds /api/deliveries, for an operator's command line."""
    api = _Api(deliveries)
    admit(app, "/api/deliveries", "bridge", get=_mapped(api.find))
    admit(app, "/api/deliveries/replay", "bridge", post=_mapped(api.replay_all))
    admit(app, "/api/deliveries/{id}", "bridge", get=_mapped(api.get))
    admit(app, "/api/deliveries/{id}/body", "bridge", put=_mapped(api.edit))
    admit(app, "/api/deliveries/{id}/replay", "bridge", post=_mapped(api.replay))


class _Api:
    def __init__(self, deliveries: DeliveryService) -> None:
        self._deliveries = deliveries

    async def find(self, request: web.Request) -> web.Response:
        query = request.query
        wanted = Filter(
            status=query.get("status"),
            company_id=query.get("company_id"),
            order_id=query.get("order_id"),
            reason=query.get("reason"),
        )
        limit = min(_number(query.get("limit"), "limit") or _PAGE, _MOST)
        found = await self._deliveries.find(
            wanted, limit=limit, before=_number(query.get("before"), "before")
        )
        following = found[-1]["seq"] if len(found) == limit else None
        return web.json_response({"deliveries": found, "before": following})

    async def get(self, request: web.Request) -> web.Response:
        return web.json_response(await self._deliveries.get(_id(request)))

    async def edit(self, request: web.Request) -> web.Response:
        try:
            # JSON is UTF-8, whatever charset stands beside it (RFC 8259 §8.1, §11).
            body = (await request.read()).decode()
        except UnicodeDecodeError as error:
            raise Problem(400, "invalid_request", "The body must be in UTF-8.") from error
        await self._deliveries.edit(_id(request), body)
        return web.Response(status=204)

    async def replay(self, request: web.Request) -> web.Response:
        await self._deliveries.replay(_id(request))
        return web.Response(status=202)

    async def replay_all(self, request: web.Request) -> web.Response:
        try:
            wanted = _Replay.model_validate_json(await request.read() or b"{}")
        except ValidationError as error:
            raise Problem(
                400, "invalid_request", "company_id, order_id, reason, everything, limit"
            ) from error
        if not (wanted.company_id or wanted.order_id or wanted.reason or wanted.everything):
            raise Problem(400, "invalid_request", "name a company, an order or a reason, or say everything")
        chosen = Filter(
            status="dead", company_id=wanted.company_id, order_id=wanted.order_id, reason=wanted.reason
        )
        replayed = await self._deliveries.replay_all(chosen, limit=wanted.limit)
        return web.json_response({"replayed": replayed}, status=202)


def _mapped(handler: Handler) -> Handler:
    async def mapped(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except DeliveryNotFound as error:
            raise Problem(404, "delivery_not_found", str(error)) from error
        except InvalidBody as error:
            raise Problem(422, "invalid_body", str(error)) from error
        except NotPossible as error:
            raise Problem(409, "not_possible", str(error)) from error

    return mapped


def _id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["id"])
    except ValueError as error:
        raise Problem(404, "delivery_not_found", "a delivery's id is a UUID") from error


def _number(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    if len(text) > 19 or not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**62:
        raise Problem(400, "invalid_request", f"{name} is a number above 0")
    return int(text)
