"""Hand-off links: everything they need is inside, so any replica can serve them and nothing is stored.

A repeat of an order gets the same link, and only we can make or read it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.sealed_tokens import SealedTokens, UnreadableToken
from gateway.errors import InvalidLink


@dataclass(frozen=True, slots=True)
class Handoff:
    """One candidate's way through an inline assessment."""

    order_id: str
    company_id: str
    completed_url: str


class HandoffLinks:
    """Makes and reads links under `{public_url}/t/`. The first key makes new ones, all read."""

    def __init__(self, *, keys: Mapping[str, bytes], public_url: str) -> None:
        self._tokens = SealedTokens(keys)
        self._base = f"{public_url.rstrip('/')}/t/"

    def token(self, handoff: Handoff) -> str:
        """Returns the same token for the same hand-off, as long as the newest key stays."""
        return self._tokens.seal([handoff.order_id, handoff.company_id, handoff.completed_url])

    def url(self, token: str) -> str:
        """Where the candidate starts."""
        return self._base + token

    def done_url(self, token: str) -> str:
        """Where an engine sends the candidate afterwards."""
        return f"{self._base}{token}/done"

    def read(self, token: str) -> Handoff:
        """Returns what is in a token. Raises InvalidLink for every token that none of our keys made."""
        try:
            order_id, company_id, completed_url = self._tokens.open(token)
        except (UnreadableToken, ValueError) as error:
            raise InvalidLink("unknown link") from error
        return Handoff(order_id, company_id, completed_url)
