"""The order's state machine: one table, from which the README's is made."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    """Where an order is. The last four are terminal: nothing overtakes them."""

    PLACED = "placed"
    REQUESTED = "requested"
    LAUNCHED = "launched"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELLED = "cancelled"

    @property
    def terminal(self) -> bool:
        """Whether the order has come to its end."""
        return self in TERMINAL


class Move(StrEnum):
    """What can happen to an order's state."""

    REQUEST = "request"
    LAUNCH = "launch"
    PROGRESS = "progress"
    COMPLETE = "complete"
    REJECT = "reject"
    EXPIRE = "expire"
    CANCEL = "cancel"


TERMINAL = frozenset({State.COMPLETED, State.REJECTED, State.EXPIRED, State.CANCELLED})

# What an engine may say of an order it was asked to assess. A launch address may be renewed at any time, and
# never takes an order back.
_ASKED = {
    Move.PROGRESS: State.IN_PROGRESS,
    Move.COMPLETE: State.COMPLETED,
    Move.REJECT: State.REJECTED,
    Move.EXPIRE: State.EXPIRED,
    Move.CANCEL: State.CANCELLED,
}

# The same end may be said again: an engine adds to a final result. Another end is refused.
TABLE: Mapping[State, Mapping[Move, State]] = MappingProxyType(
    {
        State.PLACED: {
            Move.REQUEST: State.REQUESTED,
            Move.EXPIRE: State.EXPIRED,
            Move.CANCEL: State.CANCELLED,
        },
        State.REQUESTED: {Move.LAUNCH: State.LAUNCHED, **_ASKED},
        State.LAUNCHED: {Move.LAUNCH: State.LAUNCHED, **_ASKED},
        State.IN_PROGRESS: {Move.LAUNCH: State.IN_PROGRESS, **_ASKED},
        State.COMPLETED: {Move.COMPLETE: State.COMPLETED},
        State.REJECTED: {Move.REJECT: State.REJECTED},
        State.EXPIRED: {Move.EXPIRE: State.EXPIRED},
        State.CANCELLED: {},
    }
)


def after(state: State, move: Move) -> State | None:
    """Returns the state after a move; None when the move is illegal, so the order stays as it is."""
    return TABLE[state].get(move)


def as_markdown() -> str:
    """Returns the table as the README shows it; a dash is an illegal move, recorded and ignored."""
    rows = [["state", *(move.value for move in Move)], ["---"] * (len(Move) + 1)]
    for state in State:
        reached = (after(state, move) for move in Move)
        rows.append([f"**{state}**" if state.terminal else state.value, *(to or "-" for to in reached)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
