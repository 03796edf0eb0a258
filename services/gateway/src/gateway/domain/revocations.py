"""Which tokens were given up before they ran out: a view of `credentials.revocations`."""

from collections.abc import Container
from datetime import datetime
from typing import Any

from contracts.envelope import Event
from contracts.events.token import TokenRevoked

_LOOK_THROUGH_AT = 1000


class Revocations:
    """Remembers a token's id until the token would have run out anyway."""

    def __init__(self) -> None:
        self._ends: dict[str, datetime] = {}
        self._look_through_at = _LOOK_THROUGH_AT

    @property
    def token_ids(self) -> Container[str]:
        """The ids of tokens that are not good any more; stays current."""
        return self._ends.keys()

    def apply(self, _key: bytes, event: Event[Any] | None) -> None:
        """Takes the next record of the topic; a repeat changes nothing."""
        if event is None or not isinstance(event.data, TokenRevoked):
            return
        self._ends[event.data.token_id] = event.data.expires_at
        if len(self._ends) >= self._look_through_at:
            self._forget(before=event.data.revoked_at)

    def _forget(self, *, before: datetime) -> None:
        for token_id in [one for one, end in self._ends.items() if end < before]:
            del self._ends[token_id]
        self._look_through_at = max(_LOOK_THROUGH_AT, 2 * len(self._ends))
