"""What the use cases need from outside. Stores raise StorageUnavailable when PostgreSQL does not answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from contracts.smartrecruiters import CredentialPair, PartnerConfiguration, TokenAnswer
from pydantic import SecretStr

from credentials.domain.candidate_keys import Binding, StoredCandidateKey, Wanted, WrappingKey
from credentials.domain.clients import ClientVersion, SecretHistory
from credentials.domain.integrations import Beginning, CustomerCredential, Integration
from credentials.domain.keys import StoredKey
from credentials.domain.oauth import LivingToken


class Clock(Protocol):
    """The time, in UTC."""

    def __call__(self) -> datetime:
        """Returns the present."""


@dataclass(frozen=True, slots=True)
class ExchangeRequest:
    """What an exchange begins with. The client id is taken only for a company that has none yet."""

    ticket_hash: bytes
    company_id: str
    exchange_id: UUID
    new_client_id: str
    secret_hash: bytes
    lease_until: datetime


class ExchangeStore(Protocol):
    """The exchange of credentials, all or nothing; no transaction is open between two of these calls."""

    async def begin(self, request: ExchangeRequest, waited_for: Collection[UUID], now: datetime) -> Beginning:
        """Takes the lease, uses the ticket, writes the pending version.

        Busy while another exchange has the lease; Done when one of `waited_for`, or the ticket's first use,
        has connected the company. Raises TicketInvalid or OtherOrganisation.
        """

    async def renew(self, company_id: str, exchange_id: UUID, until: datetime) -> None:
        """Makes the lease last longer, unless another exchange has it."""

    async def complete(self, completion: "Completion", now: datetime) -> None:
        """Activates the version, stores their credential, writes integration.connected: one transaction.

        The version before stays good for the overlap where it still was. May be called twice. Raises NotSaved
        when a later exchange has taken over.
        """

    async def abandon(self, failure: "Failure", now: datetime) -> None:
        """Takes the pending version and the lease away."""

    async def end_interrupted(self, now: datetime) -> Sequence[str]:
        """Does the same for exchanges whose lease has run out, and notes them; returns their companies."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What an exchange ends with when SmartRecruiters has said yes."""

    exchange_id: UUID
    company_id: str
    credential: CustomerCredential
    secret_hash: bytes
    overlap: timedelta


@dataclass(frozen=True, slots=True)
class Failure:
    """What an exchange ends with otherwise.

    `unconfirmed`: SmartRecruiters may hold the connection all the same. With `free_ticket` the sign-in can
    be used again.
    """

    exchange_id: UUID
    company_id: str
    version: int
    reason: str
    unconfirmed: bool
    free_ticket: bool


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One thing that happened to a connection."""

    at: datetime
    what: str
    version: int | None
    reason: str | None


class IntegrationStore(Protocol):
    """Connections and the versions of what we issued."""

    async def get(self, company_id: str) -> Integration | None:
        """Returns a company's connection, None when it never began."""

    async def list(self) -> Sequence[Integration]:
        """Returns all, by company."""

    async def timeline(self, company_id: str) -> Sequence[TimelineEntry]:
        """Returns what happened, oldest first."""

    async def unconfirmed(self, company_id: str) -> bool:
        """Whether SmartRecruiters may hold a connection later than the one that stands here, if any does."""

    async def secrets(self, company_id: str) -> Sequence[SecretHistory]:
        """Returns the versions of our secret, oldest first."""

    async def used(self, company_id: str, version: int, now: datetime) -> None:
        """Notes that a token was given for this version."""

    async def versions(self, client_id: str) -> Sequence[ClientVersion]:
        """Returns the active versions, newest first, two at most; none for an unknown client."""

    async def customer_credential(self, company_id: str) -> CustomerCredential | None:
        """Returns what SmartRecruiters gave us, None unless connected."""

    async def disable(self, company_id: str, now: datetime, *, version: int | None = None) -> bool:
        """Ends all versions, forgets their credential, writes integration.disabled.

        False when it was so, or when `version`, whose token asks for it, is not good any more.
        """

    async def rotate(
        self, company_id: str, secret_hash: bytes, now: datetime, overlap: timedelta
    ) -> Integration:
        """Adds a version beside the present one, which ends after `overlap`, at once when that is nothing.

        Raises NotConnected or IntegrationDisabled.
        """

    async def end_old(self, company_id: str, now: datetime) -> Integration:
        """Ends every version but the newest, writes integration.rotated. Raises as `rotate` does."""

    async def end_overdue(self, now: datetime) -> Sequence[str]:
        """Ends versions whose overlap is over, writes integration.rotated; returns their companies."""

    async def move(self, company_id: str, organisation: str) -> None:
        """Binds the company to another organisation. Raises NotConnected or OrganisationUnknown."""


class RevocationStore(Protocol):
    """Tokens their clients have given up."""

    async def revoke(self, token: LivingToken, now: datetime) -> None:
        """Writes token.revoked; a repeat is the same event."""


class KeyStore(Protocol):
    """Signing keys, sealed."""

    async def list(self, now: datetime) -> Sequence[StoredKey]:
        """Returns the keys that are not retired."""

    async def create_first(self, key: StoredKey) -> None:
        """Stores the key unless there is one: of replicas that start together, one wins."""

    async def rotate(self, key: StoredKey, retire_others_at: datetime) -> None:
        """Adds a key, and lets those there be retired at a time."""


class CandidateKeyStore(Protocol):
    """Keys of candidates' data, sealed, and the traces of those erased."""

    async def create_many(self, keys: Sequence[StoredCandidateKey], now: datetime) -> None:
        """Keeps new keys, unbound."""

    async def find(self, key_ids: Sequence[UUID]) -> Sequence[StoredCandidateKey]:
        """Returns those of the keys that are known."""

    async def bind(self, bindings: Sequence[Binding], now: datetime) -> frozenset[UUID]:
        """Notes whose the keys are; erases, and returns, those whose person was erased meanwhile."""

    async def erase(self, wanted: Wanted, now: datetime) -> tuple[int, list[str]]:
        """Destroys keys and remembers whose; returns how many were there, and the orders of them all."""

    async def orders(self, wanted: Wanted) -> list[str]:
        """Returns the orders keys were used for, erased ones too."""

    async def wrapping_key(self) -> WrappingKey | None:
        """Returns the oldest, None when there is none."""

    async def create_wrapping_key(self, key: WrappingKey, now: datetime) -> WrappingKey:
        """Keeps the key unless there is one; returns the one there is."""

    async def tidy(self, now: datetime) -> None:
        """Forgets keys nobody ever used, and the traces of what was erased."""


class Janitor(Protocol):
    """What keeps the tables small."""

    async def tidy(self, now: datetime) -> None:
        """Deletes tickets, attempts and keys that cannot matter any more."""


class SmartRecruiters(Protocol):
    """SmartRecruiters' side. Calls end within the outbound time-out, and may raise SmartRecruitersError."""

    async def token(self, client_id: str, client_secret: SecretStr) -> TokenAnswer:
        """POST /identity/oauth/token. Raises ClientRefused."""

    async def exchange(self, token: SecretStr, company_id: str, pair: CredentialPair) -> CredentialPair:
        """POST /integration/company/{companyId}."""

    async def get_configuration(self, token: SecretStr) -> Mapping[str, Any] | None:
        """GET /partner/configuration; None when there is none yet."""

    async def put_configuration(self, token: SecretStr, wanted: PartnerConfiguration) -> Mapping[str, Any]:
        """PUT /partner/configuration; returns what SmartRecruiters says it holds now."""
