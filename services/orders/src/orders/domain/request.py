"""Putting together what the engine is asked."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from contracts.events.assessment import AssessmentRequested, HiringTeamMember, Job, JobLocation, Missing
from contracts.events.order import Candidate
from contracts.smartrecruiters.resources import CandidateDetails, HiringTeam, JobDetails
from pydantic import BaseModel, ValidationError

from orders.domain.enrichment import Resource, Work

_MODELS: Mapping[Resource, type[BaseModel]] = {
    Resource.CANDIDATE: CandidateDetails,
    Resource.JOB: JobDetails,
    Resource.HIRING_TEAM: HiringTeam,
}


def understood(resource: Resource, body: Any) -> bool:
    """Whether a body of SmartRecruiters can be used."""
    try:
        _MODELS[resource].model_validate(body)
    except ValidationError:
        return False
    return True


def request_of(work: Work, now: datetime) -> AssessmentRequested:
    """Returns the request: the order, what was found, and what is missing and why."""
    placed = work.placed
    return AssessmentRequested(
        order_id=placed.order_id,
        company_id=placed.company_id,
        kind=placed.kind,
        package_id=placed.package_id,
        candidate=placed.candidate,
        requester=placed.requester,
        job=_job(placed.job_id, work.found.get(Resource.JOB)),
        hiring_team=_team(work.found.get(Resource.HIRING_TEAM)),
        fields=placed.fields,
        missing=tuple(Missing(resource=one.value, reason=why) for one, why in sorted(work.missing.items())),
        return_url=placed.return_url,
        requested_at=now,
    )


def completed(ordered: Candidate, body: Mapping[str, Any]) -> Candidate:
    """Returns the candidate: the order's own words win, SmartRecruiters' fill what it left out."""
    details = CandidateDetails.model_validate(body)
    return ordered.model_copy(
        update={
            "email": ordered.email or details.email,
            "first_name": ordered.first_name or details.first_name,
            "last_name": ordered.last_name or details.last_name,
        }
    )


def _job(job_id: str | None, body: Mapping[str, Any] | None) -> Job | None:
    if body is None:
        return Job(id=job_id) if job_id else None
    details = JobDetails.model_validate(body)
    location = details.location
    return Job(
        id=details.id,
        title=details.title,
        ref_number=details.ref_number,
        department=details.department.label if details.department else None,
        location=JobLocation.model_validate(location.model_dump()) if location else None,
    )


def _team(body: Mapping[str, Any] | None) -> tuple[HiringTeamMember, ...]:
    if body is None:
        return ()
    people = HiringTeam.model_validate(body).content
    return tuple(HiringTeamMember.model_validate(person.model_dump()) for person in people)
