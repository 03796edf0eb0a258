"""The consent page's sign-in and denial (SPEC §1.3); the grant is service.connect's."""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from pydantic import SecretStr

from credentials.domain.attempts import AttemptRule
from credentials.domain.people import Organisation, Ticket, account_of, login_of, ticket_hash
from credentials.errors import InvalidCredentials, TooManyAttempts
from credentials.ports import AttemptStore, Clock, TicketStore, UserStore
from credentials.service.passwords import Passwords
from credentials.service.randomness import Randomness

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in: the ticket is told once and only its hash kept."""

    ticket: SecretStr
    expires_in: int
    organisation: Organisation


class ConsentService:
    """Sign-ins. Unknown user and wrong password: one answer, one cost, one count of attempts."""

    def __init__(
        self,
        *,
        users: UserStore,
        attempts: AttemptStore,
        tickets: TicketStore,
        passwords: Passwords,
        rule: AttemptRule,
        pepper: bytes,
        ticket_ttl: timedelta,
        randomness: Randomness,
        now: Clock,
    ) -> None:
        self._users = users
        self._attempts = attempts
        self._tickets = tickets
        self._passwords = passwords
        self._rule = rule
        self._pepper = pepper
        self._ticket_ttl = ticket_ttl
        self._random = randomness
        self._now = now

    async def sign_in(self, company_id: str, email: str, password: SecretStr) -> SignedIn:
        """Returns a ticket for one company. Raises InvalidCredentials or TooManyAttempts."""
        account = account_of(self._pepper, email)
        # Counted first: guesses sent at the same time are each counted before any of them is checked.
        wait = await self._attempts.count(account, self._rule, self._now())
        if wait is not None:
            raise TooManyAttempts(retry_after=wait.total_seconds())
        user = await self._users.find(login_of(email))
        right = await self._passwords.verify(user.password_hash if user else None, password)
        if user is None or not right:
            log.info("sign-in refused", company_id=company_id)
            raise InvalidCredentials
        await self._attempts.clear(account)
        ticket = self._random.secret()
        expires_at = self._now() + self._ticket_ttl
        await self._tickets.create(Ticket(ticket_hash(ticket), user.id, company_id, expires_at))
        log.info("signed in", company_id=company_id, user_id=str(user.id))
        return SignedIn(ticket, int(self._ticket_ttl.total_seconds()), user.organisation)

    async def deny(self, ticket: SecretStr, company_id: str) -> None:
        """Uses the ticket up without connecting. Raises TicketInvalid."""
        await self._tickets.deny(ticket_hash(ticket), company_id, self._now())
        log.info("connection denied", company_id=company_id)
