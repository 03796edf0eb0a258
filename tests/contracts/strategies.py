"""Hypothesis strategies for every event, from its fields' own rules."""

from datetime import UTC, datetime
from typing import Any

from contracts.envelope import Event, EventData
from contracts.events import EVENTS
from contracts.events.assessment import (
    AssessmentCancelled,
    AssessmentRequested,
    AssessmentResult,
    AssessmentUpdated,
    Attachment,
    HiringTeamMember,
    Job,
    JobLocation,
    Missing,
    PackageResult,
    Score,
    Stage,
)
from contracts.events.integration import IntegrationConnected, IntegrationDisabled, IntegrationRotated
from contracts.events.order import Candidate, OrderKind, OrderPlaced, Requester
from contracts.events.package import Assessment, Audience, PackagePublished
from contracts.events.result import DeliveryKind, ResultHeld, ResultPublished, ResultRejected
from contracts.events.token import TokenRevoked
from contracts.types import AttachmentType, PackageType, ResultStatus
from hypothesis import strategies as st

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe_text = st.none() | text
ids = st.from_regex(r"[A-Za-z0-9._~-]{1,40}", fullmatch=True)
package_ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)
urls = st.from_regex(r"https?://[a-z0-9.:-]{1,20}/[A-Za-z0-9/._?=&%-]{0,30}", fullmatch=True)
# What is on the wire has milliseconds.
times = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - made aware at once
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC)
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)
json_objects = st.dictionaries(text, json_values, max_size=3)


def tuples(items: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=most).map(tuple)


candidates = st.builds(
    Candidate,
    id=maybe_text,
    email=maybe_text,
    first_name=maybe_text,
    last_name=maybe_text,
    application_language=maybe_text,
    sealed=st.none() | st.from_regex(r"[A-Za-z0-9_-]{1,20}\.(\.[A-Za-z0-9_-]{2,20}){3}", fullmatch=True),
)
requesters = st.none() | st.builds(Requester, user_id=maybe_text, email=maybe_text)
locations = st.builds(
    JobLocation,
    country=maybe_text,
    country_code=maybe_text,
    region=maybe_text,
    region_code=maybe_text,
    city=maybe_text,
    address=maybe_text,
    postal_code=maybe_text,
    remote=st.none() | st.booleans(),
)
jobs = st.builds(
    Job,
    id=text,
    title=maybe_text,
    ref_number=maybe_text,
    department=maybe_text,
    location=st.none() | locations,
)
members = st.builds(
    HiringTeamMember,
    id=maybe_text,
    role=maybe_text,
    email=maybe_text,
    first_name=maybe_text,
    last_name=maybe_text,
)
scores = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3).map(
    lambda three: Score(min=min(three), raw=sorted(three)[1], max=max(three))
)
attachments = st.builds(
    Attachment,
    type=st.sampled_from(AttachmentType),
    url=urls,
    delivery=st.sampled_from(["link", "upload"]),
    file_name=st.none() | st.from_regex(r"[\w .()-]{1,20}", fullmatch=True),
    content_type=st.none() | st.just("application/pdf"),
)
_result = {
    "name": maybe_text,
    "score": st.none() | scores,
    "score_label": maybe_text,
    "summary": maybe_text,
    "assessment_date": st.none() | times,
    "submission_date": st.none() | times,
    "attachments": tuples(attachments),
}
assessment_results = st.builds(
    AssessmentResult, assessment_id=package_ids, status=st.none() | st.sampled_from(ResultStatus), **_result
)
_FITTING: dict[Stage, list[ResultStatus | None]] = {
    Stage.LAUNCH: [None],
    Stage.PROGRESS: [None, ResultStatus.IN_PROGRESS, ResultStatus.PENDING],
    Stage.COMPLETED: [None, ResultStatus.COMPLETED],
    Stage.FAILED: [None, ResultStatus.REJECTED, ResultStatus.EXPIRED],
}


@st.composite
def updates(draw: st.DrawFn) -> AssessmentUpdated:
    stage = draw(st.sampled_from(Stage))
    parts = st.lists(assessment_results, max_size=3, unique_by=lambda part: part.assessment_id).map(tuple)
    results = st.builds(
        PackageResult,
        status=st.sampled_from(_FITTING[stage]),
        description=maybe_text,
        assessments=parts,
        **_result,
    )
    return AssessmentUpdated(
        order_id=draw(ids),
        company_id=draw(ids),
        stage=stage,
        occurred_at=draw(times),
        launch_url=draw(urls if stage is Stage.LAUNCH else st.none() | urls),
        result=draw(st.none() | results),
    )


_order = {"order_id": ids, "company_id": ids}
_asked = {
    **_order,
    "kind": st.sampled_from(OrderKind),
    "package_id": package_ids,
    "candidate": candidates,
    "requester": requesters,
    "fields": json_objects,
    "return_url": st.none() | urls,
}
_integration = {
    "company_id": ids,
    "client_id": text,
    "credential_versions": tuples(st.integers(0, 2**31)),
    "changed_at": times,
}
_delivery = {
    **_order,
    "delivery_id": text,
    "kind": st.sampled_from(DeliveryKind),
    "status": st.none() | st.sampled_from(ResultStatus),
    "attempts": st.integers(0, 1000),
    "occurred_at": times,
}
_package = {"type": st.sampled_from(PackageType), "description": text}

DATA: dict[type[EventData], st.SearchStrategy[Any]] = {
    OrderPlaced: st.builds(
        OrderPlaced,
        **_asked,
        job_id=maybe_text,
        result_callback_url=urls,
        received_at=times,
        unknown_fields=json_objects,
    ),
    IntegrationConnected: st.builds(IntegrationConnected, **_integration),
    IntegrationRotated: st.builds(IntegrationRotated, **_integration),
    IntegrationDisabled: st.builds(IntegrationDisabled, **_integration),
    TokenRevoked: st.builds(TokenRevoked, company_id=ids, token_id=ids, expires_at=times, revoked_at=times),
    AssessmentRequested: st.builds(
        AssessmentRequested,
        **_asked,
        job=st.none() | jobs,
        hiring_team=tuples(members),
        missing=tuples(
            st.builds(Missing, resource=st.sampled_from(["candidate", "job", "hiring_team"]), reason=text)
        ),
        requested_at=times,
    ),
    AssessmentCancelled: st.builds(AssessmentCancelled, **_order, reason=text, cancelled_at=times),
    AssessmentUpdated: updates(),
    PackagePublished: st.builds(
        PackagePublished,
        **_package,
        company_id=st.just("*") | ids,
        package_id=package_ids,
        name=text,
        assessments=tuples(st.builds(Assessment, **_package, id=package_ids, name=maybe_text)),
        audience=st.none()
        | st.builds(
            Audience,
            requester_emails=tuples(text),
            country_codes=tuples(text),
            fields=st.dictionaries(text, tuples(text), max_size=2),
        ),
    ),
    ResultPublished: st.builds(ResultPublished, **_delivery),
    ResultRejected: st.builds(
        ResultRejected, **_delivery, http_status=st.none() | st.integers(400, 599), reason=text
    ),
    ResultHeld: st.builds(ResultHeld, **_delivery, reason=text),
}
assert set(DATA) == set(EVENTS)


def events(model: type[EventData]) -> st.SearchStrategy[Event[Any]]:
    """Events of one type."""
    return st.builds(
        Event,
        id=st.uuids(),
        source=st.from_regex(r"[a-z][a-z/-]{0,20}", fullmatch=True),
        time=times,
        data=DATA[model],
        traceparent=st.none() | st.just("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    )
