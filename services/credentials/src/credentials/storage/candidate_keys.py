"""Candidate keys: allotted, bound and erased by the batch."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from contracts.topics import DEAD_LETTER_RETENTION
from runtime.database import Connection, Pool

from credentials.domain.candidate_keys import Binding, StoredCandidateKey, Wanted, WrappingKey
from credentials.domain.sealing import Sealed
from credentials.storage.transactions import transaction

# Longer than any record, a dead letter included, can still be read by somebody.
KEPT = DEAD_LETTER_RETENTION + timedelta(days=10)

_CREATE = """
INSERT INTO credentials.candidate_keys (id, key_id, sealed, created_at)
SELECT id, key_id, sealed, $4 FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS n (id, key_id, sealed)
"""
_FIND = "SELECT id, key_id, sealed FROM credentials.candidate_keys WHERE id = ANY($1::uuid[])"
# An erasure must see every binding, and a binding every erasure: bindings share the lock, erasures do not.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('credentials.candidate_keys', 0))"
_LOCK_SHARED = "SELECT pg_advisory_xact_lock_shared(hashtextextended('credentials.candidate_keys', 0))"
_BIND = """
UPDATE credentials.candidate_keys k
SET bound_at = coalesce(k.bound_at, $6), company_id = n.company_id, order_id = n.order_id,
    candidate = coalesce(n.candidate, k.candidate), email = coalesce(n.email, k.email)
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])
    AS n (id, company_id, order_id, candidate, email)
WHERE k.id = n.id AND (k.order_id IS NULL OR (k.order_id = n.order_id AND k.company_id = n.company_id))
"""
_ERASURES = "SELECT subject, erased_at FROM credentials.candidate_erasures WHERE subject = ANY($1::bytea[])"
_SHRED = """
UPDATE credentials.candidate_keys SET key_id = NULL, sealed = NULL, erased_at = $2
WHERE id = ANY($1::uuid[]) AND erased_at IS NULL
"""
_ERASED = "SELECT id FROM credentials.candidate_keys WHERE id = ANY($1::uuid[]) AND erased_at IS NOT NULL"
_EMAILS = """
SELECT DISTINCT email FROM credentials.candidate_keys
WHERE company_id = $1 AND candidate = $2 AND email IS NOT NULL
"""
_REMEMBER = """
INSERT INTO credentials.candidate_erasures (subject, erased_at)
SELECT subject, $2 FROM unnest($1::bytea[]) AS subject
ON CONFLICT (subject) DO UPDATE SET erased_at = excluded.erased_at
"""
_WANTED = """
SELECT id, order_id FROM credentials.candidate_keys WHERE company_id = $1 AND candidate = $2
UNION
SELECT id, order_id FROM credentials.candidate_keys WHERE company_id = $1 AND email = $3
UNION
SELECT id, order_id FROM credentials.candidate_keys WHERE company_id = $1 AND order_id = ANY($4::text[])
UNION
SELECT id, order_id FROM credentials.candidate_keys
WHERE company_id = $1 AND candidate IS NULL AND email = ANY($5::bytea[])
ORDER BY order_id, id
"""
_WRAPPING = "SELECT * FROM credentials.wrapping_keys ORDER BY created_at, kid LIMIT 1"
_WRAPPING_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('credentials.wrapping_keys', 0))"
_CREATE_WRAPPING = """
INSERT INTO credentials.wrapping_keys (kid, public_jwk, key_id, sealed, created_at)
VALUES ($1, $2, $3, $4, $5)
"""
_TIDY = (
    """
    DELETE FROM credentials.candidate_keys WHERE id IN (
        SELECT id FROM credentials.candidate_keys WHERE bound_at IS NULL AND created_at < $1 LIMIT 10000)
    """,
    """
    DELETE FROM credentials.candidate_keys WHERE id IN (
        SELECT id FROM credentials.candidate_keys WHERE erased_at < $1 LIMIT 10000)
    """,
    "DELETE FROM credentials.candidate_erasures WHERE erased_at < $1",
)


class PostgresCandidateKeys:
    """`ports.CandidateKeyStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create_many(self, keys: Sequence[StoredCandidateKey], now: datetime) -> None:
        """See `ports.CandidateKeyStore`."""
        sealed = [(one.id, one.sealed) for one in keys if one.sealed is not None]
        async with transaction(self._pool) as connection:
            await connection.execute(
                _CREATE,
                [key_id for key_id, _ in sealed],
                [box.key_id for _, box in sealed],
                [box.box for _, box in sealed],
                now,
            )

    async def find(self, key_ids: Sequence[UUID]) -> list[StoredCandidateKey]:
        """See `ports.CandidateKeyStore`."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(_FIND, key_ids)
        return [StoredCandidateKey(row["id"], _sealed(row)) for row in rows]

    async def bind(self, bindings: Sequence[Binding], now: datetime) -> frozenset[UUID]:
        """See `ports.CandidateKeyStore`."""
        ids = [one.key_id for one in bindings]
        async with transaction(self._pool) as connection:
            await connection.execute(_LOCK_SHARED)
            await connection.execute(
                _BIND,
                ids,
                [one.company_id for one in bindings],
                [one.order_id for one in bindings],
                [one.candidate for one in bindings],
                [one.email for one in bindings],
                now,
            )
            await connection.execute(_SHRED, await _meanwhile(connection, bindings), now)
            return frozenset(row["id"] for row in await connection.fetch(_ERASED, ids))

    async def erase(self, wanted: Wanted, now: datetime) -> tuple[int, list[str]]:
        """See `ports.CandidateKeyStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_LOCK)
            emails = await _emails(connection, wanted)
            await connection.execute(_REMEMBER, list(wanted.subjects(emails)), now)
            rows = await _wanted(connection, wanted, emails)
            done = await connection.execute(_SHRED, [row["id"] for row in rows], now)
        return int(done.rpartition(" ")[2]), _orders(rows)

    async def orders(self, wanted: Wanted) -> list[str]:
        """See `ports.CandidateKeyStore`."""
        async with transaction(self._pool) as connection:
            return _orders(await _wanted(connection, wanted, await _emails(connection, wanted)))

    async def wrapping_key(self) -> WrappingKey | None:
        """See `ports.CandidateKeyStore`."""
        async with transaction(self._pool) as connection:
            return _wrapping(await connection.fetchrow(_WRAPPING))

    async def create_wrapping_key(self, key: WrappingKey, now: datetime) -> WrappingKey:
        """See `ports.CandidateKeyStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_WRAPPING_LOCK)
            known = _wrapping(await connection.fetchrow(_WRAPPING))
            if known is not None:
                return known
            jwk = json.dumps(dict(key.public_jwk))
            await connection.execute(_CREATE_WRAPPING, key.kid, jwk, key.sealed.key_id, key.sealed.box, now)
            return key

    async def tidy(self, now: datetime) -> None:
        """See `ports.CandidateKeyStore`."""
        async with transaction(self._pool) as connection:
            for statement in _TIDY:
                await connection.execute(statement, now - KEPT)


async def _meanwhile(connection: Connection, bindings: Sequence[Binding]) -> list[UUID]:
    """Returns the keys whose person was erased after the order was received."""
    subjects = {subject for one in bindings for subject in one.subjects}
    rows = await connection.fetch(_ERASURES, list(subjects))
    erased: dict[bytes, datetime] = {row["subject"]: row["erased_at"] for row in rows}
    return [
        one.key_id
        for one in bindings
        if any(erased[subject] >= one.received_at for subject in one.subjects & erased.keys())
    ]


async def _emails(connection: Connection, wanted: Wanted) -> list[bytes]:
    if wanted.candidate is None:
        return []
    return [row["email"] for row in await connection.fetch(_EMAILS, wanted.company_id, wanted.candidate)]


async def _wanted(connection: Connection, wanted: Wanted, emails: list[bytes]) -> list[asyncpg.Record]:
    return list(
        await connection.fetch(
            _WANTED, wanted.company_id, wanted.candidate, wanted.email, list(wanted.order_ids), emails
        )
    )


def _orders(rows: Sequence[asyncpg.Record]) -> list[str]:
    return list(dict.fromkeys(row["order_id"] for row in rows))


def _sealed(row: asyncpg.Record) -> Sealed | None:
    return Sealed(row["key_id"], row["sealed"]) if row["sealed"] is not None else None


def _wrapping(row: asyncpg.Record | None) -> WrappingKey | None:
    if row is None:
        return None
    return WrappingKey(row["kid"], json.loads(row["public_jwk"]), Sealed(row["key_id"], row["sealed"]))
