"""Sweeping, going on with enrichment, putting the request together, and what is said of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from contracts.events.order import Candidate, OrderKind
from hypothesis import given
from hypothesis import strategies as st
from orders.domain.enrichment import (
    Absent,
    Again,
    Finished,
    Found,
    Outcome,
    Resource,
    TryAgain,
    begin,
    proceed,
)
from orders.domain.order import Order, Publication
from orders.domain.outlook import Circumstances, what_happens_next
from orders.domain.request import completed, request_of
from orders.domain.states import State
from orders.domain.sweeping import Finding, Limits, examine

from tests.orders.support import events
from tests.orders.support.events import T0
from tests.orders.support.smartrecruiters import BODIES

LIMITS = Limits(late_after=timedelta(minutes=15), expire_after=timedelta(days=30))
ALL = frozenset(Resource)
ORDER = Order("o-1", "acme", OrderKind.STANDARD, "p", placed_at=T0)
ASKED = replace(ORDER, state=State.REQUESTED, requested_at=T0)


def _ended(state: State, publication: Publication) -> Order:
    return replace(ASKED, state=state, publication=publication)


@pytest.mark.parametrize(
    ("order", "after", "finding"),
    [
        (ORDER, timedelta(days=1), None),
        (ORDER, timedelta(days=30), Finding.EXPIRED),
        (ASKED, timedelta(minutes=14), None),
        (ASKED, timedelta(minutes=15), Finding.LATE),
        (replace(ASKED, late_since=T0), timedelta(hours=1), None),
        (replace(ASKED, state=State.LAUNCHED), timedelta(days=2), None),
        (replace(ASKED, state=State.IN_PROGRESS), timedelta(days=30), Finding.EXPIRED),
        (replace(ASKED, state=State.COMPLETED), timedelta(days=99), None),
    ],
)
def test_late_and_expired(order: Order, after: timedelta, finding: Finding | None) -> None:
    assert examine(order, T0 + after, LIMITS) is finding


def test_orders_expire_only_where_that_is_set() -> None:
    assert examine(ORDER, T0 + timedelta(days=9999), replace(LIMITS, expire_after=None)) is None


def test_what_has_no_id_is_not_wanted() -> None:
    assert begin(events.placed("o-1"), ALL, T0).open == tuple(Resource)
    assert begin(events.inline("o-1"), ALL, T0).open == (Resource.JOB, Resource.HIRING_TEAM)
    assert begin(events.inline("o-1", job_id=None), ALL, T0).open == ()
    sealed = Candidate(sealed="a..b.c.d")
    assert begin(events.placed("o-1", candidate=sealed), ALL, T0).open == tuple(Resource)
    assert begin(events.inline("o-1", candidate=sealed), ALL, T0).open == (Resource.JOB, Resource.HIRING_TEAM)


_OUTCOMES = st.one_of(
    st.just(Found({"id": "x"})),
    st.just(Absent("not found (404)")),
    st.floats(0, 86400).map(lambda seconds: TryAgain("status 503", timedelta(seconds=seconds))),
)


@given(
    outcomes=st.dictionaries(st.sampled_from(Resource), _OUTCOMES),
    attempts=st.integers(0, 1000),
    passed=st.floats(0, 1200),
    jitter=st.floats(0, 1),
)
def test_it_goes_on_in_bounds(
    outcomes: dict[Resource, Outcome], attempts: int, passed: float, jitter: float
) -> None:
    give_up_at, now = T0 + timedelta(seconds=600), T0 + timedelta(seconds=passed)
    work = replace(begin(events.placed("o-1"), ALL, give_up_at), attempts=attempts)
    match proceed(work, outcomes, now, jitter):
        case Finished(done):
            assert done.open == ()
            assert now >= give_up_at or not any(isinstance(one, TryAgain) for one in outcomes.values())
        case Again(later, due_at):
            assert now < due_at <= give_up_at
            assert later.open
            asked = max(
                (one.after for one in outcomes.values() if isinstance(one, TryAgain)), default=timedelta()
            )
            assert due_at - now >= min(asked, give_up_at - now)
            assert due_at - now <= max(asked, timedelta(minutes=1))


def test_the_request_holds_what_was_found_and_says_what_is_missing() -> None:
    work = begin(events.placed("o-1", candidate=Candidate(id="cand-1", first_name="Augusta")), ALL, T0)
    outcomes: dict[Resource, Outcome] = {
        Resource.CANDIDATE: Found(BODIES["candidate"]),
        Resource.JOB: Absent("not permitted (403)"),
        Resource.HIRING_TEAM: TryAgain("hiring_team: status 500"),
    }
    step = proceed(work, outcomes, T0, 0.5)
    assert isinstance(step, Finished)
    request = request_of(step.work, T0)
    assert completed(request.candidate, BODIES["candidate"]) == Candidate(
        id="cand-1", first_name="Augusta", last_name="Byron", email="ada@example.com"
    )
    assert request.job is not None
    assert (request.job.id, request.job.title) == ("job-1", None)
    assert [(one.resource, one.reason) for one in request.missing] == [
        ("hiring_team", "gave up: hiring_team: status 500"),
        ("job", "not permitted (403)"),
    ]


@pytest.mark.parametrize(
    ("order", "around", "words"),
    [
        (ORDER, Circumstances(), "are being read"),
        (ORDER, Circumstances(enrichment_due_at=T0, enrichment_attempts=2), "next try is at 09:00:00 UTC"),
        (ASKED, Circumstances(), "expected to answer"),
        (ASKED, Circumstances(connected=False), "disabled"),
        (replace(ASKED, late_since=T0), Circumstances(), "has not answered"),
        (replace(ASKED, state=State.LAUNCHED), Circumstances(), "can start"),
        (replace(ASKED, state=State.IN_PROGRESS), Circumstances(), "being assessed"),
        (replace(ASKED, state=State.COMPLETED), Circumstances(), "on its way to SmartRecruiters."),
        (replace(ASKED, state=State.COMPLETED), Circumstances(connected=False), "(held"),
        (_ended(State.REJECTED, Publication.HELD), Circumstances(), "is held"),
        (_ended(State.EXPIRED, Publication.REJECTED), Circumstances(), "bridge deliveries"),
        (_ended(State.CANCELLED, Publication.PUBLISHED), Circumstances(), "Nothing"),
    ],
)  # fmt: skip
def test_what_happens_next(order: Order, around: Circumstances, words: str) -> None:
    assert words in what_happens_next(order, around)
