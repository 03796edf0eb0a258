"""The vendor's users who may connect a company, and the ticket a sign-in gives."""

import hashlib
import hmac
import ipaddress
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr


@dataclass(frozen=True, slots=True)
class Organisation:
    """The vendor's customer."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in on the consent page, for one of their organisations (by name) at a time."""

    id: UUID
    organisations: tuple[Organisation, ...]
    email: str
    name: str
    password_hash: SecretStr


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sign-in, good once and for one company. Only the ticket's hash is kept.

    It connects nothing before it has an organisation: at once where the user has one, else by their choice.
    """

    hash: bytes
    user_id: UUID
    organisation_id: UUID | None
    company_id: str
    expires_at: datetime


def login_of(email: str) -> str:
    """Returns the address as accounts are compared: without case, outer blanks and look-alike forms."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


def account_of(pepper: bytes, email: str) -> bytes:
    """Returns what attempts are counted by: no address anyone typed is kept."""
    return hmac.new(pepper, b"account\x00" + login_of(email).encode(), hashlib.sha256).digest()


def address_of(pepper: bytes, address: str) -> bytes:
    """Returns what attempts from an IP address are counted by: the address itself is not kept.

    IPv6 is counted by /64, which is one subscriber's. Raises ValueError for what is no address or network.
    """
    return hmac.new(pepper, b"address\x00" + _network(address).encode(), hashlib.sha256).digest()


def account_at(pepper: bytes, email: str, address: str) -> bytes:
    """Returns what attempts for an account are counted by at an address it has signed in from.

    Raises ValueError for what is no address or network.
    """
    content = f"account-at\x00{_network(address)}\x00{login_of(email)}"
    return hmac.new(pepper, content.encode(), hashlib.sha256).digest()


def _network(address: str) -> str:
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_interface(address).ip
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return str(ipaddress.ip_network((ip, 32 if ip.version == 4 else 64), strict=False))


def ticket_hash(ticket: SecretStr) -> bytes:
    """Returns what is kept of a ticket: it is random, so a plain hash is enough."""
    return hashlib.sha256(ticket.get_secret_value().encode()).digest()
