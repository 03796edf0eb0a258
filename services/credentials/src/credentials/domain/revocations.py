"""What others are told of a token its client has given up (RFC 7009)."""

from datetime import datetime

from contracts.envelope import Event, event_id
from contracts.events import TokenRevoked

from credentials.domain.integrations import SOURCE
from credentials.domain.oauth import LivingToken


def revoked(token: LivingToken, now: datetime) -> Event[TokenRevoked]:
    """Returns the event; a repeat is the same event."""
    data = TokenRevoked(
        company_id=token.company_id, token_id=token.token_id, expires_at=token.expires_at, revoked_at=now
    )
    return Event(id=event_id(data.TYPE, token.token_id), source=SOURCE, time=now, data=data)
