"""The state machine, its table in the README, and sequences of whatever may come."""

from datetime import timedelta
from pathlib import Path

import pytest
from contracts.events.assessment import AssessmentUpdated, Stage
from contracts.events.result import DeliveryKind, ResultHeld, ResultPublished, ResultRejected
from contracts.types import ResultStatus
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from orders.domain import changes
from orders.domain.changes import Change
from orders.domain.order import Order, Publication
from orders.domain.states import TABLE, Move, State, after, as_markdown
from orders.domain.timeline import Kind

from tests.orders.support import events
from tests.orders.support.events import T0

README = Path(__file__).parents[2] / "services/orders/README.md"


def test_the_readme_shows_the_table() -> None:
    assert as_markdown() in README.read_text()


def test_every_state_has_its_row_and_a_terminal_state_leads_nowhere_else() -> None:
    assert set(TABLE) == set(State)
    for state in State:
        if state.terminal:
            assert {after(state, move) for move in Move} <= {state, None}


@given(st.lists(st.sampled_from(Move)))
def test_no_sequence_of_moves_overtakes_an_end(moves: list[Move]) -> None:
    state, ended = State.PLACED, None
    for move in moves:
        state = after(state, move) or state
        assert ended in {None, state}
        ended = state if state.terminal else None


_UPDATES = [
    (Stage.LAUNCH, None),
    (Stage.PROGRESS, ResultStatus.PENDING),
    (Stage.COMPLETED, None),
    (Stage.FAILED, None),
    (Stage.FAILED, ResultStatus.EXPIRED),
]


class Life(RuleBasedStateMachine):
    """Any order of engines' updates, deliveries, sweeping and people."""

    def __init__(self) -> None:
        super().__init__()
        placed = events.placed("o-1", received_at=T0)
        self.order = Order("o-1", "acme", placed.kind, placed.package_id, placed_at=T0)
        self.now = T0
        self.ended: State | None = None
        self.asked = 0
        self.stopped = 0
        self.was_published = False

    def _live(self, change: Change) -> None:
        self.order = change.order
        self.stopped += sum(1 for topic, _ in change.says if topic.name == "orders.requests")
        self.now += timedelta(minutes=1)
        assert all(entry.sentence() and "?" not in entry.sentence() for entry in change.entries)

    @rule()
    def request(self) -> None:
        change = changes.requested(self.order, self.now)
        self.asked += change.entries[0].kind is Kind.REQUESTED
        self._live(change)

    @rule(update=st.sampled_from(_UPDATES))
    def update(self, update: tuple[Stage, ResultStatus | None]) -> None:
        data: AssessmentUpdated = events.updated("o-1", update[0], status=update[1])
        before = self.order
        change = changes.updated(self.order, data, self.now)
        assert len(change.entries) == 1
        assert (change.entries[0].kind is Kind.IGNORED) == (change.order == before)
        self._live(change)

    @rule(
        kind=st.sampled_from([ResultPublished, ResultRejected, ResultHeld]),
        status=st.sampled_from(ResultStatus),
    )
    def deliver(
        self, kind: type[ResultPublished] | type[ResultRejected] | type[ResultHeld], status: ResultStatus
    ) -> None:
        self._live(changes.delivered(self.order, events.delivery(kind, "o-1", status)))

    @rule()
    def cancel(self) -> None:
        self._live(changes.cancelled(self.order, "test", self.now))

    @rule()
    def expire(self) -> None:
        self._live(changes.expired(self.order, self.now))

    @invariant()
    def an_end_stays(self) -> None:
        assert self.ended in {None, self.order.state}
        self.ended = self.order.state if self.order.state.terminal else None
        assert self.order.state.terminal == (self.order.finished_at is not None)

    @invariant()
    def asked_and_stopped_once_at_most(self) -> None:
        assert self.asked <= 1
        assert self.stopped <= 1

    @invariant()
    def published_stays(self) -> None:
        published = self.order.publication is Publication.PUBLISHED
        assert published or not self.was_published
        self.was_published = published


TestLife = Life.TestCase


@pytest.mark.parametrize("stage", Stage)
def test_an_engine_that_was_not_asked_is_ignored(stage: Stage) -> None:
    order = Order("o-1", "acme", events.placed("o-1").kind, "p", placed_at=T0)
    change = changes.updated(order, events.updated("o-1", stage), T0)
    assert change.order == order
    assert change.entries[0].kind is Kind.IGNORED


def test_only_the_final_results_own_delivery_decides_its_publication() -> None:
    order = Order("o-1", "acme", events.placed("o-1").kind, "p", placed_at=T0, state=State.COMPLETED)
    for said, expected in (
        (events.delivery(ResultHeld, "o-1", ResultStatus.IN_PROGRESS), Publication.PENDING),
        (events.delivery(ResultHeld, "o-1", ResultStatus.COMPLETED), Publication.HELD),
        (
            events.delivery(ResultPublished, "o-1", None, of=DeliveryKind.ATTACHMENT),
            Publication.HELD,
        ),
        (events.delivery(ResultRejected, "o-1", ResultStatus.COMPLETED), Publication.REJECTED),
        (events.delivery(ResultPublished, "o-1", ResultStatus.COMPLETED), Publication.PUBLISHED),
        (events.delivery(ResultRejected, "o-1", ResultStatus.COMPLETED), Publication.PUBLISHED),
    ):
        order = changes.delivered(order, said).order
        assert order.publication is expected
    assert order.closed
