"""One attempt: send, decide, and hand on what is to be kept."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

import structlog

from results_publisher.domain.delivery import Attempt, Delivery, DeliveryStatus, Finished
from results_publisher.domain.outcome import (
    Accepted,
    BadAttachment,
    NoAnswer,
    NoToken,
    Outcome,
    Refused,
    Tried,
    Withheld,
)
from results_publisher.domain.retry import Done, GiveUp, RetryAt, RetryPolicy
from results_publisher.ports import Sender

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Attempts:
    """Time and chance come in here, and only here."""

    sender: Sender
    policy: RetryPolicy
    now: Callable[[], datetime]
    clock: Callable[[], float]
    jitter: Callable[[], float]

    async def make(self, delivery: Delivery) -> tuple[Finished | None, Outcome]:
        """Returns what is to be kept and what happened; nothing is kept where nothing was sent."""
        started_at, began = self.now(), self.clock()
        outcome = await self._send(delivery)
        if isinstance(outcome, Withheld | NoToken):
            return None, outcome
        attempt = _attempt(delivery, outcome, started_at, int((self.clock() - began) * 1000))
        return self._finished(delivery, outcome, attempt), outcome

    async def _send(self, delivery: Delivery) -> Outcome:
        try:
            return await self.sender.send(delivery)
        except Exception:
            # A fault of ours must neither lose the delivery nor stop the lane.
            log.exception("sending failed", delivery_id=str(delivery.delivery_id))
            return NoAnswer("connection")

    def _finished(self, delivery: Delivery, outcome: Tried, attempt: Attempt) -> Finished:
        decision = self.policy.decide(
            delivery.tries + 1,
            outcome,
            self.now(),
            self.jitter(),
            previous_http_status=delivery.previous_http_status,
        )
        match decision:
            case Done():
                uploaded = outcome.uploaded if isinstance(outcome, Accepted) else None
                return Finished(delivery, attempt, DeliveryStatus.PUBLISHED, uploaded=uploaded)
            case RetryAt(time):
                return Finished(delivery, attempt, DeliveryStatus.PENDING, due_at=time)
            case GiveUp(reason):
                log.warning(
                    "dead letter",
                    delivery_id=str(delivery.delivery_id),
                    order_id=delivery.order.order_id,
                    company_id=delivery.order.company_id,
                    reason=reason,
                )
                return Finished(delivery, attempt, DeliveryStatus.DEAD, reason=reason)
            case _:
                assert_never(decision)


def _attempt(delivery: Delivery, outcome: Tried, started_at: datetime, duration_ms: int) -> Attempt:
    http_status, error, answer = None, None, None
    match outcome:
        case Accepted():
            http_status = outcome.http_status
        case Refused():
            http_status, error, answer = outcome.http_status, "refused", outcome.answer
        case NoAnswer():
            error = outcome.error
        case BadAttachment():
            error = outcome.code
        case _:
            assert_never(outcome)
    return Attempt(delivery.attempts + 1, started_at, duration_ms, http_status, error, answer)
