"""Keys of candidates' data: one for each order, destroyed to erase the data wherever it lies.

A person is known by HMACs alone, each of one company: what one customer wants erased is its own.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from credentials.domain.sealing import Sealed

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class StoredCandidateKey:
    """A key as it is kept; `sealed` None: erased."""

    id: UUID
    sealed: Sealed | None


@dataclass(frozen=True, slots=True)
class WrappingKey:
    """The key pair for orders that found no candidate key at hand; the private half sealed for its kid."""

    kid: str
    public_jwk: Mapping[str, Any]
    sealed: Sealed


@dataclass(frozen=True, slots=True)
class Binding:
    """Whose order a key was used for. `received_at`: an erasure before it is not about this order."""

    key_id: UUID
    company_id: str
    order_id: str
    received_at: datetime
    candidate: bytes | None
    email: bytes | None
    order: bytes

    @property
    def subjects(self) -> frozenset[bytes]:
        """Everything under which this order's candidate may have been erased."""
        given = [self.order, self.candidate, self.email]
        if self.candidate is None and self.email is not None:
            given.append(nameless(self.email))
        return frozenset(one for one in given if one is not None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose keys are meant: a candidate's, an e-mail address's, or those of some orders."""

    company_id: str
    candidate: bytes | None = None
    email: bytes | None = None
    order_ids: tuple[str, ...] = ()
    orders: tuple[bytes, ...] = ()

    def subjects(self, emails: Collection[bytes]) -> frozenset[bytes]:
        """What is remembered of an erasure; `emails` are those the candidate's orders had."""
        given = [self.candidate, self.email, *self.orders, *map(nameless, emails)]
        return frozenset(one for one in given if one is not None)


def row_identity(key_id: UUID) -> str:
    """Returns what a candidate key is bound to."""
    return f"credentials.candidate_keys/{key_id}"


def wrapping_identity(kid: str) -> str:
    """Returns what a wrapping key is bound to."""
    return f"credentials.wrapping_keys/{kid}"


def candidate_of(pepper: bytes, company_id: str, candidate_id: str | None) -> bytes | None:
    """Returns the HMAC of SmartRecruiters' candidate id."""
    return _digest(pepper, "candidate", company_id, candidate_id) if candidate_id else None


def email_of(pepper: bytes, company_id: str, email: str | None) -> bytes | None:
    """Returns the HMAC of an e-mail address, whatever its letters' case."""
    normal = (email or "").strip().casefold()
    return _digest(pepper, "email", company_id, normal) if normal else None


def order_of(pepper: bytes, company_id: str, order_id: str) -> bytes:
    """Returns the HMAC of an order's id."""
    return _digest(pepper, "order", company_id, order_id)


def nameless(email: bytes) -> bytes:
    """Returns the mark of orders with this address and no candidate id: inline ones.

    An agency's address may stand in many candidates' orders; erasing one of these takes with it only what
    has nothing but the address to go by.
    """
    return hashlib.sha256(b"without candidate id" + email).digest()


def _digest(pepper: bytes, kind: str, company_id: str, value: str) -> bytes:
    return hmac.new(pepper, f"{kind}\x1f{company_id}\x1f{value}".encode(), hashlib.sha256).digest()
