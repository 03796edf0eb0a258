"""SmartRecruiters' customers: jobs, candidates, and the connection to the partner."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.domain.clients import COMPANY_SCOPES


@dataclass(frozen=True, kw_only=True)
class Job:
    """A posted job; `location` is in GET /jobs' shape."""

    id: str
    title: str
    ref_number: str
    department: str
    location: dict[str, Any]
    hiring_team: tuple[dict[str, str], ...]

    def to_wire(self) -> dict[str, Any]:
        """Returns GET /jobs/{jobId}'s answer."""
        return {
            "id": self.id,
            "title": self.title,
            "refNumber": self.ref_number,
            "department": {"id": self.department.lower(), "label": self.department},
            "location": self.location,
            "status": "SOURCING",
            "postingStatus": "PUBLIC",
        }

    def package_query(self) -> dict[str, str]:
        """Returns the location as the query of GET packages spells it."""
        names = {
            "countryCode": "country-code",
            "regionCode": "region-abbr",
            "city": "city",
            "address": "address",
            "postalCode": "postal-code",
        }
        query = {to: str(self.location[name]) for name, to in names.items() if self.location.get(name)}
        return {**query, "remote": "true" if self.location.get("remote") else "false"}


@dataclass(kw_only=True)
class Candidate:
    """A candidate and where they stand."""

    id: str
    first_name: str
    last_name: str
    email: str
    language: str
    job_id: str
    application_id: str
    created_on: str
    step: str = "New"

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    def to_wire(self, job: Job | None) -> dict[str, Any]:
        """Returns GET /candidates/{id}'s answer."""
        return {
            "id": self.id,
            "internal": False,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "email": self.email,
            "location": job.location if job else {},
            "tags": [],
            "createdOn": self.created_on,
            "updatedOn": self.created_on,
            "primaryAssignment": {
                "job": {"id": self.job_id, "title": job.title if job else ""},
                "status": self.step.upper().replace(" ", "_"),
            },
            "secondaryAssignments": [],
        }

    def to_order(self) -> dict[str, str]:
        """Returns the candidate as an order names them (SPEC §3)."""
        return {
            "id": self.id,
            "email": self.email,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "applicationLanguage": self.language,
        }


@dataclass(frozen=True)
class AutoOrder:
    """Order this package for whoever comes to this step of this job."""

    job_id: str
    step: str
    package_id: str


@dataclass
class Integration:
    """The customer-level credential the partner gave, and the token SmartRecruiters got with it."""

    client_id: str
    client_secret: str = field(repr=False)
    connected_at: str = ""
    token: str | None = field(default=None, repr=False)
    token_expires_at: float = 0.0


@dataclass
class Company:
    """A customer. `permissions` are the scopes its credential has at SmartRecruiters now."""

    id: str
    name: str
    consented: bool
    jobs: dict[str, Job] = field(default_factory=dict)
    candidates: dict[str, Candidate] = field(default_factory=dict)
    permissions: set[str] = field(default_factory=lambda: set(COMPANY_SCOPES))
    auto_orders: list[AutoOrder] = field(default_factory=list)
    integration: Integration | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns what the admin API tells."""
        return {
            "id": self.id,
            "name": self.name,
            "consented": self.consented,
            "connected": self.integration is not None,
            "connected_at": self.integration.connected_at if self.integration else None,
            "permissions": sorted(self.permissions),
            "jobs": [job.to_wire() for job in self.jobs.values()],
            "candidates": [
                {**one.to_order(), "jobId": one.job_id, "applicationId": one.application_id, "step": one.step}
                for one in self.candidates.values()
            ],
            "auto_orders": [vars(rule) for rule in self.auto_orders],
        }
