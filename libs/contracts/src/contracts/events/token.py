"""What credentials says of single access tokens (RFC 7009)."""

from contracts.envelope import EventData
from contracts.types import CompanyId, Timestamp


class TokenRevoked(EventData):
    """The client has given a token up before it ran out: it is not good any more."""

    TYPE = "token.revoked"
    company_id: CompanyId
    token_id: str
    """The token's `jti` claim."""
    expires_at: Timestamp
    """When it would have run out; nobody has to remember it for longer."""
    revoked_at: Timestamp

    def subject(self) -> str:
        """The token's id."""
        return self.token_id
