"""Attempts to sign in with a password, counted by account and by address."""

from credentials.domain.attempts import AttemptRule
from credentials.domain.people import account_of, address_of
from credentials.errors.people import AddressUnreadable, TooManyAttempts
from credentials.ports import Clock
from credentials.ports.people import AttemptStore


class Attempting:
    """Counts attempts by account and by address; each has its own rule."""

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
        await self._count(account_of(self._pepper, email), self._account_rule)

    async def was_right(self, email: str, address: str | None) -> None:
        """Starts the account's count anew; of the address's only this attempt is forgotten."""
        await self._attempts.clear(account_of(self._pepper, email))
        key = self._address(address)
        if key is not None:
            await self._attempts.take_back(key, self._address_rule)

    async def unlock(self, email: str) -> None:
        """Lets the account try again at once."""
        await self._attempts.clear(account_of(self._pepper, email))

    async def unlock_address(self, address: str) -> None:
        """Lets the address try again at once. Raises AddressUnreadable."""
        try:
            key = address_of(self._pepper, address)
        except ValueError as error:
            raise AddressUnreadable from error
        await self._attempts.clear(key)

    async def _count(self, key: bytes | None, rule: AttemptRule) -> None:
        if key is None:
            return
        wait = await self._attempts.count(key, rule, self._now())
        if wait is not None:
            raise TooManyAttempts(retry_after=wait.total_seconds())

    def _address(self, address: str | None) -> bytes | None:
        return None if address is None else address_of(self._pepper, address)
