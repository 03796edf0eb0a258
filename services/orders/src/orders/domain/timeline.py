"""Everything that happens to an order, as rows a person reads. Facts are ids, states and reasons only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What happened."""

    PLACED = "placed"
    REPEATED = "repeated"
    ENRICHED = "enriched"
    MISSING = "missing"
    ENRICHMENT_DELAYED = "enrichment_delayed"
    REQUESTED = "requested"
    LAUNCH = "launch"
    PROGRESS = "progress"
    COMPLETED = "completed"
    FAILED = "failed"
    LATE = "late"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PUBLISHED = "published"
    REJECTED = "rejected"
    HELD = "held"
    DISABLED = "disabled"
    RECONNECTED = "reconnected"
    IGNORED = "ignored"
    ERASED = "erased"
    RESULTS_ERASED = "results_erased"


Facts = Mapping[str, str | int]

_SENTENCES: Mapping[Kind, str] = {
    Kind.PLACED: "SmartRecruiters placed the order for package {package_id}",
    Kind.REPEATED: "SmartRecruiters placed the order again; it is the same order",
    Kind.ENRICHED: "read from SmartRecruiters: {resources}",
    Kind.MISSING: "not available from SmartRecruiters: {resource} ({reason})",
    Kind.ENRICHMENT_DELAYED: "SmartRecruiters could not be read yet: {reason}; trying again",
    Kind.REQUESTED: "asked the engine to assess",
    Kind.LAUNCH: "the engine gave the address where the candidate starts",
    Kind.PROGRESS: "the engine reports progress ({status})",
    Kind.COMPLETED: "the engine reports the final result",
    Kind.FAILED: "the engine reports that there will be no result ({status})",
    Kind.LATE: "no answer from the engine yet; the order is late",
    Kind.EXPIRED: "expired: no result within the time allowed; the engine is told to stop",
    Kind.CANCELLED: "cancelled ({reason}); the engine is told to stop",
    Kind.PUBLISHED: "SmartRecruiters took {what}",
    Kind.REJECTED: "SmartRecruiters did not take {what}: {reason}",
    Kind.HELD: "{what} is held: {reason}",
    Kind.DISABLED: "the company's integration was disabled",
    Kind.RECONNECTED: "the company's integration is connected again",
    Kind.ERASED: "the candidate's data was erased ({reason})",
    Kind.RESULTS_ERASED: "results erased: {deleted} deliveries deleted, {dropped} of them not sent yet",
    Kind.IGNORED: "ignored {update}: the order is {state}",
}


class _Known(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "?"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. `at` is when it happened, as whoever reported it says."""

    at: datetime
    kind: Kind
    facts: Facts = field(default_factory=dict)

    def sentence(self) -> str:
        """Returns the row in plain words."""
        return _SENTENCES[self.kind].format_map(_Known(self.facts))
