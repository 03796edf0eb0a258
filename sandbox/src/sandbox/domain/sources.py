"""Time and randomness, passed in from outside."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Sources:
    """Where the sandbox takes what it must not make up itself.

    `now` is seconds since the epoch, `new_id` a UUID, `new_secret` an unguessable text, `chance` a number
    in [0, 1).
    """

    now: Callable[[], float]
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    chance: Callable[[], float]


def iso(seconds: float) -> str:
    """Returns the moment in SPEC's form: UTC with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
