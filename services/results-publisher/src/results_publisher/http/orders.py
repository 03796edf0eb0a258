"""The internal API of whole orders: their results and deliveries erased, or taken out."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from aiohttp import web
from contracts.types import CompanyId, OrderId
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from runtime.http.callers import admit
from runtime.http.problems import Problem

from results_publisher.ports import ErasingStore


class _Orders(BaseModel):
    model_config = ConfigDict(extra="forbid")

    company_id: CompanyId
    order_ids: Annotated[list[OrderId], Field(max_length=5000)]


def add_order_routes(app: web.Application, store: ErasingStore, now: Callable[[], datetime]) -> None:
    """Adds /api/orders, for the orders service."""

    async def erase(request: web.Request) -> web.Response:
        wanted = _read(await request.read())
        done = await store.erase(wanted.company_id, wanted.order_ids, now())
        return web.json_response({"orders": {order_id: asdict(one) for order_id, one in done.items()}})

    async def export(request: web.Request) -> web.Response:
        wanted = _read(await request.read())
        found = await store.export(wanted.company_id, wanted.order_ids)
        return web.json_response({"orders": dict(found)}, headers={"Cache-Control": "no-store"})

    admit(app, "/api/orders/erase", "orders", post=erase)
    admit(app, "/api/orders/export", "orders", post=export)


def _read(raw: bytes) -> _Orders:
    try:
        return _Orders.model_validate_json(raw)
    except ValidationError as error:
        raise Problem(400, "invalid_request", "company_id and order_ids are needed") from error
