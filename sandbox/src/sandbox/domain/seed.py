"""The companies, jobs and candidates of every run: made up, with the same ids each time."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sandbox.domain.companies import Candidate, Company, Job

SEEDED = (
    ("acme", "Acme Robotics", True),
    ("globex", "Globex Logistics", True),
    ("initech", "Initech", False),
)
STEPS = ("New", "In review", "Interview", "Offered")

_CREATED = "2026-01-12T09:30:00.000Z"
_JOBS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    (
        "Backend Engineer",
        "REF-101",
        "Engineering",
        {
            "country": "Germany",
            "countryCode": "de",
            "region": "Berlin",
            "regionCode": "BE",
            "city": "Berlin",
            "address": "Torstraße 1",
            "postalCode": "10119",
            "remote": False,
        },
    ),
    (
        "Customer Success Manager",
        "REF-102",
        "Sales",
        {
            "country": "United States",
            "countryCode": "us",
            "region": "California",
            "regionCode": "CA",
            "city": "San Francisco",
            "address": "1 Market Street",
            "postalCode": "94105",
            "remote": True,
        },
    ),
)
_PEOPLE = (
    ("Ada", "Lindqvist", "en"),
    ("Björn", "Okafor", "de"),
    ("Chiara", "Nakamura", "it"),
    ("Deniz", "Álvarez", "es"),
)
_TEAM = (
    ("Maya", "Fischer", "HIRING_MANAGER"),
    ("Noah", "Silva", "RECRUITER"),
    ("Iris", "Cohen", "COORDINATOR"),
)


def seeded_companies() -> dict[str, Company]:
    """Returns the companies every run starts with."""
    return {
        identity: new_company(identity, name, consented=consented) for identity, name, consented in SEEDED
    }


def new_company(identity: str, name: str, *, consented: bool) -> Company:
    """Returns a company with two jobs and four candidates of its own."""
    company = Company(identity, name, consented)
    for number, (title, reference, department, location) in enumerate(_JOBS):
        job = Job(
            id=_id(identity, f"job/{number}"),
            title=title,
            ref_number=reference,
            department=department,
            location=location,
            hiring_team=tuple(_team(identity)),
        )
        company.jobs[job.id] = job
    for number, (first, last, language) in enumerate(_PEOPLE):
        candidate = _candidate(company, number, first, last, language)
        company.candidates[candidate.id] = candidate
    return company


def _candidate(company: Company, number: int, first: str, last: str, language: str) -> Candidate:
    return Candidate(
        id=_id(company.id, f"candidate/{number}"),
        first_name=first,
        last_name=last,
        email=f"candidate{number + 1}.{company.id}@example.com",
        language=language,
        job_id=list(company.jobs)[number % len(company.jobs)],
        application_id=_id(company.id, f"application/{number}"),
        created_on=_CREATED,
    )


def _team(company_id: str) -> list[dict[str, str]]:
    return [
        {
            "id": _id(company_id, f"user/{first}"),
            "role": role,
            "firstName": first,
            "lastName": last,
            "email": f"{first.lower()}.{company_id}@example.com",
        }
        for first, last, role in _TEAM
    ]


def _id(company_id: str, what: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"sandbox/{company_id}/{what}"))
