"""What sign-in and consent need from outside."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from pydantic import SecretStr

from credentials.domain.attempts import Attempts
from credentials.domain.openid import Begun, Metadata, Person
from credentials.domain.people import Organisation, Ticket, User


class UserStore(Protocol):
    """Users and their organisations. An organisation is found by its name, and made where it is new."""

    async def create(self, user: User, now: datetime) -> None:
        """Adds a user. Raises UserExists."""

    async def find(self, login: str) -> User | None:
        """Returns the user, None when there is none."""

    async def list(self) -> Sequence[User]:
        """Returns all, by login."""

    async def delete(self, login: str) -> None:
        """Removes a user and their tickets. Raises UserUnknown."""

    async def set_password(self, login: str, password_hash: SecretStr) -> None:
        """Changes the password and ends the user's open sign-ins. Raises UserUnknown."""

    async def join(self, login: str, organisation: Organisation, now: datetime) -> None:
        """Gives the user an organisation more; one they have changes nothing. Raises UserUnknown."""

    async def leave(self, login: str, organisation: str) -> None:
        """Takes an organisation from the user. Raises UserUnknown, NoMember or LastOrganisation."""


class AttemptStore(Protocol):
    """Wrong passwords, by account or address; a change is one step, so parallel attempts are each counted."""

    async def count(self, key: bytes, rule: "AttemptCounting", now: datetime) -> timedelta | None:
        """Counts one attempt more, unless there is a wait: then returns how long."""

    async def take_back(self, key: bytes, rule: "AttemptCounting") -> None:
        """Counts one attempt less: it was a right one."""

    async def clear(self, key: bytes) -> None:
        """Starts the count anew."""

    async def knows(self, pair: bytes, now: datetime) -> bool:
        """Whether the account is known at the address."""

    async def remember(self, pair: bytes, until: datetime) -> None:
        """Makes the account known at the address."""


class AttemptCounting(Protocol):
    """The rule of domain.attempts."""

    def waits(self, attempts: Attempts, now: datetime) -> timedelta | None:
        """Returns how long the account has to wait, None when it may try."""

    def after_one_more(self, attempts: Attempts, now: datetime) -> Attempts:
        """Returns the attempts with one more."""

    def after_a_right_one(self, attempts: Attempts) -> Attempts:
        """Returns the attempts without the last."""


class TicketStore(Protocol):
    """Sign-ins on the consent page."""

    async def create(self, ticket: Ticket) -> None:
        """Keeps a new ticket."""

    async def choose(
        self, ticket_hash: bytes, company_id: str, organisation_id: UUID, now: datetime
    ) -> Organisation:
        """Binds the ticket to one of the user's organisations. Raises TicketInvalid."""

    async def deny(self, ticket_hash: bytes, company_id: str, now: datetime) -> None:
        """Uses the ticket up and notes the denial. Raises TicketInvalid."""


class OpenIdStore(Protocol):
    """Sign-ins under way at the provider, and who users are there."""

    async def begin(self, begun: Begun) -> None:
        """Keeps a sign-in under way."""

    async def take(self, state_hash: bytes, browser_hash: bytes, company_id: str, now: datetime) -> None:
        """Uses it up: it is good once. Raises SignInNotBegun, which uses up nothing of another browser's."""

    async def user_of(self, person: Person) -> User:
        """Returns the user: at first by the address, later by the subject. Raises PersonUnknown."""


class Provider(Protocol):
    """The identity provider. All raise IdentityProviderUnavailable."""

    async def metadata(self) -> Metadata:
        """Returns what it says of itself."""

    async def claims(
        self, code: SecretStr, *, verifier: str, nonce: str, redirect_uri: str
    ) -> Mapping[str, Any]:
        """Returns what it proves of a person for a code. Raises IdentityNotProven."""
