"""Attempts to sign in with a password, counted by account and by address."""

from datetime import timedelta

from credentials.domain.attempts import AttemptRule
from credentials.domain.people import account_at, account_of, address_of
from credentials.errors.people import AddressUnreadable, TooManyAttempts
from credentials.ports import Clock
from credentials.ports.people import AttemptStore

KNOWN_FOR = timedelta(days=90)


class Attempting:
    """Counts attempts by account and by address; each has its own rule.

    Where an account has signed in before, it is counted apart: whoever guesses elsewhere locks the account
    for everybody but its owner.
    """

    def __init__(
        self,
        *,
        attempts: AttemptStore,
        account_rule: AttemptRule,
        address_rule: AttemptRule,
        pepper: bytes,
        now: Clock,
    ) -> None:
        self._attempts = attempts
        self._account_rule = account_rule
        self._address_rule = address_rule
        self._pepper = pepper
        self._now = now

    async def count(self, email: str, address: str | None) -> None:
        """Counts one attempt. Raises TooManyAttempts.

        The address comes first: while it waits, what it tries is not counted against the accounts.
        """
        await self._count(self._address(address), self._address_rule)
        await self._count(await self._account(email, address), self._account_rule)

    async def was_right(self, email: str, address: str | None) -> None:
        """Starts the account's count anew; of the address's only this attempt is forgotten."""
        await self._attempts.clear(await self._account(email, address))
        if address is not None:
            await self._attempts.take_back(address_of(self._pepper, address), self._address_rule)
            await self._remember(email, address)

    async def unlock(self, email: str) -> None:
        """Lets the account try again at once."""
        await self._attempts.clear(account_of(self._pepper, email))

    async def unlock_at(self, email: str, address: str) -> None:
        """The same, and at this address whatever others try elsewhere. Raises AddressUnreadable."""
        await self.unlock_address(address)
        await self._attempts.clear(account_at(self._pepper, email, address))
        await self._remember(email, address)
        await self.unlock(email)

    async def unlock_address(self, address: str) -> None:
        """Lets the address try again at once. Raises AddressUnreadable."""
        try:
            key = address_of(self._pepper, address)
        except ValueError as error:
            raise AddressUnreadable from error
        await self._attempts.clear(key)

    async def _account(self, email: str, address: str | None) -> bytes:
        if address is not None:
            pair = account_at(self._pepper, email, address)
            if await self._attempts.knows(pair, self._now()):
                return pair
        return account_of(self._pepper, email)

    async def _remember(self, email: str, address: str) -> None:
        await self._attempts.remember(account_at(self._pepper, email, address), self._now() + KNOWN_FOR)

    async def _count(self, key: bytes | None, rule: AttemptRule) -> None:
        if key is None:
            return
        wait = await self._attempts.count(key, rule, self._now())
        if wait is not None:
            raise TooManyAttempts(retry_after=wait.total_seconds())

    def _address(self, address: str | None) -> bytes | None:
        return None if address is None else address_of(self._pepper, address)
