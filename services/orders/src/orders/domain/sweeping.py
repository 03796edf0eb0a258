"""When an order is late or expired."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from orders.domain.order import Order
from orders.domain.states import State


class Finding(StrEnum):
    """What the sweeper found."""

    LATE = "late"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is too long. `expire_after` None: orders never expire by themselves."""

    late_after: timedelta
    expire_after: timedelta | None


def examine(order: Order, now: datetime, limits: Limits) -> Finding | None:
    """Returns what is to be done about an order. Expiry goes first; lateness is found once.

    Late is an engine that was asked and has never answered; expired is any order without an end.
    """
    if order.state.terminal:
        return None
    if limits.expire_after is not None and now - order.placed_at >= limits.expire_after:
        return Finding.EXPIRED
    if order.state is not State.REQUESTED or order.requested_at is None or order.late_since is not None:
        return None
    return Finding.LATE if now - order.requested_at >= limits.late_after else None
