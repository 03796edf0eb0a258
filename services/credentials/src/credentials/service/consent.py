"""What follows a sign-in: its ticket, the choice of an organisation, the denial. Grants: service.connect."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from pydantic import SecretStr

from credentials.domain.people import Organisation, Ticket, User, ticket_hash
from credentials.ports import Clock
from credentials.ports.people import TicketStore
from credentials.service.randomness import Randomness

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in: the ticket is told once and only its hash kept. With several organisations one is chosen."""

    ticket: SecretStr
    expires_in: int
    organisations: Sequence[Organisation]


class ConsentService:
    """What follows a sign-in, whichever way it was made (SPEC §1.3)."""

    def __init__(
        self, *, tickets: TicketStore, ticket_ttl: timedelta, randomness: Randomness, now: Clock
    ) -> None:
        self._tickets = tickets
        self._ticket_ttl = ticket_ttl
        self._random = randomness
        self._now = now

    async def signed_in(self, user: User, company_id: str) -> SignedIn:
        """Returns a ticket of the user for one company."""
        ticket = self._random.secret()
        only = user.organisations[0].id if len(user.organisations) == 1 else None
        expires_at = self._now() + self._ticket_ttl
        await self._tickets.create(Ticket(ticket_hash(ticket), user.id, only, company_id, expires_at))
        log.info("signed in", company_id=company_id, user_id=str(user.id))
        return SignedIn(ticket, int(self._ticket_ttl.total_seconds()), user.organisations)

    async def choose(self, ticket: SecretStr, company_id: str, organisation_id: UUID) -> Organisation:
        """Returns the organisation the ticket connects for from now on. Raises TicketInvalid.

        May be called again as long as the ticket is not used.
        """
        return await self._tickets.choose(ticket_hash(ticket), company_id, organisation_id, self._now())

    async def deny(self, ticket: SecretStr, company_id: str) -> None:
        """Uses the ticket up without connecting. Raises TicketInvalid."""
        await self._tickets.deny(ticket_hash(ticket), company_id, self._now())
        log.info("connection denied", company_id=company_id)
