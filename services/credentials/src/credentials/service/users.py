"""The vendor's operator looks after the people who may connect companies."""

from collections.abc import Sequence

from pydantic import SecretStr

from credentials.domain.passwords import words_of
from credentials.domain.people import Organisation, User, login_of
from credentials.errors.people import UserUnknown
from credentials.ports import Clock
from credentials.ports.people import UserStore
from credentials.service.attempting import Attempting
from credentials.service.passwords import Passwords
from credentials.service.randomness import Randomness


class UserService:
    """Users and their organisations. In a password, words of theirs and of our own host count for nothing."""

    def __init__(
        self,
        *,
        users: UserStore,
        passwords: Passwords,
        attempting: Attempting,
        randomness: Randomness,
        now: Clock,
        host: str,
    ) -> None:
        self._users = users
        self._passwords = passwords
        self._attempting = attempting
        self._random = randomness
        self._now = now
        self._host = host

    async def add(
        self, *, email: str, name: str, organisations: Sequence[str], password: SecretStr | None
    ) -> None:
        """Adds a user; an organisation of a new name is made.

        Without a password they get one that nobody knows, and sign in at the identity provider alone.
        Raises UserExists, PasswordTooShort or PasswordGuessable.
        """
        user = User(
            id=self._random.uuid(),
            organisations=tuple(self._organisation(one) for one in organisations),
            email=email.strip(),
            name=name.strip(),
            password_hash=await self._passwords.hash(
                password or self._random.secret(), words_of(email, name, *organisations, self._host)
            ),
        )
        await self._users.create(user, self._now())

    async def list(self) -> Sequence[User]:
        """Returns all, by login."""
        return await self._users.list()

    async def remove(self, email: str) -> None:
        """Removes a user. Raises UserUnknown."""
        await self._users.delete(login_of(email))

    async def change_password(self, email: str, password: SecretStr) -> None:
        """Changes the password and ends open sign-ins.

        Raises UserUnknown, PasswordTooShort or PasswordGuessable.
        """
        user = await self._users.find(login_of(email))
        if user is None:
            raise UserUnknown
        names = (one.name for one in user.organisations)
        words = words_of(user.email, user.name, *names, self._host)
        await self._users.set_password(login_of(email), await self._passwords.hash(password, words))

    async def join(self, email: str, organisation: str) -> None:
        """Gives the user an organisation more. Raises UserUnknown."""
        await self._users.join(login_of(email), self._organisation(organisation), self._now())

    async def leave(self, email: str, organisation: str) -> None:
        """Takes an organisation from the user. Raises UserUnknown, NoMember or LastOrganisation."""
        await self._users.leave(login_of(email), organisation.strip())

    async def unlock(self, email: str) -> None:
        """Lets an account that waits after wrong passwords try again at once, whether it exists or not."""
        await self._attempting.unlock(email)

    async def unlock_at(self, email: str, address: str) -> None:
        """The same at an IP address, where from now on others' wrong passwords do not count.

        Raises AddressUnreadable.
        """
        await self._attempting.unlock_at(email, address)

    async def unlock_address(self, address: str) -> None:
        """The same for an IP address. Raises AddressUnreadable."""
        await self._attempting.unlock_address(address)

    def _organisation(self, name: str) -> Organisation:
        return Organisation(self._random.uuid(), name.strip())
