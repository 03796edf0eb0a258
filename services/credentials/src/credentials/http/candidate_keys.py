"""Candidate keys over the internal HTTP, for gateway and orders."""

from typing import Annotated
from uuid import UUID

from aiohttp import web
from contracts.types import CompanyId, OrderId
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from runtime.http.callers import admit
from runtime.http.problems import Problem

from credentials.domain.candidate_keys import Wanted
from credentials.http.bodies import read
from credentials.service.candidate_keys import CandidateKeyService, KeyUse, encoded

_PATH = "/internal/candidate-keys"
_NO_STORE = {"Cache-Control": "no-store"}
_Text = Annotated[str, Field(min_length=1, max_length=1024)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Allot(_Body):
    count: Annotated[int, Field(ge=1, le=5000)]


class _Find(_Body):
    ids: Annotated[tuple[UUID, ...], Field(max_length=5000)]


class _Use(_Body):
    key_id: UUID
    company_id: CompanyId
    order_id: OrderId
    received_at: AwareDatetime
    candidate_id: str | None = None
    email: str | None = None


class _Bind(_Body):
    bindings: Annotated[tuple[_Use, ...], Field(max_length=5000)]


class _Subject(_Body):
    """One of the three says who is meant."""

    company_id: CompanyId
    candidate_id: _Text | None = None
    email: _Text | None = None
    order_ids: Annotated[tuple[OrderId, ...], Field(max_length=5000)] = ()


class _Unwrap(_Body):
    sealed: Annotated[str, Field(max_length=2_000_000)]


def add_routes(app: web.Application, service: CandidateKeyService) -> None:
    """Adds /internal/candidate-keys.

    The gateway seals; everything else is done by orders, for engines and for an operator.
    """
    handlers = _Handlers(service)
    admit(app, f"{_PATH}/allot", "gateway", "orders", post=handlers.allot)
    admit(app, f"{_PATH}/find", "orders", post=handlers.find)
    admit(app, f"{_PATH}/bind", "orders", post=handlers.bind)
    admit(app, f"{_PATH}/erase", "orders", post=handlers.erase)
    admit(app, f"{_PATH}/list", "orders", post=handlers.list)
    admit(app, f"{_PATH}/unwrap", "orders", post=handlers.unwrap)


class _Handlers:
    def __init__(self, service: CandidateKeyService) -> None:
        self._service = service

    async def allot(self, request: web.Request) -> web.Response:
        fresh = await self._service.allot((await read(request, _Allot)).count)
        answer = {
            # Hundreds, for whom an order may be waiting: an object each would take it a millisecond.
            "keys": encoded(b"".join(key_id.bytes + key for key_id, key in fresh)),
            "wrapping_key": await self._service.wrapping_key(),
        }
        return web.json_response(answer, headers=_NO_STORE)

    async def find(self, request: web.Request) -> web.Response:
        there, erased = await self._service.find((await read(request, _Find)).ids)
        answer = {
            "keys": [{"id": str(key_id), "key": encoded(key)} for key_id, key in there.items()],
            "erased": [str(key_id) for key_id in erased],
        }
        return web.json_response(answer, headers=_NO_STORE)

    async def bind(self, request: web.Request) -> web.Response:
        body = await read(request, _Bind)
        erased = await self._service.bind([KeyUse(**dict(one)) for one in body.bindings])
        return web.json_response({"erased": [str(one) for one in erased]})

    async def erase(self, request: web.Request) -> web.Response:
        erased, orders = await self._service.erase(await self._wanted(request))
        return web.json_response({"erased": erased, "orders": orders})

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response({"orders": await self._service.orders(await self._wanted(request))})

    async def unwrap(self, request: web.Request) -> web.Response:
        plain = await self._service.unwrap((await read(request, _Unwrap)).sealed)
        if plain is None:
            raise Problem(422, "not_opened", "Not sealed to this service's key, or changed since.")
        return web.json_response({"plain": encoded(plain)}, headers=_NO_STORE)

    async def _wanted(self, request: web.Request) -> Wanted:
        body = await read(request, _Subject)
        return self._service.wanted(
            body.company_id, candidate_id=body.candidate_id, email=body.email, order_ids=body.order_ids
        )
