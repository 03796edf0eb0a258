"""What sealing needs from outside: keys, their service, and the rows that stand under them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from credentials.domain.sealing import DataKey, Sealed


class KeyProvider(Protocol):
    """Where the sealing keys come from: the settings, a file, a key service."""

    async def keys(self) -> Mapping[str, bytes]:
        """Returns the keys by id, 32 bytes each; the first seals, all open.

        Raises EncryptionKeysUnavailable or StorageUnavailable.
        """


class KeyManagement(Protocol):
    """A service that wraps keys with one that never leaves it. Raises EncryptionKeysUnavailable."""

    async def wrap(self, key_id: str, plain: bytes) -> str:
        """Returns the key wrapped, good for this id alone."""

    async def unwrap(self, keys: Sequence[DataKey]) -> Mapping[str, bytes]:
        """Returns the keys by id."""


class DataKeyStore(Protocol):
    """Data keys, wrapped."""

    async def list(self) -> Sequence[DataKey]:
        """Returns all, the oldest first."""

    async def create(self, key: DataKey, *, first: bool = False) -> None:
        """Adds a key; with `first` only where there is none: of replicas that start together, one wins."""

    async def delete(self, key_id: str, before: datetime) -> bool:
        """Takes a key out that was made before a time; False where there is none."""


class SecretChecks(Protocol):
    """What the settings' secrets were at first."""

    async def settle(self, name: str, digest: bytes) -> bytes:
        """Keeps the digest unless one is there; returns the one that is."""


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many rows were sealed anew, and how many no key opens."""

    done: int
    broken: int


class SealedRows(Protocol):
    """Every row that holds something sealed."""

    async def count(self) -> Mapping[str, Mapping[str, int]]:
        """Returns the rows of each table by the key they stand under."""

    async def reseal(self, current: str, anew: Callable[[str, Sealed], Sealed | None]) -> Resealed:
        """Replaces what is sealed under another key by what `anew` makes of it, None leaves it as it is.

        Batch by batch, each a transaction: what is done stays done, and rows others hold are left out.
        """
