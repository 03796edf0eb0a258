"""What the use cases need from outside."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeAlias

from gateway.domain.orders import Record
from gateway.domain.token_requests import RevocationRequest, TokenRequest


class SpooledRecord(NamedTuple):
    """One row of the spool."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]


Publish: TypeAlias = Callable[[Sequence[SpooledRecord]], Awaitable[None]]


class OrderLog(Protocol):
    """Where orders go: Kafka."""

    async def publish(self, record: Record) -> None:
        """Returns when the broker holds the record. Raises Unavailable when it did not say so in time."""
        ...

    async def publish_spooled(self, records: Sequence[SpooledRecord]) -> None:
        """Returns when the broker holds them all; those of a partition in their order. Raises Unavailable."""
        ...

    async def answers(self) -> bool:
        """Whether the broker can be reached; does not raise, ends soon."""
        ...


class Spool(Protocol):
    """Where orders wait while Kafka does not answer: PostgreSQL."""

    async def put(self, record: Record) -> None:
        """Returns when the record is committed; a repeat changes nothing. Raises Unavailable."""
        ...

    async def drain(self, publish: Publish) -> int:
        """Publishes the oldest records, then deletes them; returns how many.

        One replica at a time: 0 while another is at it. A crash in between repeats. Raises Unavailable.
        """
        ...


@dataclass(frozen=True, slots=True)
class Launch:
    """How far an order's test is for the candidate's browser."""

    url: str | None
    finished: bool


class Launches(Protocol):
    """Launch addresses, as engines said last."""

    async def get(self, order_id: str) -> Launch | None:
        """Returns the order's launch, None before an engine said a word. Raises Unavailable."""
        ...

    async def put_many(self, launches: Mapping[str, Launch]) -> None:
        """Adds what engines said, by order id: an address stays until the next, finished stays for good."""
        ...

    async def delete_old(self) -> int:
        """Deletes what nobody will ask for any more; returns how many."""
        ...


class KeysAtHand(Protocol):
    """Keys of candidates' data that nobody has used yet."""

    def seal(self, plain: bytes) -> str:
        """Returns the JWE, without waiting. Raises KeysUnavailable before credentials has answered once."""
        ...


@dataclass(frozen=True, slots=True)
class Organisation:
    """The vendor's customer, as the credentials service knows it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class SignInMethods:
    """How a person may sign in; `openid` is what they call the identity provider, None without one."""

    local: bool
    openid: str | None


@dataclass(frozen=True, slots=True)
class OpenIdAnswer:
    """What the identity provider's redirect brought; `code` is None when it was an error."""

    state: str = field(repr=False)
    code: str | None = field(repr=False)
    issuer: str | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person of the vendor's customer, between sign-in and consent."""

    ticket: str = field(repr=False)
    organisations: tuple[Organisation, ...]


@dataclass(frozen=True, slots=True)
class IntegrationState:
    """How a company's connection stands; no version is good while it is disabled."""

    client_id: str
    versions: tuple[int, ...]
    changed_at: datetime


class Credentials(Protocol):
    """The credentials service. All raise CredentialsUnavailable, and CredentialsRefused with its code."""

    async def keys(self) -> Any:
        """Returns the JWK set of access tokens."""
        ...

    async def token(self, request: TokenRequest) -> dict[str, Any]:
        """Returns RFC 6749 §5.1's answer. Raises TokenRequestRefused."""
        ...

    async def revoke(self, request: RevocationRequest) -> None:
        """Ends the token, when it is one of the client's. Raises TokenRequestRefused."""
        ...

    async def sign_in_methods(self) -> SignInMethods:
        """Returns how a person may sign in."""
        ...

    async def begin_openid(self, company_id: str, visit: str, browser: str) -> str:
        """Returns the identity provider's address to go to; `visit` comes back at the end of the state."""
        ...

    async def finish_openid(self, company_id: str, browser: str, answer: OpenIdAnswer) -> SignedIn:
        """Returns a one-use ticket for what the provider answered to the same browser."""
        ...

    async def sign_in(self, company_id: str, email: str, password: str, *, address: str | None) -> SignedIn:
        """Returns a one-use ticket; with several organisations it needs `choose` before it is good."""
        ...

    async def choose(self, company_id: str, ticket: str, organisation_id: str) -> Organisation:
        """Binds the ticket to one of the person's organisations."""
        ...

    async def grant(self, company_id: str, ticket: str) -> None:
        """Connects the company: both sides hold the other's credential afterwards, or neither does."""
        ...

    async def deny(self, company_id: str, ticket: str) -> None:
        """Uses up the ticket."""
        ...

    async def integration(self, company_id: str) -> IntegrationState:
        """Returns what the company's last event says, or is to say. Refused as `not_connected` before one."""
        ...

    async def disable(self, company_id: str, version: int) -> None:
        """Ends the connection this version of our credential belongs to; a repeat changes nothing."""
        ...
