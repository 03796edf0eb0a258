"""Which credentials are good, company by company: a view of `credentials.integrations`."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto
from typing import Any

from contracts.envelope import Event
from contracts.events.integration import IntegrationConnected, IntegrationDisabled, IntegrationRotated

from gateway.domain.principal import Principal


class Standing(Enum):
    """What the view says of a token's credential."""

    GOOD = auto()
    REVOKED = auto()
    """An older version, or another client, of a company that is connected."""
    DISABLED = auto()
    """The company's connection is off: none of its tokens is good."""
    UNHEARD = auto()
    """A company or version the view has not got; for a token made just now the event may be under way."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What was last said of a company."""

    client_id: str
    versions: frozenset[int]
    highest: int
    changed_at: datetime
    ended_here: bool = False


class Connections:
    """Repeats and older events change nothing, so the topic may be read again at any time."""

    def __init__(self) -> None:
        self._connections: dict[str, Connection] = {}

    def apply(self, key: bytes, event: Event[Any] | None) -> None:
        """Takes the next record of the topic."""
        if event is None:
            self._connections.pop(key.decode("utf-8", "replace"), None)
            return
        match event.data:
            case IntegrationConnected() | IntegrationRotated() | IntegrationDisabled() as data:
                self.learn(
                    data.company_id,
                    client_id=data.client_id,
                    versions=data.credential_versions,
                    changed_at=data.changed_at,
                )
            case _:
                return

    def learn(
        self, company_id: str, *, client_id: str, versions: Collection[int], changed_at: datetime
    ) -> None:
        """Takes what was said of a company, by an event or by the credentials service itself."""
        known = self._connections.get(company_id)
        if known is not None:
            if changed_at < known.changed_at:
                return
            if known.ended_here and changed_at == known.changed_at:
                return
        highest = max(versions, default=known.highest if known else 0)
        self._connections[company_id] = Connection(client_id, frozenset(versions), highest, changed_at)

    def disable(self, company_id: str) -> None:
        """Ends the company's tokens at once; the event that says so follows."""
        known = self._connections.get(company_id)
        if known is not None:
            self._connections[company_id] = replace(known, versions=frozenset(), ended_here=True)

    def standing(self, principal: Principal) -> Standing:
        """Returns what is known of the token's credential."""
        known = self._connections.get(principal.company_id)
        if known is None:
            return Standing.UNHEARD
        if principal.version in known.versions and principal.client_id == known.client_id:
            return Standing.GOOD
        if principal.version > known.highest:
            return Standing.UNHEARD
        return Standing.REVOKED if known.versions else Standing.DISABLED
