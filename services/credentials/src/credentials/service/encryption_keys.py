"""The keys that seal: where they come from, how they are renewed, and how what is sealed follows them."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from credentials.domain.sealing import KEY_BYTES, NONCE_BYTES, DataKey, Sealed, SealingKeys, parsed
from credentials.errors import (
    EncryptionKeyInUse,
    EncryptionKeysUnavailable,
    PepperChanged,
    SealBroken,
    StorageUnavailable,
)
from credentials.ports import Clock
from credentials.ports.encryption_keys import (
    DataKeyStore,
    KeyManagement,
    KeyProvider,
    Resealed,
    SealedRows,
    SecretChecks,
)
from credentials.service.randomness import Randomness

log = structlog.get_logger()


class ListedKeys:
    """`ports.KeyProvider`: the keys of ENCRYPTION_KEYS, or of its file as it stands now."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    async def keys(self) -> Mapping[str, bytes]:
        """See `ports.KeyProvider`."""
        try:
            return parsed(await asyncio.to_thread(self._read))
        except (OSError, ValueError) as error:
            raise EncryptionKeysUnavailable(f"ENCRYPTION_KEYS_FILE cannot be used: {error}") from error


class WrappedKeys:
    """`ports.KeyProvider`: data keys that a key service wraps; `listed` ones open what they sealed before.

    A new key seals when every replica knows it: `ahead` after it was made.
    """

    def __init__(
        self,
        *,
        store: DataKeyStore,
        service: KeyManagement,
        listed: Mapping[str, bytes],
        randomness: Randomness,
        now: Clock,
        ahead: timedelta,
    ) -> None:
        self._store = store
        self._service = service
        self._listed = listed
        self._random = randomness
        self._now = now
        self._ahead = ahead

    async def keys(self) -> Mapping[str, bytes]:
        """See `ports.KeyProvider`."""
        stored = await self._store.list()
        if not stored:
            await self.add(first=True)
            stored = await self._store.list()
        opened = await self._service.unwrap(stored)
        known = [key for key in stored if key.created_at + self._ahead <= self._now()] or stored[:1]
        current = known[-1].id
        return {current: opened[current], **opened, **self._listed}

    async def add(self, *, first: bool = False) -> str:
        """Makes a key, unless one is there and only a first one is wanted; returns its id."""
        key_id = f"d{self._random.uuid().hex[:12]}"
        wrapped = await self._service.wrap(key_id, self._random.bytes(KEY_BYTES))
        await self._store.create(DataKey(key_id, wrapped, self._now()), first=first)
        return key_id


class Keyring:
    """Keeps the sealing keys as their provider has them; without it they serve for `keep_seconds` more."""

    def __init__(
        self,
        *,
        sealing: SealingKeys,
        provider: KeyProvider,
        clock: Callable[[], float],
        refresh_seconds: float,
        keep_seconds: float,
    ) -> None:
        self._sealing = sealing
        self._provider = provider
        self._clock = clock
        self._refresh = refresh_seconds
        self._keep = keep_seconds
        self._loaded_at = clock()

    async def load(self) -> None:
        """Takes the keys as they are now. Raises EncryptionKeysUnavailable or StorageUnavailable."""
        keys = await self._provider.keys()
        before = self._sealing.ids
        self._sealing.renew(keys)
        self._loaded_at = self._clock()
        if before != self._sealing.ids:
            log.info("encryption keys changed", current=self._sealing.current, keys=len(keys))

    async def look(self) -> None:
        """Takes the keys if they are to be had, else keeps those it has until they are too old."""
        try:
            await self.load()
        except (EncryptionKeysUnavailable, StorageUnavailable) as error:
            log.warning("encryption keys not renewed", reason=error.detail)
            if self._clock() - self._loaded_at > self._keep and self._sealing.ids:
                log.warning("encryption keys forgotten", seconds=self._keep)
                self._sealing.renew({})

    async def run(self) -> None:
        """Looks again and again, for ever."""
        while True:
            await asyncio.sleep(self._refresh)
            await self.look()


class Resealing:
    """Brings every row under the key that seals now. Any number may work at once, and any may be killed."""

    def __init__(self, *, rows: SealedRows, sealing: SealingKeys, randomness: Randomness) -> None:
        self._rows = rows
        self._sealing = sealing
        self._random = randomness

    async def once(self) -> Resealed:
        """Returns how many rows changed, and how many could not be opened and stay as they are."""
        result = await self._rows.reseal(self._sealing.current, self._anew)
        if result.done:
            log.info("rows sealed anew", rows=result.done, key=self._sealing.current)
        if result.broken:
            log.warning("rows that no key opens", rows=result.broken)
        return result

    async def run(self, every_seconds: float) -> None:
        """Does so again and again; waits out an absent PostgreSQL or key service."""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                await self.once()
            except (StorageUnavailable, EncryptionKeysUnavailable) as error:
                log.warning("sealing anew waits", reason=error.detail)

    def _anew(self, identity: str, sealed: Sealed) -> Sealed | None:
        try:
            plain = self._sealing.open(sealed, identity=identity)
        except SealBroken:
            return None
        return self._sealing.seal(plain, identity=identity, nonce=self._random.bytes(NONCE_BYTES))


class EncryptionKeyService:
    """What an operator does with the keys."""

    def __init__(
        self,
        *,
        sealing: SealingKeys,
        rows: SealedRows,
        resealing: Resealing,
        wrapped: WrappedKeys | None,
        store: DataKeyStore,
        now: Clock,
    ) -> None:
        self._sealing = sealing
        self._rows = rows
        self.resealing = resealing
        self._wrapped = wrapped
        self._store = store
        self._now = now

    async def status(self) -> Sequence[tuple[str, str, Mapping[str, int]]]:
        """Returns for each key its id, `seals`, `opens` or `missing`, and its rows by table."""
        counts = await self._rows.count()
        known = self._sealing.ids
        ids = [*known, *sorted(counts.keys() - set(known))]
        word = dict.fromkeys(known, "opens") | {self._sealing.current: "seals"}
        return [(key_id, word.get(key_id, "missing"), counts.get(key_id, {})) for key_id in ids]

    async def rotate(self) -> str:
        """Makes a data key; returns its id. Raises EncryptionKeysUnavailable without a key service."""
        if self._wrapped is None:
            raise EncryptionKeysUnavailable(
                "Put a new key in front of ENCRYPTION_KEYS: no key service makes them."
            )
        return await self._wrapped.add()

    async def remove(self, key_id: str) -> bool:
        """Forgets a data key, False where there is none. Raises EncryptionKeyInUse."""
        if key_id == self._sealing.current or key_id in await self._rows.count():
            raise EncryptionKeyInUse
        return await self._store.delete(key_id, self._now())


@dataclass(frozen=True, slots=True)
class Pepper:
    """The pepper in use, and the key of ENCRYPTION_KEYS it was derived from, None where it is a setting."""

    value: bytes
    derived_from: str | None

    @property
    def text(self) -> str:
        """What SECRET_PEPPER is set to, to have this one whatever becomes of the key."""
        return f"hex:{self.value.hex()}"


async def settled_pepper(candidates: Sequence[Pepper], checks: SecretChecks) -> Pepper:
    """Returns the one of the candidates that hashed the stored secrets: at first use the first one.

    Raises PepperChanged when none did: every secret we issued would be wrong, and nobody would know why.
    """
    digests = {_check(one.value): one for one in candidates}
    kept = await checks.settle("pepper", next(iter(digests)))
    if kept not in digests:
        raise PepperChanged
    return digests[kept]


def _check(pepper: bytes) -> bytes:
    return hmac.new(pepper, b"assessment-bridge/check", hashlib.sha256).digest()
