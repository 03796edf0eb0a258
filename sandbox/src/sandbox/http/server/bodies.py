"""Bodies of the admin API."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from sandbox.domain.faults import Fault
from sandbox.service.recruiting import Wish

Repeat = Annotated[int, Field(ge=1, le=1000)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewCompany(_Body):
    """POST /admin/companies."""

    id: Identifier
    name: str = ""
    consented: bool = True


class MasterCredential(_Body):
    """One of those of PUT /admin/master-credentials."""

    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[str, Field(min_length=1)]


class CompanyChange(_Body):
    """PATCH /admin/companies/{id}."""

    name: str | None = None
    consented: bool | None = None
    permissions: set[str] | None = None


class PackagesQuery(_Body):
    """POST /admin/companies/{id}/packages; `job_id` takes the location from a job where none is given."""

    requester_email: str | None = None
    location: dict[str, str] | None = None
    job_id: str | None = None
    fields: dict[str, str] | None = None


class NewOrder(_Body):
    """POST /admin/companies/{id}/orders; `candidate` is somebody SmartRecruiters' other calls do not know."""

    package_id: Annotated[str, Field(min_length=1)]
    candidate_id: str | None = None
    candidate: dict[str, str] | None = None
    job_id: str | None = None
    requester_email: str | None = None
    requester_user_id: str | None = None
    with_job_object: bool = False
    fields: dict[str, str] | None = None
    repeat: Repeat = 1

    def to_wish(self) -> Wish:
        """Returns the use case's argument."""
        return Wish(**self.model_dump())


class NewInlineOrder(_Body):
    """POST /admin/companies/{id}/inline-orders; `candidate` is a seeded one's id, or who applies."""

    package_id: Annotated[str, Field(min_length=1)]
    candidate: str | dict[str, str] | None = None
    job_id: str | None = None
    with_job_object: bool = False
    fields: dict[str, str] | None = None
    repeat: Repeat = 1
    shared_url: bool = False

    def to_wish(self) -> Wish:
        """Returns the use case's argument."""
        given = self.model_dump(exclude={"candidate", "shared_url"})
        person = self.candidate if isinstance(self.candidate, dict) else None
        identity = self.candidate if isinstance(self.candidate, str) else None
        return Wish(**given, candidate=person, candidate_id=identity)


class NewAutoOrder(_Body):
    """POST /admin/companies/{id}/auto-orders."""

    job_id: str
    step: Annotated[str, Field(min_length=1)]
    package_id: Annotated[str, Field(min_length=1)]


class Move(_Body):
    """POST /admin/companies/{id}/candidates/{candidateId}/move."""

    job_id: str
    step: Annotated[str, Field(min_length=1)]


class Disable(_Body):
    """POST /admin/companies/{id}/disable."""

    method: Literal["DELETE", "POST"] = "DELETE"


class LimitsChange(_Body):
    """PUT /admin/limits: until the next reset."""

    requests_per_second: Annotated[int, Field(ge=1)] | None = None
    in_flight: Annotated[int, Field(ge=1)] | None = None
    token_lifetime: Annotated[int, Field(ge=1)] | None = None


FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[Fault])
MASTERS: TypeAdapter[list[MasterCredential]] = TypeAdapter(
    Annotated[list[MasterCredential], Field(min_length=1)]
)
