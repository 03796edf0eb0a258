"""The vendor's users who may connect a company, and the ticket a sign-in gives."""

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr

SHORTEST_PASSWORD = 8


@dataclass(frozen=True, slots=True)
class Organisation:
    """The vendor's customer."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A person of an organisation who signs in on the consent page."""

    id: UUID
    organisation: Organisation
    email: str
    name: str
    password_hash: SecretStr


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sign-in, good once and for one company. Only the ticket's hash is kept."""

    hash: bytes
    user_id: UUID
    company_id: str
    expires_at: datetime


def login_of(email: str) -> str:
    """Returns the address as accounts are compared: without case, outer blanks and look-alike forms."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def account_of(pepper: bytes, email: str) -> bytes:
    """Returns what attempts are counted by: no address anyone typed is kept."""
    return hmac.new(pepper, b"account\x00" + login_of(email).encode(), hashlib.sha256).digest()


def ticket_hash(ticket: SecretStr) -> bytes:
    """Returns what is kept of a ticket: it is random, so a plain hash is enough."""
    return hashlib.sha256(ticket.get_secret_value().encode()).digest()
