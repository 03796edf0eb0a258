"""Reading candidate, job and hiring team before the engine is asked: which, how often, how long (SPEC §4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from contracts.events.order import Candidate, OrderKind, OrderPlaced

_FIRST_WAIT = timedelta(seconds=1)
_LONGEST_WAIT = timedelta(minutes=1)


class Resource(StrEnum):
    """What SmartRecruiters can be asked for."""

    CANDIDATE = "candidate"
    JOB = "job"
    HIRING_TEAM = "hiring_team"


@dataclass(frozen=True, slots=True)
class Found:
    """SmartRecruiters' answer, as it came."""

    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Absent:
    """It will not be had: no permission, no such thing. Never blocks the order."""

    reason: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """A passing fault; not before `after`, when SmartRecruiters said so."""

    reason: str
    after: timedelta = timedelta(0)


Outcome = Found | Absent | TryAgain


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to read for one order. It is kept with the candidate sealed, worked on with it opened."""

    placed: OrderPlaced
    give_up_at: datetime
    wanted: frozenset[Resource]
    attempts: int = 0
    reason: str = "not asked"
    traceparent: str | None = None
    found: Mapping[Resource, Mapping[str, Any]] = field(default_factory=dict)
    missing: Mapping[Resource, str] = field(default_factory=dict)
    bound: bool = False
    """Whether credentials has been told whose key the candidate is sealed with."""

    @property
    def open(self) -> tuple[Resource, ...]:
        """What is neither found nor known to be missing, in a fixed order."""
        settled = self.found.keys() | self.missing.keys()
        return tuple(one for one in Resource if one in self.wanted and one not in settled)

    def resource_id(self, resource: Resource) -> str | None:
        """Returns the id in SmartRecruiters' path; an inline order has no candidate id."""
        return self.placed.candidate.id if resource is Resource.CANDIDATE else self.placed.job_id


@dataclass(frozen=True, slots=True)
class Finished:
    """Nothing is left to wait for: the engine can be asked."""

    work: Work


@dataclass(frozen=True, slots=True)
class Again:
    """Something is still open; due again at `due_at`."""

    work: Work
    due_at: datetime


def begin(
    placed: OrderPlaced, wanted: frozenset[Resource], give_up_at: datetime, traceparent: str | None = None
) -> Work:
    """Returns the work for an order. What it has no id for is not asked for."""
    return _with_ids(Work(placed, give_up_at, wanted, traceparent=traceparent))


def opened(work: Work, candidate: Candidate) -> Work:
    """Returns the work with the candidate in the clear, to be worked on in memory."""
    return _with_ids(replace(work, placed=work.placed.model_copy(update={"candidate": candidate})))


def _with_ids(work: Work) -> Work:
    return replace(work, wanted=frozenset(one for one in work.wanted if _may_be_read(work, one)))


def _may_be_read(work: Work, resource: Resource) -> bool:
    """Whether there is an id to ask with; a sealed candidate of a standard order may have one."""
    if resource is Resource.CANDIDATE and work.placed.candidate.sealed is not None:
        return work.placed.kind is OrderKind.STANDARD
    return bool(work.resource_id(resource))


def proceed(
    work: Work, outcomes: Mapping[Resource, Outcome], now: datetime, jitter: float
) -> Finished | Again:
    """Returns how it goes on after an attempt. `jitter` is in 0…1.

    Waits double from one second to a minute, less up to half by jitter, never shorter than SmartRecruiters'
    Retry-After; but at `give_up_at` the order goes on with what is there, and says what is missing.
    """
    found = {one: got.body for one, got in outcomes.items() if isinstance(got, Found)}
    absent = {one: got.reason for one, got in outcomes.items() if isinstance(got, Absent)}
    faults = {one: got for one, got in outcomes.items() if isinstance(got, TryAgain)}
    reason = "; ".join(sorted({fault.reason for fault in faults.values()})) or work.reason
    after = replace(
        work,
        attempts=work.attempts + 1,
        reason=reason,
        found={**work.found, **found},
        missing={**work.missing, **absent},
    )
    if not after.open:
        return Finished(after)
    if now >= work.give_up_at:
        given_up = {one: f"gave up: {faults[one].reason if one in faults else reason}" for one in after.open}
        return Finished(replace(after, missing={**after.missing, **given_up}))
    asked_for = max((fault.after for fault in faults.values()), default=timedelta(0))
    pause = min(_FIRST_WAIT * 2 ** min(work.attempts, 10), _LONGEST_WAIT) * (1 - jitter / 2)
    return Again(after, min(now + max(pause, asked_for), work.give_up_at))
