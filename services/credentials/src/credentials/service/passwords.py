"""People's passwords: Argon2id (RFC 9106), in threads, a few at a time: each needs 64 MiB."""

import asyncio
from collections.abc import Set as AbstractSet

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from pydantic import SecretStr

from credentials.domain.passwords import SHORTEST, is_guessable
from credentials.errors.people import PasswordGuessable, PasswordTooShort

AT_ONCE = 4


class Passwords:
    """Hashing and checking off the loop."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._judging = asyncio.Lock()
        self._nobody: SecretStr | None = None

    async def hash(self, password: SecretStr, words: AbstractSet[str]) -> SecretStr:
        """Returns the hash to keep. Raises PasswordTooShort, or PasswordGuessable for who knows the words."""
        text = password.get_secret_value()
        if len(text) < SHORTEST:
            raise PasswordTooShort
        async with self._judging:
            if await asyncio.to_thread(is_guessable, text, words):
                raise PasswordGuessable
        return await self._hash(password)

    async def verify(self, kept: SecretStr | None, password: SecretStr) -> bool:
        """Whether the password is right. Without a hash (no such user) it costs the same and is wrong."""
        if self._nobody is None:
            await self.warm_up()
        against = kept or self._nobody or password
        async with self._at_once:
            right = await asyncio.to_thread(self._verify, against, password)
        return right and kept is not None

    async def warm_up(self) -> None:
        """Makes the hash that stands in for unknown users, so that the first of them costs no more."""
        self._nobody = await self._hash(SecretStr("nobody has this password"))

    async def _hash(self, password: SecretStr) -> SecretStr:
        async with self._at_once:
            return SecretStr(await asyncio.to_thread(self._hasher.hash, password.get_secret_value()))

    def _verify(self, kept: SecretStr, password: SecretStr) -> bool:
        try:
            return self._hasher.verify(kept.get_secret_value(), password.get_secret_value())
        except VerificationError:
            return False
