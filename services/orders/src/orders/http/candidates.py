"""Candidates over the internal API: opened for engines; erased and exported for the operator."""

from typing import Annotated, Any, Self, TypeVar

from aiohttp import web
from contracts.codec import explain
from contracts.types import CompanyId, OrderId
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from runtime.candidate_keys.client import Subject
from runtime.candidate_keys.errors import Erased, KeysUnavailable, UnknownKey, Unreadable
from runtime.http.callers import CHALLENGE, Callers, admit, bearer
from runtime.http.problems import Problem

from orders.errors import ResultsUnavailable, StorageUnavailable
from orders.http.server import entry_json, order_json, unavailable
from orders.ports import CandidateKeys
from orders.service.erasing import Erasing, Exported

_NO_STORE = {"Cache-Control": "no-store"}
_SOON = {"Retry-After": "5"}
B = TypeVar("B", bound=BaseModel)
_Text = Annotated[str, Field(min_length=1, max_length=1024)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class _Sealed(_Body):
    sealed: Annotated[str, Field(min_length=1, max_length=1_000_000)]


class _Subject(_Body):
    """Whose data: exactly one of the three."""

    company_id: CompanyId
    candidate_id: _Text | None = None
    email: _Text | None = None
    order_id: OrderId | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(one is not None for one in (self.candidate_id, self.email, self.order_id)) != 1:
            raise ValueError("exactly one of candidate_id, email and order_id is needed")
        return self

    def subject(self) -> Subject:
        """Returns it as credentials knows it."""
        orders = (self.order_id,) if self.order_id is not None else ()
        return Subject(self.company_id, self.candidate_id, self.email, orders)


def add_candidates(
    app: web.Application, *, keys: CandidateKeys, erasing: Erasing, engine_token: SecretStr | None
) -> None:
    """Adds /engines/candidates/open, with the engines' own token, and /api/candidates."""
    handlers = _Handlers(keys, erasing, engine_token)
    app.router.add_post("/engines/candidates/open", handlers.open)
    admit(app, "/api/candidates/erase", "bridge", post=handlers.erase)
    admit(app, "/api/candidates/export", "bridge", post=handlers.export)


class _Handlers:
    def __init__(self, keys: CandidateKeys, erasing: Erasing, engine_token: SecretStr | None) -> None:
        self._keys = keys
        self._erasing = erasing
        self._engines = Callers.one_token(engine_token.get_secret_value() if engine_token else "")

    async def open(self, request: web.Request) -> web.Response:
        """The candidate in a request's `sealed`; 410 once erased."""
        if self._engines.who(bearer(request) or "") is None:
            raise Problem(401, "unauthorized", headers=CHALLENGE)
        body = _read(_Sealed, await request.read())
        try:
            person, _ = await self._keys.open(body.sealed)
        except Erased as error:
            raise Problem(410, "candidate_erased", "The candidate's data was erased; it is gone.") from error
        except Unreadable as error:
            raise Problem(400, "not_sealed", "This is no sealed candidate, or was changed since.") from error
        except UnknownKey as error:
            raise Problem(404, "key_not_found", "No such key was given out here.") from error
        except KeysUnavailable as error:
            raise _keys_away() from error
        candidate = person.candidate.model_dump(exclude_none=True, exclude={"sealed"})
        return web.json_response(candidate, headers=_NO_STORE)

    async def erase(self, request: web.Request) -> web.Response:
        """What was erased; 200 for a repeat, too."""
        wanted = _read(_Subject, await request.read())
        try:
            done = await self._erasing.erase(wanted.subject())
        except KeysUnavailable as error:
            raise _keys_away() from error
        except StorageUnavailable as error:
            raise unavailable() from error
        return web.json_response(
            {
                "keys": done.keys,
                "orders": done.orders,
                "ended": done.ended,
                "deliveries_deleted": done.deleted,
                "deliveries_dropped": done.dropped,
                "results_pending": done.results_pending,
            }
        )

    async def export(self, request: web.Request) -> web.Response:
        """Everything kept of the person."""
        wanted = _read(_Subject, await request.read())
        try:
            found = await self._erasing.export(wanted.subject())
        except KeysUnavailable as error:
            raise _keys_away() from error
        except ResultsUnavailable as error:
            raise Problem(503, "results_unavailable", str(error), headers=_SOON) from error
        except StorageUnavailable as error:
            raise unavailable() from error
        return web.json_response({"orders": [_exported(one) for one in found]}, headers=_NO_STORE)


def _exported(one: Exported) -> dict[str, Any]:
    person = one.person
    return {
        **order_json(one.view.order),
        "candidate": person.candidate.model_dump(exclude_none=True) if person else None,
        "unknown_fields": dict(person.unknown_fields) if person else None,
        "timeline": [entry_json(entry) for entry in one.view.timeline],
        "results": one.results,
    }


def _read(kind: type[B], raw: bytes) -> B:
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        raise Problem(400, "invalid_body", explain(error)) from error


def _keys_away() -> Problem:
    return Problem(503, "keys_unavailable", "Credentials does not answer; try again shortly.", headers=_SOON)
