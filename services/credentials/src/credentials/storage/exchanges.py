"""The exchange of credentials (SPEC §1.3) as three short transactions around the call to SmartRecruiters.

The integration's row carries a lease instead of an open transaction: a process that dies in between leaves a
pending version nobody can use, and the next exchange takes over when the lease has run out.
"""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import asyncpg
from runtime.database import Connection, Pool

from credentials.domain.integrations import Beginning, Busy, CustomerCredential, Done, Started, State
from credentials.errors import NotSaved, OtherOrganisation, TicketInvalid
from credentials.ports import ExchangeRequest
from credentials.storage.rows import end_versions, integration_of, locked, tell
from credentials.storage.timeline import Happened, note
from credentials.storage.transactions import transaction

_TICKET = """
SELECT t.*, u.organisation_id FROM credentials.consent_tickets t JOIN credentials.users u ON u.id = t.user_id
WHERE t.hash = $1 AND t.company_id = $2 AND t.expires_at > $3 FOR UPDATE OF t
"""
_USE_TICKET = """
UPDATE credentials.consent_tickets SET used_for = 'grant', exchange_id = $2 WHERE hash = $1
"""
_FREE_TICKET = """
UPDATE credentials.consent_tickets SET used_for = NULL, exchange_id = NULL
WHERE exchange_id = $1 AND used_for = 'grant'
"""
_INTEGRATION = """
INSERT INTO credentials.integrations (company_id, organisation_id, client_id, state, changed_at)
VALUES ($1, $2, $3, 'pending', $4) ON CONFLICT (company_id) DO NOTHING
"""
_LEASE = """
UPDATE credentials.integrations SET exchange_id = $2, exchange_until = $3, organisation_id = $4
WHERE company_id = $1
"""
_RENEW = "UPDATE credentials.integrations SET exchange_until = $3 WHERE company_id = $1 AND exchange_id = $2"
_RELEASE = """
UPDATE credentials.integrations SET exchange_id = NULL, exchange_until = NULL
WHERE company_id = $1 AND exchange_id = $2
"""
_DROP_PENDING = """
UPDATE credentials.client_credentials SET state = 'abandoned', secret_hash = NULL, ended_at = $2
WHERE company_id = $1 AND state = 'pending' AND ($3::uuid IS NULL OR exchange_id = $3)
"""
_PENDING = """
INSERT INTO credentials.client_credentials (company_id, version, exchange_id, secret_hash, state, created_at)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, 'pending', $4
FROM credentials.client_credentials WHERE company_id = $1 RETURNING version
"""
_ACTIVATE = """
UPDATE credentials.client_credentials SET state = 'active'
WHERE company_id = $1 AND version = $2 AND exchange_id = $3 AND state = 'pending' RETURNING version
"""
_STORE = """
INSERT INTO credentials.smartrecruiters_credentials
    (company_id, version, client_id, key_id, sealed, stored_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (company_id) DO UPDATE SET version = excluded.version, client_id = excluded.client_id,
    key_id = excluded.key_id, sealed = excluded.sealed, stored_at = excluded.stored_at
"""
_CONNECT = """
UPDATE credentials.integrations SET state = 'connected', changed_at = $2, connected_by = $3,
    exchange_id = NULL, exchange_until = NULL
WHERE company_id = $1 RETURNING *
"""


class PostgresExchanges:
    """`ports.ExchangeStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def begin(self, request: ExchangeRequest, waited_for: Collection[UUID], now: datetime) -> Beginning:
        """See `ports.ExchangeStore`."""
        async with transaction(self._pool) as connection:
            ticket = await _usable_ticket(connection, request, now)
            await connection.execute(
                _INTEGRATION, request.company_id, ticket["organisation_id"], request.new_client_id, now
            )
            row = await locked(connection, request.company_id)
            if row is None:
                raise TicketInvalid
            return await _begin(connection, request, ticket=ticket, row=row, waited_for=waited_for, now=now)

    async def renew(self, company_id: str, exchange_id: UUID, until: datetime) -> None:
        """See `ports.ExchangeStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_RENEW, company_id, exchange_id, until)

    async def complete(
        self, exchange_id: UUID, company_id: str, credential: CustomerCredential, now: datetime
    ) -> None:
        """See `ports.ExchangeStore`."""
        async with transaction(self._pool) as connection:
            row = await locked(connection, company_id)
            if row is not None and row["connected_by"] == exchange_id:
                return  # the answer to the first commit was lost
            if await connection.fetchval(_ACTIVATE, company_id, credential.version, exchange_id) is None:
                raise NotSaved
            await end_versions(connection, company_id, now, below=credential.version)
            await _store(connection, credential, now)
            connected = await connection.fetchrow(_CONNECT, company_id, now, exchange_id)
            if connected is None:
                raise NotSaved
            await note(connection, Happened(company_id, "connected", credential.version), now)
            await tell(connection, integration_of(connected))

    async def abandon(
        self, exchange_id: UUID, company_id: str, reason: str, *, free_ticket: bool, now: datetime
    ) -> None:
        """See `ports.ExchangeStore`."""
        async with transaction(self._pool) as connection:
            await locked(connection, company_id)
            await connection.execute(_DROP_PENDING, company_id, now, exchange_id)
            await connection.execute(_RELEASE, company_id, exchange_id)
            if free_ticket:
                await connection.execute(_FREE_TICKET, exchange_id)
            await note(connection, Happened(company_id, "connect_failed", reason=reason), now)


async def _usable_ticket(connection: Connection, request: ExchangeRequest, now: datetime) -> asyncpg.Record:
    ticket = await connection.fetchrow(_TICKET, request.ticket_hash, request.company_id, now)
    if ticket is None or ticket["used_for"] == "denial":
        raise TicketInvalid
    return ticket


async def _begin(
    connection: Connection,
    request: ExchangeRequest,
    *,
    ticket: asyncpg.Record,
    row: asyncpg.Record,
    waited_for: Collection[UUID],
    now: datetime,
) -> Beginning:
    under_way = row["exchange_until"] is not None and row["exchange_until"] > now
    owned = under_way or row["state"] != State.PENDING
    if owned and row["organisation_id"] != ticket["organisation_id"]:
        raise OtherOrganisation
    if under_way:
        return Busy(row["exchange_id"])
    first_use = {ticket["exchange_id"]} if ticket["used_for"] else set()
    if row["state"] == State.CONNECTED and row["connected_by"] in {*waited_for, *first_use}:
        await connection.execute(_USE_TICKET, request.ticket_hash, row["connected_by"])
        return Done()
    if ticket["used_for"]:
        raise TicketInvalid
    return await _start(connection, request, ticket, row, now)


async def _start(
    connection: Connection,
    request: ExchangeRequest,
    ticket: asyncpg.Record,
    row: asyncpg.Record,
    now: datetime,
) -> Started:
    await connection.execute(_USE_TICKET, request.ticket_hash, request.exchange_id)
    await connection.execute(
        _LEASE, request.company_id, request.exchange_id, request.lease_until, ticket["organisation_id"]
    )
    await connection.execute(_DROP_PENDING, request.company_id, now, None)
    version = await connection.fetchval(
        _PENDING, request.company_id, request.exchange_id, request.secret_hash, now
    )
    happened = Happened(request.company_id, "connect_started", version, user_id=ticket["user_id"])
    await note(connection, happened, now)
    return Started(client_id=row["client_id"], version=version)


async def _store(connection: Connection, credential: CustomerCredential, now: datetime) -> None:
    await connection.execute(
        _STORE,
        credential.company_id,
        credential.version,
        credential.client_id,
        credential.sealed.key_id,
        credential.sealed.box,
        now,
    )
