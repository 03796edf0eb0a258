"""Bodies of the internal calls."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from aiohttp import web
from contracts.types import CompanyId
from pydantic import BaseModel, ConfigDict, Field, IPvAnyInterface, SecretStr, TypeAdapter, ValidationError
from runtime.http.problems import Problem

B = TypeVar("B", bound=BaseModel)
_COMPANY: TypeAdapter[str] = TypeAdapter(CompanyId)


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class SignIn(_Body):
    """POST /internal/consent/sign-ins."""

    company_id: CompanyId
    email: Annotated[str, Field(min_length=1, max_length=320, pattern=r"^[^\x00-\x1f\x7f]+$")]
    password: Annotated[SecretStr, Field(min_length=1, max_length=1024)]
    address: IPvAnyInterface | None = Field(default=None, description="whence the browser called the gateway")


class TicketUse(_Body):
    """POST /internal/consent/grants and /denials."""

    company_id: CompanyId
    ticket: Annotated[SecretStr, Field(min_length=1, max_length=256)]


class OpenIdBegin(_Body):
    """POST /internal/consent/openid/begin. `visit` comes back at the end of the state."""

    company_id: CompanyId
    visit: Annotated[str, Field(max_length=4000, pattern=r"^[A-Za-z0-9._-]+$")]
    browser: Annotated[SecretStr, Field(min_length=32, max_length=128)]


class OpenIdFinish(_Body):
    """POST /internal/consent/openid/finish: what the provider sent, and the browser's cookie."""

    company_id: CompanyId
    state: Annotated[SecretStr, Field(min_length=1, max_length=6000)]
    browser: Annotated[SecretStr, Field(min_length=1, max_length=128)]
    code: Annotated[SecretStr, Field(min_length=1, max_length=4096)] | None = None
    issuer: Annotated[str, Field(max_length=2000)] | None = None


class Choice(TicketUse):
    """POST /internal/consent/choices."""

    organisation_id: UUID


class Rejected(_Body):
    """POST /internal/companies/{company_id}/smartrecruiters-token: which token got 401, by its SHA-256."""

    rejected: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Disable(_Body):
    """POST /internal/companies/{company_id}/disable: the credential version of the token that asks for it."""

    version: int | None = None


async def read(request: web.Request, kind: type[B]) -> B:
    """Returns the body, none being an empty object. Raises Problem 400 naming fields, never values."""
    raw = await request.read() or b"{}"
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        faults = [
            {"field": ".".join(map(str, fault["loc"])) or "body", "message": fault["msg"]}
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Problem(400, "invalid_request", "The body is not as it should be.", errors=faults) from None


async def read_object(request: web.Request) -> dict[str, Any]:
    """Returns the JSON object in the body, empty when there is none."""
    try:
        content = await request.json()
    except (ValueError, LookupError, RecursionError):
        # Not JSON, in an encoding nobody knows, or deeper than it can be read.
        return {}
    return content if isinstance(content, dict) else {}


def company_of(request: web.Request) -> str:
    """Returns the company id in the path. Raises Problem 404 for what cannot be one."""
    try:
        return _COMPANY.validate_python(request.match_info["company_id"])
    except ValidationError:
        raise Problem(404, "not_connected", "No such company.") from None
