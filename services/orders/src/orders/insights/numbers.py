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
"""What is kept of an order: `counted` names what was counted of it, each of which has its time in seconds."""

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
    """One event's share: what is kept of the order now, and what its company's windows gain."""

    facts: Facts
    company_id: str
    gains: tuple[tuple[datetime, Numbers], ...]


def count(facts: Facts | None, data: EventData, rules: Rules) -> Counted | None:
    """Returns an event's share; None when it counts for nothing, or was counted before.

    Topics are read side by side, so a result may come before its order: the second of them tells the time.
    """
    known: Facts = facts or {"counted": []}
    match data:
        case OrderPlaced():
            what, at, gains = "order", data.received_at, {"orders": 1}
        case AssessmentUpdated(stage=Stage.FAILED):
            what, at, gains = "failure", data.occurred_at, {"failures": 1}
        case ResultRejected(kind=DeliveryKind.RESULT, status=ResultStatus.COMPLETED):
            what, at, gains = "failure", data.occurred_at, {"failures": 1}
        case ResultPublished(kind=DeliveryKind.RESULT, status=ResultStatus.COMPLETED):
            what, at, gains = "result", data.occurred_at, {"results": 1}
        case _:
            return None
    if what in known["counted"]:
        return None
    now_known = {**known, "counted": [*known["counted"], what], what: at.timestamp()}
    timed = _time(now_known, rules) if what in {"order", "result"} else ()
    return Counted(now_known, data.company_id, ((rules.window_of(at), gains), *timed))


def add(numbers: Numbers | None, gains: Numbers) -> Numbers:
    """Returns the sum."""
    return {name: (numbers or EMPTY).get(name, 0) + gains.get(name, 0) for name in EMPTY}


def _time(facts: Facts, rules: Rules) -> tuple[tuple[datetime, Numbers], ...]:
    """Returns the time to result, for the result's window, once both ends are known."""
    if "order" not in facts or "result" not in facts:
        return ()
    seconds = max(0.0, facts["result"] - facts["order"])
    late = int(seconds > rules.late_after.total_seconds())
    window = rules.window_of(datetime.fromtimestamp(facts["result"], UTC))
    return ((window, {"late": late, "seconds_to_result": seconds, "timed_results": 1}),)
