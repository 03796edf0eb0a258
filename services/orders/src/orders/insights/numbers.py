"""What an event adds to a company's numbers. Pure, and the same event twice adds nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.envelope import EventData
from contracts.events.assessment import AssessmentUpdated, Stage
from contracts.events.order import OrderPlaced
from contracts.events.result import DeliveryKind, ResultPublished, ResultRejected
from contracts.types import ResultStatus

Numbers = Mapping[str, float]
Facts = Mapping[str, Any]
"""What is kept of an order: `counted` names what was counted of it, `placed_at` its time in seconds."""

EMPTY: Numbers = {
    "orders": 0,
    "results": 0,
    "failures": 0,
    "late": 0,
    "seconds_to_result": 0.0,
    "timed_results": 0,
}


@dataclass(frozen=True, slots=True)
class Rules:
    """How wide a window is, and after how long a result is late."""

    window: timedelta
    late_after: timedelta

    def window_of(self, at: datetime) -> datetime:
        """Returns the start of the window a moment belongs to."""
        width = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(at.timestamp()) // width * width, UTC)


@dataclass(frozen=True, slots=True)
class Counted:
    """One event's share: what is kept of the order now, and what its company's window gains."""

    facts: Facts
    company_id: str
    starts_at: datetime
    gains: Numbers


def count(facts: Facts | None, data: EventData, rules: Rules) -> Counted | None:
    """Returns an event's share; None when it counts for nothing, or was counted before."""
    known: Facts = facts or {"counted": []}
    match data:
        case OrderPlaced():
            placed = {**known, "placed_at": data.received_at.timestamp()}
            return _once(placed, "order", data.company_id, rules.window_of(data.received_at), {"orders": 1})
        case AssessmentUpdated(stage=Stage.FAILED):
            starts_at = rules.window_of(data.occurred_at)
            return _once(known, "failure", data.company_id, starts_at, {"failures": 1})
        case ResultRejected(kind=DeliveryKind.RESULT, status=ResultStatus.COMPLETED):
            starts_at = rules.window_of(data.occurred_at)
            return _once(known, "failure", data.company_id, starts_at, {"failures": 1})
        case ResultPublished(kind=DeliveryKind.RESULT, status=ResultStatus.COMPLETED):
            gains = _result(known, data.occurred_at, rules)
            return _once(known, "result", data.company_id, rules.window_of(data.occurred_at), gains)
        case _:
            return None


def add(numbers: Numbers | None, gains: Numbers) -> Numbers:
    """Returns the sum."""
    return {name: (numbers or EMPTY).get(name, 0) + gains.get(name, 0) for name in EMPTY}


def _result(facts: Facts, at: datetime, rules: Rules) -> Numbers:
    if "placed_at" not in facts:
        return {"results": 1}  # the order is older than anything read
    seconds = max(0.0, at.timestamp() - facts["placed_at"])
    late = int(seconds > rules.late_after.total_seconds())
    return {"results": 1, "late": late, "seconds_to_result": seconds, "timed_results": 1}


def _once(facts: Facts, what: str, company_id: str, starts_at: datetime, gains: Numbers) -> Counted | None:
    if what in facts["counted"]:
        return None
    return Counted({**facts, "counted": [*facts["counted"], what]}, company_id, starts_at, gains)
