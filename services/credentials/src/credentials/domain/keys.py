"""Signing keys: ES256, of which the newest active one signs and every one not retired is published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc.jwk import ECKey

from credentials.domain.sealing import Sealed, SealingKeys

CURVE = "P-256"


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A key as it is kept: the private half sealed for this key id."""

    kid: str
    public_jwk: Mapping[str, Any]
    sealed: Sealed
    active_from: datetime
    retires_at: datetime | None = None


def row_identity(kid: str) -> str:
    """Returns what a key's private half is bound to."""
    return f"credentials.signing_keys/{kid}"


def to_stored(key: ECKey, sealing: SealingKeys, *, nonce: bytes, active_from: datetime) -> StoredKey:
    """Returns a key as it is kept; its id is its RFC 7638 thumbprint."""
    kid = key.thumbprint()
    public = {name: key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
    sealed = sealing.seal(key.as_pem(private=True), identity=row_identity(kid), nonce=nonce)
    return StoredKey(kid, {**public, "kid": kid, "use": "sig", "alg": "ES256"}, sealed, active_from)


def opened(stored: StoredKey, sealing: SealingKeys) -> ECKey:
    """Returns the private key. Raises SealBroken."""
    return ECKey.import_key(sealing.open(stored.sealed, identity=row_identity(stored.kid)))


def signing(keys: Sequence[StoredKey], now: datetime) -> StoredKey | None:
    """Returns the key to sign with: the newest of those active."""
    return max((key for key in keys if key.active_from <= now), key=lambda key: key.active_from, default=None)
