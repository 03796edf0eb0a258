"""The vendor's operator looks after the people who may connect companies."""

from collections.abc import Sequence

from pydantic import SecretStr

from credentials.domain.people import Organisation, User, login_of
from credentials.ports import Clock, UserStore
from credentials.service.passwords import Passwords
from credentials.service.randomness import Randomness


class UserService:
    """Users and their organisations."""

    def __init__(self, *, users: UserStore, passwords: Passwords, randomness: Randomness, now: Clock) -> None:
        self._users = users
        self._passwords = passwords
        self._random = randomness
        self._now = now

    async def add(self, *, email: str, name: str, organisation: str, password: SecretStr) -> None:
        """Adds a user; an organisation of a new name is made. Raises UserExists or PasswordTooShort."""
        user = User(
            id=self._random.uuid(),
            organisation=Organisation(self._random.uuid(), organisation.strip()),
            email=email.strip(),
            name=name.strip(),
            password_hash=await self._passwords.hash(password),
        )
        await self._users.create(user, self._now())

    async def list(self) -> Sequence[User]:
        """Returns all, by organisation."""
        return await self._users.list()

    async def remove(self, email: str) -> None:
        """Removes a user. Raises UserUnknown."""
        await self._users.delete(login_of(email))
