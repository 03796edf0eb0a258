"""Sign-in with an e-mail address and a password kept here."""

import structlog
from pydantic import SecretStr

from credentials.domain.people import login_of
from credentials.errors.people import InvalidCredentials
from credentials.ports.people import UserStore
from credentials.service.attempting import Attempting
from credentials.service.consent import ConsentService, SignedIn
from credentials.service.passwords import Passwords

log = structlog.get_logger()


class LocalSignIn:
    """Unknown user and wrong password: one answer, one cost, one count of attempts."""

    def __init__(
        self, *, users: UserStore, attempting: Attempting, passwords: Passwords, consent: ConsentService
    ) -> None:
        self._users = users
        self._attempting = attempting
        self._passwords = passwords
        self._consent = consent

    async def sign_in(
        self, company_id: str, email: str, password: SecretStr, *, address: str | None
    ) -> SignedIn:
        """Returns a ticket for one company. Raises InvalidCredentials or TooManyAttempts."""
        # Counted first: guesses sent at the same time are each counted before any of them is checked.
        await self._attempting.count(email, address)
        user = await self._users.find(login_of(email))
        right = await self._passwords.verify(user.password_hash if user else None, password)
        if user is None or not right:
            log.info("sign-in refused", company_id=company_id)
            raise InvalidCredentials
        await self._attempting.was_right(email, address)
        return await self._consent.signed_in(user, company_id)
