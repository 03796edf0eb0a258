"""A company's connection, the exchange that makes it (SPEC §1.3), and what others are told of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, TypeVar
from uuid import UUID

from contracts.envelope import Event, event_id
from contracts.events import IntegrationConnected, IntegrationDisabled, IntegrationRotated

from credentials.domain.sealing import Sealed

SOURCE = "credentials"
D = TypeVar("D", IntegrationConnected, IntegrationDisabled, IntegrationRotated)


class State(StrEnum):
    """`pending` means: never connected yet."""

    PENDING = "pending"
    CONNECTED = "connected"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Integration:
    """A company's connection. `client_id` stays the same through reconnects; secrets have versions."""

    company_id: str
    organisation_id: UUID
    client_id: str
    state: State
    changed_at: datetime
    versions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerCredential:
    """What SmartRecruiters gave us for a company; the secret sealed for this row."""

    company_id: str
    version: int
    client_id: str
    sealed: Sealed


def row_identity(company_id: str, version: int) -> str:
    """Returns what a customer credential's secret is bound to."""
    return f"credentials.smartrecruiters_credentials/{company_id}/{version}"


@dataclass(frozen=True, slots=True)
class Started:
    """This exchange has the company to itself until its lease ends; the version is pending."""

    client_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Busy:
    """Another exchange of the company is under way."""

    exchange_id: UUID


@dataclass(frozen=True, slots=True)
class Done:
    """The exchange this one waited for (or the same ticket's first use) has connected the company."""


Beginning: TypeAlias = Started | Busy | Done


def connected(integration: Integration) -> Event[IntegrationConnected]:
    """Returns the event of a finished exchange."""
    return _event(IntegrationConnected, integration)


def rotated(integration: Integration) -> Event[IntegrationRotated]:
    """Returns the event of a change in the valid versions."""
    return _event(IntegrationRotated, integration)


def disabled(integration: Integration) -> Event[IntegrationDisabled]:
    """Returns the event that ends every token."""
    return _event(IntegrationDisabled, integration)


def _event(kind: type[D], integration: Integration) -> Event[D]:
    data = kind(
        company_id=integration.company_id,
        client_id=integration.client_id,
        credential_versions=integration.versions,
        changed_at=integration.changed_at,
    )
    identity = event_id(kind.TYPE, integration.company_id, integration.changed_at.isoformat())
    return Event(id=identity, source=SOURCE, time=integration.changed_at, data=data)
