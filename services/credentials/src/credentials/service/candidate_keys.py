"""Giving out candidate keys, telling whose they are, and destroying them."""

import asyncio
import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from credentials.domain import candidate_keys as keys
from credentials.domain.candidate_keys import Binding, StoredCandidateKey, Wanted, WrappingKey
from credentials.domain.sealing import NONCE_BYTES, Sealed, SealingKeys
from credentials.errors import StorageUnavailable
from credentials.ports import CandidateKeyStore, Clock
from credentials.service.randomness import Randomness

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What a service tells of a key it used."""

    key_id: UUID
    company_id: str
    order_id: str
    received_at: datetime
    candidate_id: str | None
    email: str | None


class CandidateKeyService:
    """Every method may be called again with the same words."""

    def __init__(
        self,
        *,
        store: CandidateKeyStore,
        sealing: SealingKeys,
        pepper: bytes,
        randomness: Randomness,
        now: Clock,
    ) -> None:
        self._store = store
        self._sealing = sealing
        self._pepper = pepper
        self._random = randomness
        self._now = now
        self._wrapping: ECKey | None = None

    async def allot(self, count: int) -> list[tuple[UUID, bytes]]:
        """Returns new keys; each is for one order, and forgotten if it is never bound."""
        fresh = [(self._random.uuid(), self._random.bytes(keys.KEY_BYTES)) for _ in range(count)]
        stored = [StoredCandidateKey(key_id, self._sealed(key_id, key)) for key_id, key in fresh]
        await self._store.create_many(stored, self._now())
        return fresh

    async def find(self, key_ids: Sequence[UUID]) -> tuple[dict[UUID, bytes], list[UUID]]:
        """Returns the keys there are, and the ids of those erased. Raises SealBroken."""
        found = await self._store.find(key_ids)
        there = {
            one.id: self._sealing.open(one.sealed, identity=keys.row_identity(one.id))
            for one in found
            if one.sealed is not None
        }
        return there, [one.id for one in found if one.sealed is None]

    async def bind(self, uses: Sequence[KeyUse]) -> frozenset[UUID]:
        """Notes whose the keys are; returns those erased: before, or now, as their person was meanwhile."""
        erased = await self._store.bind([self._binding(one) for one in uses], self._now())
        if erased:
            log.info("keys of candidates erased before they were bound", keys=len(erased))
        return erased

    async def erase(self, wanted: Wanted) -> tuple[int, list[str]]:
        """Destroys keys; returns how many were there, and every order they were used for."""
        erased, orders = await self._store.erase(wanted, self._now())
        log.info("keys of candidates erased", company_id=wanted.company_id, keys=erased, orders=len(orders))
        return erased, orders

    async def orders(self, wanted: Wanted) -> list[str]:
        """Returns the orders the keys were used for."""
        return await self._store.orders(wanted)

    def wanted(
        self, company_id: str, *, candidate_id: str | None, email: str | None, order_ids: Sequence[str]
    ) -> Wanted:
        """Returns who is meant, by HMACs."""
        return Wanted(
            company_id=company_id,
            candidate=keys.candidate_of(self._pepper, company_id, candidate_id),
            email=keys.email_of(self._pepper, company_id, email),
            order_ids=tuple(order_ids),
            orders=tuple(keys.order_of(self._pepper, company_id, one) for one in order_ids),
        )

    async def wrapping_key(self) -> Mapping[str, Any]:
        """Returns the public key for orders that find no key of their own; made when there is none."""
        key = await self._wrapping_key()
        return {**key.as_dict(private=False), "kid": key.thumbprint()}

    async def unwrap(self, sealed: str) -> bytes | None:
        """Returns what was sealed to the wrapping key; None when it was not, or was changed since."""
        try:
            return bytes(jwe.decrypt_compact(sealed, await self._wrapping_key()).plaintext or b"")
        except (JoseError, ValueError, KeyError):
            return None

    async def keep_tidy(self, *, every_seconds: float = 60.0) -> None:
        """Forgets what has run out, for ever; waits out an absent PostgreSQL."""
        while True:
            try:
                await self._store.tidy(self._now())
            except StorageUnavailable:
                log.warning("candidate keys' tidying waits for PostgreSQL")
            await asyncio.sleep(every_seconds)

    async def _wrapping_key(self) -> ECKey:
        if self._wrapping is None:
            stored = await self._store.wrapping_key() or await self._store.create_wrapping_key(
                self._new_wrapping_key(), self._now()
            )
            opened = self._sealing.open(stored.sealed, identity=keys.wrapping_identity(stored.kid))
            self._wrapping = ECKey.import_key(opened)
        return self._wrapping

    def _new_wrapping_key(self) -> WrappingKey:
        key = self._random.signing_key()
        kid = key.thumbprint()
        sealed = self._sealing.seal(
            key.as_pem(private=True),
            identity=keys.wrapping_identity(kid),
            nonce=self._random.bytes(NONCE_BYTES),
        )
        return WrappingKey(kid, key.as_dict(private=False), sealed)

    def _sealed(self, key_id: UUID, key: bytes) -> Sealed:
        return self._sealing.seal(
            key, identity=keys.row_identity(key_id), nonce=self._random.bytes(NONCE_BYTES)
        )

    def _binding(self, use: KeyUse) -> Binding:
        return Binding(
            key_id=use.key_id,
            company_id=use.company_id,
            order_id=use.order_id,
            received_at=use.received_at,
            candidate=keys.candidate_of(self._pepper, use.company_id, use.candidate_id),
            email=keys.email_of(self._pepper, use.company_id, use.email),
            order=keys.order_of(self._pepper, use.company_id, use.order_id),
        )


def encoded(key: bytes) -> str:
    """Returns a key as the internal HTTP carries it."""
    return base64.b64encode(key).decode()
