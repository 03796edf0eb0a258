"""What happens next with an order, in words for the vendor's support."""

from dataclasses import dataclass
from datetime import datetime

from orders.domain.order import Order, Publication
from orders.domain.states import State


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else there is to know about an order."""

    connected: bool = True
    enrichment_due_at: datetime | None = None
    enrichment_attempts: int = 0


_WAITING = {
    State.REQUESTED: "The engine has been asked and is expected to answer with a launch address or progress.",
    State.LAUNCHED: "The candidate can start; the engine reports progress once that happens.",
    State.IN_PROGRESS: "The candidate is being assessed; the engine reports the result when it is done.",
}


def what_happens_next(order: Order, around: Circumstances) -> str:
    """Returns one or two sentences: what is waited for, from whom, and whose move it is."""
    if order.erased_at is not None:
        return "Nothing: the candidate's data was erased, and with it whatever was still to be sent."
    if order.state.terminal:
        return _after_the_end(order, around)
    words = _before_the_request(around) if order.state is State.PLACED else _WAITING[order.state]
    if order.late_since is not None:
        words = "The engine was asked and has not answered: its team should look why. The order stays open."
    if not around.connected:
        words += " The company's integration is disabled: results are held until it connects again."
    return words


def _before_the_request(around: Circumstances) -> str:
    if around.enrichment_due_at is None or around.enrichment_attempts == 0:
        return "Candidate and job are being read from SmartRecruiters; then the engine is asked."
    at = around.enrichment_due_at.strftime("%H:%M:%S UTC")
    return f"Reading from SmartRecruiters failed so far; the next try is at {at}. Then the engine is asked."


def _after_the_end(order: Order, around: Circumstances) -> str:
    match order.publication:
        case Publication.PUBLISHED:
            return "Nothing: the order is finished and SmartRecruiters has its final state."
        case Publication.REJECTED:
            return (
                "SmartRecruiters did not take the final state; nothing more is tried by itself. "
                f"Mend and replay the delivery: bridge deliveries list --order {order.order_id}"
            )
        case Publication.HELD:
            return "The final state is held until the company's integration connects again."
        case Publication.PENDING:
            wait = "" if around.connected else " (held: the company's integration is disabled)"
            return f"The final state is on its way to SmartRecruiters{wait}."
