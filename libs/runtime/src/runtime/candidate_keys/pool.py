"""Keys at hand, so that sealing an order waits for nobody."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog
from joserfc import jwe
from joserfc.jwk import ECKey

from runtime.candidate_keys.errors import KeysUnavailable
from runtime.candidate_keys.jwe import RECORD_BYTES, CandidateKey

_BATCH = 500  # made ready within a millisecond: an order may be waiting
_LOOK_EVERY_SECONDS = 30.0
_RETRY_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Allotted:
    """Fresh keys, each for one order, RECORD_BYTES each; and the public key for when there are none."""

    records: bytes
    wrapping_key: Mapping[str, Any]

    def apart(self) -> list[bytes]:
        """Returns each key's record."""
        return [self.records[at : at + RECORD_BYTES] for at in range(0, len(self.records), RECORD_BYTES)]


class Allotting(Protocol):
    """Where keys come from."""

    async def allot(self, count: int) -> Allotted:
        """Returns new keys. Raises KeysUnavailable."""
        ...


class KeyPool:
    """Seals each time with a key nobody else has. Refilled in batches, in the background.

    A pool that has run dry while credentials is away seals to that service's public key (ECDH-ES):
    the data is no less secret, but shares its key with others and is erased with the record that holds it.
    Keys unused for `max_age` seconds are dropped: credentials forgets those that were never bound.
    """

    def __init__(
        self, *, source: Allotting, size: int, clock: Callable[[], float], max_age: float = 86_400.0
    ) -> None:
        self._source = source
        self._size = size
        self._low = size // 2
        self._clock = clock
        self._max_age = max_age
        self._keys: deque[tuple[float, bytes]] = deque()
        self._wrapping_key: ECKey | None = None
        self._wanted = asyncio.Event()

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def ready(self) -> bool:
        """Whether anything can be sealed."""
        return bool(self._keys) or self._wrapping_key is not None

    def seal(self, plain: bytes) -> str:
        """Returns the JWE, without waiting. Raises KeysUnavailable before credentials has answered once."""
        key = self._next()
        if key is not None:
            return key.seal(plain)
        if self._wrapping_key is None:
            raise KeysUnavailable("no candidate key was ever allotted")
        header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": self._wrapping_key.kid}
        return jwe.encrypt_compact(header, plain, self._wrapping_key)

    def take(self) -> CandidateKey:
        """Returns a key, without waiting. Raises KeysUnavailable when there is none."""
        key = self._next()
        if key is None:
            raise KeysUnavailable("no candidate key is left")
        return key

    def _next(self) -> CandidateKey | None:
        key = CandidateKey.of_record(self._keys.popleft()[1]) if self._keys else None
        if len(self._keys) <= self._low:
            self._wanted.set()
        return key

    async def run(self) -> None:
        """Keeps the pool full until cancelled; waits out an absent credentials service."""
        while True:
            try:
                await self.refill()
            except KeysUnavailable as error:
                log.warning("candidate keys cannot be had", left=len(self._keys), reason=str(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            try:
                async with asyncio.timeout(_LOOK_EVERY_SECONDS):
                    await self._wanted.wait()
            except TimeoutError:
                pass

    async def refill(self) -> None:
        """Drops what is old and fills up. Raises KeysUnavailable."""
        self._wanted.clear()
        oldest = self._clock() - self._max_age
        while self._keys and self._keys[0][0] < oldest:
            self._keys.popleft()
        while self._wrapping_key is None or len(self._keys) < self._size:
            asked_at = self._clock()
            allotted = await self._source.allot(min(_BATCH, max(self._size - len(self._keys), 1)))
            self._wrapping_key = ECKey.import_key(_public(allotted.wrapping_key))
            self._keys.extend((asked_at, record) for record in allotted.apart())


def _public(jwk: Mapping[str, Any]) -> dict[str, str | list[str]]:
    return {name: str(jwk[name]) for name in ("kty", "crv", "x", "y", "kid")}
