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
"""What is kept of an order: its `company_id`, and the time in seconds of each thing that happened to it."""

EMPTY: Numbers = {
    "orders": 0,
    "results": 0,
    "failures": 0,
    "late": 0,
    "seconds_to_result": 0.0,
    "timed_results": 0,
}
_COUNTERS = {"order": "orders", "result": "results", "failure": "failures"}


@dataclass(frozen=True, slots=True)
class Rules:
    """How wide a window is, and after how long a result is late."""

    window: timedelta
    late_after: timedelta

    def window_of(self, at: float) -> datetime:
        """Returns the start of the window a moment, in seconds, belongs to."""
        width = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(at) // width * width, UTC)


def learn(facts: Facts | None, data: EventData) -> Facts | None:
    """Returns what is known of an order after an event; None when it counts for nothing, or was known."""
    match data:
        case OrderPlaced():
            what, at = "order", data.received_at
        case AssessmentUpdated(stage=Stage.FAILED):
            what, at = "failure", data.occurred_at
        case ResultRejected(kind=DeliveryKind.RESULT, status=ResultStatus.COMPLETED):
            what, at = "failure", data.occurred_at
        case ResultPublished(kind=DeliveryKind.RESULT, status=ResultStatus.COMPLETED):
            what, at = "result", data.occurred_at
        case _:
            return None
    known: Facts = facts or {"company_id": data.company_id}
    return None if what in known else {**known, what: at.timestamp()}


def worth(facts: Facts, rules: Rules) -> list[tuple[datetime, Numbers]]:
    """Returns what an order adds to its company's windows.

    Topics are read side by side, so a result may come before its order: with both known it has a time.
    """
    gains: list[tuple[datetime, Numbers]] = [
        (rules.window_of(facts[what]), {counter: 1}) for what, counter in _COUNTERS.items() if what in facts
    ]
    if "order" in facts and "result" in facts:
        seconds = max(0.0, facts["result"] - facts["order"])
        late = int(seconds > rules.late_after.total_seconds())
        timed = {"late": late, "seconds_to_result": seconds, "timed_results": 1}
        gains.append((rules.window_of(facts["result"]), timed))
    return gains


def add(numbers: Numbers | None, gains: Numbers, times: int = 1) -> Numbers:
    """Returns the sum; with `times` -1 the difference."""
    return {name: (numbers or EMPTY)[name] + times * gains.get(name, 0) for name in EMPTY}
