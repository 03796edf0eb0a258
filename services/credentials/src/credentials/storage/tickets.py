"""Sign-ins on the consent page."""

from datetime import datetime
from uuid import UUID

from runtime.database import Pool

from credentials.domain.people import Organisation, Ticket
from credentials.errors.people import TicketInvalid
from credentials.storage.timeline import Happened, note
from credentials.storage.transactions import transaction

_INSERT = """
INSERT INTO credentials.consent_tickets (hash, user_id, organisation_id, company_id, expires_at)
VALUES ($1, $2, $3, $4, $5)
"""
_CHOOSE = """
UPDATE credentials.consent_tickets t SET organisation_id = o.id
FROM credentials.memberships m JOIN credentials.organisations o ON o.id = m.organisation_id
WHERE t.hash = $1 AND t.company_id = $2 AND t.expires_at > $4 AND t.used_for IS NULL
    AND m.user_id = t.user_id AND m.organisation_id = $3
RETURNING o.id, o.name
"""
_DENY = """
UPDATE credentials.consent_tickets SET used_for = 'denial'
WHERE hash = $1 AND company_id = $2 AND expires_at > $3 AND used_for IS NULL RETURNING user_id
"""


class PostgresTickets:
    """`ports.TicketStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create(self, ticket: Ticket) -> None:
        """See `ports.TicketStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                _INSERT,
                ticket.hash,
                ticket.user_id,
                ticket.organisation_id,
                ticket.company_id,
                ticket.expires_at,
            )

    async def choose(
        self, ticket_hash: bytes, company_id: str, organisation_id: UUID, now: datetime
    ) -> Organisation:
        """See `ports.TicketStore`."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(_CHOOSE, ticket_hash, company_id, organisation_id, now)
        if row is None:
            raise TicketInvalid
        return Organisation(row["id"], row["name"])

    async def deny(self, ticket_hash: bytes, company_id: str, now: datetime) -> None:
        """See `ports.TicketStore`."""
        async with transaction(self._pool) as connection:
            user_id = await connection.fetchval(_DENY, ticket_hash, company_id, now)
            if user_id is None:
                raise TicketInvalid
            await note(connection, Happened(company_id, "denied", user_id=user_id), now)
