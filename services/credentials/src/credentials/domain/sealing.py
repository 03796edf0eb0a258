"""Sealing of secrets we must be able to read again: AES-256-GCM, versioned keys, bound to their row."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from credentials.errors import EncryptionKeysUnavailable, SealBroken

NONCE_BYTES = 12
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Sealed:
    """Nonce and ciphertext, and which key made it."""

    key_id: str
    box: bytes


@dataclass(frozen=True, slots=True)
class DataKey:
    """A sealing key as it is kept: wrapped by the key service, for this id."""

    id: str
    wrapped: str
    created_at: datetime


class SealingKeys:
    """Keys by id. The first seals; all open, so that a key can be changed without a stop.

    `renew` replaces them all at once; while there are none everything raises EncryptionKeysUnavailable.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        self._keys: Mapping[str, AESGCM] = {}
        self.renew(keys)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `id:base64-32-bytes,…`. Raises ValueError saying what is wrong, never the key."""
        return cls(parsed(text))

    def renew(self, keys: Mapping[str, bytes]) -> None:
        """Takes these in place of those there were."""
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the keys, the one that seals first."""
        return tuple(self._keys)

    @property
    def current(self) -> str:
        """Id of the key that seals."""
        if not self._keys:
            raise EncryptionKeysUnavailable
        return next(iter(self._keys))

    def seal(self, plain: bytes, *, identity: str, nonce: bytes) -> Sealed:
        """Seals for one row; a nonce is used once."""
        current = self.current
        return Sealed(current, nonce + self._keys[current].encrypt(nonce, plain, identity.encode()))

    def open(self, sealed: Sealed, *, identity: str) -> bytes:
        """Opens what was sealed for the same row. Raises SealBroken for anything else."""
        if not self._keys:
            raise EncryptionKeysUnavailable
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise SealBroken
        try:
            return key.decrypt(sealed.box[:NONCE_BYTES], sealed.box[NONCE_BYTES:], identity.encode())
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error


def parsed(text: str) -> dict[str, bytes]:
    """Reads `id:base64-32-bytes,…`. Raises ValueError saying what is wrong, never the key."""
    keys: dict[str, bytes] = {}
    for place, entry in enumerate(filter(None, (part.strip() for part in text.split(","))), start=1):
        key_id, _, encoded = entry.partition(":")
        if not key_id or key_id in keys:
            raise ValueError(f"key {place} needs an id of its own: id:base64-32-bytes")
        keys[key_id] = _decoded(encoded, place)
    if not keys:
        raise ValueError("at least one key is needed: id:base64-32-bytes")
    return keys


def _decoded(encoded: str, place: int) -> bytes:
    try:
        key = base64.b64decode(encoded, altchars=b"-_" if {"-", "_"} & set(encoded) else None, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"key {place} is not base64") from error
    if len(key) != KEY_BYTES:
        raise ValueError(f"key {place} has {len(key)} bytes, 32 are needed")
    return key
