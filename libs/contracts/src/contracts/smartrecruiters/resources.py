"""Candidate, job and hiring team, as far as their fields are known (SPEC §4). All may be missing."""

from typing import Any

from pydantic import Field

from contracts.smartrecruiters.wire import Wire


class WireLocation(Wire):
    """Where a job or candidate is."""

    country: str | None = None
    country_code: str | None = None
    region: str | None = None
    region_code: str | None = None
    city: str | None = None
    address: str | None = None
    postal_code: str | None = None
    remote: bool | None = None


class CandidateDetails(Wire):
    """GET /candidates/{id}."""

    id: str
    internal: bool | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    location: WireLocation | None = None
    tags: tuple[str, ...] | None = None
    created_on: str | None = None
    updated_on: str | None = None
    primary_assignment: dict[str, Any] | None = None
    secondary_assignments: tuple[dict[str, Any], ...] | None = None


class Department(Wire):
    """The department of a posted job."""

    id: str | None = None
    label: str | None = None


class JobDetails(Wire):
    """GET /jobs/{jobId}."""

    id: str
    title: str | None = None
    ref_number: str | None = None
    department: Department | None = None
    location: WireLocation | None = None
    status: str | None = None
    posting_status: str | None = None


class HiringTeamPerson(Wire):
    """One entry of GET /jobs/{jobId}/hiring-team."""

    id: str | None = None
    role: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class HiringTeam(Wire):
    """GET /jobs/{jobId}/hiring-team."""

    content: tuple[HiringTeamPerson, ...] = Field(default=())
