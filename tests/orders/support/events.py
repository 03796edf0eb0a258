"""Events as their producers make them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from contracts.envelope import Event, EventData, event_id
from contracts.events.assessment import AssessmentUpdated, PackageResult, Stage
from contracts.events.integration import IntegrationConnected, IntegrationDisabled
from contracts.events.order import Candidate, OrderKind, OrderPlaced, Requester
from contracts.events.result import DeliveryKind, ResultHeld, ResultPublished, ResultRejected
from contracts.types import ResultStatus

T0 = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def placed(order_id: str, company_id: str = "acme", **changes: Any) -> OrderPlaced:
    fields: dict[str, Any] = {
        "order_id": order_id,
        "company_id": company_id,
        "kind": OrderKind.STANDARD,
        "package_id": "engine-skill-test",
        "job_id": "job-1",
        "result_callback_url": f"https://api.smartrecruiters.com/assessment-api/v202010/orders/{order_id}/results",
        "candidate": Candidate(id="cand-1", email="ada@example.com", first_name="Ada", last_name="Byron"),
        "requester": Requester(user_id="user-1", email="rita@example.com"),
        "received_at": datetime.now(UTC),
    }
    return OrderPlaced(**{**fields, **changes})


def inline(order_id: str, company_id: str = "acme", **changes: Any) -> OrderPlaced:
    candidate = Candidate(email="ada@example.com", first_name="Ada", last_name="Byron")
    return placed(
        order_id,
        company_id,
        **{"kind": OrderKind.INLINE, "candidate": candidate, "requester": None, **changes},
    )


def updated(
    order_id: str,
    stage: Stage,
    company_id: str = "acme",
    *,
    status: ResultStatus | None = None,
    at: datetime = T0 + timedelta(hours=1),
) -> AssessmentUpdated:
    return AssessmentUpdated(
        order_id=order_id,
        company_id=company_id,
        stage=stage,
        occurred_at=at,
        launch_url="https://engine.example/tests/1" if stage is Stage.LAUNCH else None,
        result=PackageResult(status=status) if status else None,
    )


def delivery(
    kind: type[ResultPublished] | type[ResultRejected] | type[ResultHeld],
    order_id: str,
    status: ResultStatus | None,
    company_id: str = "acme",
    *,
    of: DeliveryKind = DeliveryKind.RESULT,
    at: datetime = T0 + timedelta(hours=2),
) -> ResultPublished | ResultRejected | ResultHeld:
    extra = {} if kind is ResultPublished else {"reason": "the company disabled the integration"}
    return kind.model_validate(
        {
            "order_id": order_id,
            "company_id": company_id,
            "delivery_id": f"d-{order_id}",
            "kind": of,
            "status": status,
            "attempts": 1,
            "occurred_at": at,
            **extra,
        }
    )


def connected(company_id: str, at: datetime = T0) -> IntegrationConnected:
    return IntegrationConnected(
        company_id=company_id, client_id=f"client-{company_id}", credential_versions=(1,), changed_at=at
    )


def disabled(company_id: str, at: datetime = T0 + timedelta(minutes=1)) -> IntegrationDisabled:
    return IntegrationDisabled(
        company_id=company_id, client_id=f"client-{company_id}", credential_versions=(), changed_at=at
    )


def event(data: EventData, source: str = "tests", time: datetime | None = None) -> Event[Any]:
    """order.placed has the id the gateway gives it; everything else is new each time."""
    known = isinstance(data, OrderPlaced)
    identity = event_id("order.placed", data.subject()) if known else uuid4()
    return Event(id=identity, source=source, time=time or datetime.now(UTC), data=data)
