"""The record of every call in both directions: a ring, numbered without gaps, with secrets masked."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Literal

Direction = Literal["received", "sent"]

_SECRET = frozenset({"clientSecret", "client_secret", "access_token", "refresh_token", "password", "ticket"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One call. `status` is None when no answer came or none was given; `fault` names what was done to it."""

    n: int
    at: str
    direction: Direction
    call: str
    method: str
    path: str
    company_id: str | None
    order_id: str | None
    status: int | None
    request: Any
    response: Any
    ms: float
    fault: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Returns the entry as the admin API shows it."""
        return {**asdict(self), "request": masked(self.request), "response": masked(self.response)}


def masked(value: Any) -> Any:
    """Returns the value with every secret member replaced, at any depth."""
    if isinstance(value, dict):
        return {key: "***" if key in _SECRET and item else masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


class Record:
    """Keeps the last `size` entries; masking is done when they are read, so that writing stays cheap."""

    def __init__(self, size: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._last = 0

    def add(
        self,
        *,
        at: str,
        direction: Direction,
        call: str,
        method: str,
        path: str,
        status: int | None,
        company_id: str | None = None,
        order_id: str | None = None,
        request: Any = None,
        response: Any = None,
        ms: float = 0.0,
        fault: str | None = None,
    ) -> None:
        """Appends a call."""
        self._last += 1
        self._entries.append(
            Entry(
                n=self._last,
                at=at,
                direction=direction,
                call=call,
                method=method,
                path=path,
                company_id=company_id,
                order_id=order_id,
                status=status,
                request=request,
                response=response,
                ms=round(ms, 1),
                fault=fault,
            )
        )

    @property
    def last(self) -> int:
        """The number of the newest entry, 0 when there is none."""
        return self._last

    def entries(
        self,
        *,
        after: int = 0,
        call: str | None = None,
        company_id: str | None = None,
        order_id: str | None = None,
    ) -> list[Entry]:
        """Returns what came after number `after`, oldest first, narrowed by what is given."""
        return [
            entry
            for entry in self._entries
            if entry.n > after
            and (call is None or entry.call == call)
            and (company_id is None or entry.company_id == company_id)
            and (order_id is None or entry.order_id == order_id)
        ]
