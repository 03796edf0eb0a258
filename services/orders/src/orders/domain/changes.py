"""What each event does to an order: a new order, timeline entries, and what is said to others."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.envelope import EventData
from contracts.events.assessment import AssessmentCancelled, AssessmentUpdated, PackageResult, Stage
from contracts.events.result import ResultHeld, ResultPublished, ResultRejected
from contracts.topics import ENGINES_UPDATES, ORDERS_REQUESTS, Topic
from contracts.types import ResultStatus

from orders.domain.order import Order, Publication
from orders.domain.states import Move, State, after
from orders.domain.timeline import Entry, Facts, Kind

Delivery = ResultPublished | ResultRejected | ResultHeld

_MOVES: Mapping[Stage, Move] = {
    Stage.LAUNCH: Move.LAUNCH,
    Stage.PROGRESS: Move.PROGRESS,
    Stage.COMPLETED: Move.COMPLETE,
    Stage.FAILED: Move.REJECT,
}
_KINDS: Mapping[Stage, Kind] = {
    Stage.LAUNCH: Kind.LAUNCH,
    Stage.PROGRESS: Kind.PROGRESS,
    Stage.COMPLETED: Kind.COMPLETED,
    Stage.FAILED: Kind.FAILED,
}

_DELIVERIES: Mapping[type[Delivery], tuple[Kind, Publication]] = {
    ResultPublished: (Kind.PUBLISHED, Publication.PUBLISHED),
    ResultRejected: (Kind.REJECTED, Publication.REJECTED),
    ResultHeld: (Kind.HELD, Publication.HELD),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction's worth: the order as it is afterwards, what the timeline gains, what is said."""

    order: Order
    entries: tuple[Entry, ...] = ()
    says: tuple[tuple[Topic, EventData], ...] = ()


def requested(order: Order, now: datetime) -> Change:
    """The engine is asked, once; an order that ended meanwhile is left alone."""
    state = after(order.state, Move.REQUEST)
    if state is None:
        return Change(order, (_ignored(now, "the request to the engine", order.state),))
    return Change(replace(order, state=state, requested_at=now), (Entry(now, Kind.REQUESTED),))


def move_of(update: AssessmentUpdated) -> Move:
    """Returns the move an engine's update asks for."""
    return Move.EXPIRE if update.status() is ResultStatus.EXPIRED else _MOVES[update.stage]


def updated(order: Order, update: AssessmentUpdated, now: datetime) -> Change:
    """An engine's word. An illegal move is recorded and changes nothing; any legal one ends lateness.

    An engine cannot answer a question it was not asked: before the request nothing of it counts.
    """
    state = None if order.state is State.PLACED else after(order.state, move_of(update))
    if state is None:
        return Change(order, (_ignored(update.occurred_at, f"the engine's {update.stage}", order.state),))
    status = update.status()
    facts: Facts = {"status": status.value} if status else {}
    ended = order.finished_at or (now if state.terminal else None)
    moved = replace(order, state=state, answered_at=now, late_since=None, finished_at=ended)
    return Change(moved, (Entry(update.occurred_at, _KINDS[update.stage], facts),))


def delivered(order: Order, delivery: Delivery) -> Change:
    """What became of a delivery. Only the final result's own delivery decides the publication."""
    final = delivery.kind == "result" and delivery.status is not None and delivery.status.final
    what = f"status {delivery.status}" if delivery.kind == "result" else "an attachment"
    facts: dict[str, str | int] = {
        "what": what, "delivery_id": delivery.delivery_id, "attempts": delivery.attempts,
    }  # fmt: skip
    if not isinstance(delivery, ResultPublished):
        facts["reason"] = delivery.reason
    kind, publication = _DELIVERIES[type(delivery)]
    if not final or order.publication is Publication.PUBLISHED:
        publication = order.publication
    return Change(replace(order, publication=publication), (Entry(delivery.occurred_at, kind, facts),))


def cancelled(order: Order, reason: str, now: datetime) -> Change:
    """A person ends the order. Ended orders stay as they are, and a second cancelling says nothing."""
    if order.state.terminal:
        return Change(order, (_ignored(now, "the cancelling", order.state),))
    return _closed(order, Move.CANCEL, Entry(now, Kind.CANCELLED, {"reason": reason}), reason)


def expired(order: Order, now: datetime) -> Change:
    """No result within the time allowed. Ended orders stay as they are."""
    if order.state.terminal:
        return Change(order)
    return _closed(order, Move.EXPIRE, Entry(now, Kind.EXPIRED), "expired")


def erased(order: Order, reason: str, now: datetime) -> Change:
    """Nothing of the candidate is left; an engine that was asked is told to stop. A repeat says nothing.

    SmartRecruiters is told nothing: whoever asks us to erase a candidate erases them there.
    """
    if order.erased_at is not None:
        return Change(order)
    entry = Entry(now, Kind.ERASED, {"reason": reason})
    gone = replace(order, sealed=None, erased_at=now)
    if order.state.terminal:
        return Change(gone, (entry,))
    ended = replace(gone, state=State.CANCELLED, late_since=None, finished_at=now)
    stop = AssessmentCancelled(
        order_id=order.order_id,
        company_id=order.company_id,
        reason="the candidate's data was erased",
        cancelled_at=now,
    )
    return Change(ended, (entry,), ((ORDERS_REQUESTS, stop),) if order.requested_at else ())


def late(order: Order, now: datetime) -> Change:
    """Flags the order; its state stays, and the engine's next answer takes the flag away."""
    return Change(replace(order, late_since=now), (Entry(now, Kind.LATE),))


def _closed(order: Order, move: Move, entry: Entry, reason: str) -> Change:
    state = after(order.state, move)
    if state is None:
        return Change(order, (_ignored(entry.at, move.value, order.state),))
    status = ResultStatus.EXPIRED if state is State.EXPIRED else ResultStatus.REJECTED
    stop = AssessmentCancelled(
        order_id=order.order_id, company_id=order.company_id, reason=reason, cancelled_at=entry.at
    )
    # In the engines' own topic, so that whatever an engine still says comes after a final state there too:
    # SmartRecruiters learns the end, and nothing overtakes it.
    end = AssessmentUpdated(
        order_id=order.order_id,
        company_id=order.company_id,
        stage=Stage.FAILED,
        occurred_at=entry.at,
        result=PackageResult(status=status),
    )
    moved = replace(order, state=state, late_since=None, finished_at=entry.at)
    return Change(moved, (entry,), ((ORDERS_REQUESTS, stop), (ENGINES_UPDATES, end)))


def _ignored(at: datetime, update: str, state: State) -> Entry:
    return Entry(at, Kind.IGNORED, {"update": update, "state": state.value})
