"""The exchange of credentials (SPEC §1.3) as three short transactions around the call to SmartRecruiters.

The integration's row carries a lease instead of an open transaction: a process that dies in between leaves a
pending version nobody can use, and the next exchange takes over when the lease has run out.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
from runtime.database import Connection, Pool

from credentials.domain.integrations import Beginning, Busy, CustomerCredential, Done, Started, State
from credentials.errors import Interrupted, NotSaved, OtherOrganisation
from credentials.errors.people import TicketInvalid
from credentials.ports import Completion, ExchangeRequest, Failure
from credentials.storage.rows import integration_of, let_run_out, locked, tell
from credentials.storage.timeline import FAILED, UNCONFIRMED, Happened, note
from credentials.storage.transactions import transaction

# One without an organisation, or with one that was taken from the user since, is no ticket.
_TICKET = """
SELECT t.* FROM credentials.consent_tickets t JOIN credentials.memberships m USING (user_id, organisation_id)
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
WHERE company_id = $1 AND state = 'pending' AND exchange_id = $3 RETURNING version
"""
_PENDING = """
INSERT INTO credentials.client_credentials (company_id, version, exchange_id, secret_hash, state, created_at)
SELECT $1, coalesce(max(version), 0) + 1, $2, $3, 'pending', $4
FROM credentials.client_credentials WHERE company_id = $1 RETURNING version
"""
# Also one whose lease had run out, as long as no other has begun: the answer comes only once.
_ACTIVATE = """
UPDATE credentials.client_credentials c SET state = 'active', secret_hash = $4, ended_at = NULL
WHERE company_id = $1 AND version = $2 AND exchange_id = $3 AND state IN ('pending', 'abandoned')
  AND NOT EXISTS (SELECT FROM credentials.client_credentials later
                  WHERE later.company_id = $1 AND later.version > $2)
RETURNING version
"""
_INTERRUPTED = """
SELECT company_id FROM credentials.integrations WHERE exchange_id IS NOT NULL AND exchange_until <= $1
"""
_STORE = """
INSERT INTO credentials.smartrecruiters_credentials
    (company_id, version, client_id, key_id, sealed, stored_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (company_id) DO UPDATE SET version = excluded.version, client_id = excluded.client_id,
    key_id = excluded.key_id, sealed = excluded.sealed, stored_at = excluded.stored_at
"""
_CONNECT = """
UPDATE credentials.integrations SET state = 'connected', connected_by = $3,
    changed_at = GREATEST($2, changed_at + interval '1 ms'),
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

    async def complete(self, completion: Completion, now: datetime) -> None:
        """See `ports.ExchangeStore`."""
        company_id, exchange_id = completion.company_id, completion.exchange_id
        version = completion.credential.version
        async with transaction(self._pool) as connection:
            row = await locked(connection, company_id)
            if row is not None and row["connected_by"] == exchange_id:
                return  # the answer to the first commit was lost
            # Tokens of the version before are under way, and SmartRecruiters keeps them until they run out.
            await let_run_out(connection, company_id, now, completion.overlap)
            activated = (company_id, version, exchange_id, completion.secret_hash)
            if await connection.fetchval(_ACTIVATE, *activated) is None:
                raise NotSaved
            await _store(connection, completion.credential, now)
            connected = await connection.fetchrow(_CONNECT, company_id, now, exchange_id)
            if connected is None:
                raise NotSaved
            await note(connection, Happened(company_id, "connected", version), now)
            await tell(connection, integration_of(connected))

    async def abandon(self, failure: Failure, now: datetime) -> None:
        """See `ports.ExchangeStore`."""
        company_id, exchange_id = failure.company_id, failure.exchange_id
        async with transaction(self._pool) as connection:
            await locked(connection, company_id)
            await connection.execute(_DROP_PENDING, company_id, now, exchange_id)
            await connection.execute(_RELEASE, company_id, exchange_id)
            if failure.free_ticket:
                await connection.execute(_FREE_TICKET, exchange_id)
            what = UNCONFIRMED if failure.unconfirmed else FAILED
            await note(connection, Happened(company_id, what, failure.version, failure.reason), now)

    async def end_interrupted(self, now: datetime) -> Sequence[str]:
        """See `ports.ExchangeStore`."""
        ended = []
        async with transaction(self._pool) as connection:
            found = [row["company_id"] for row in await connection.fetch(_INTERRUPTED, now)]
        for company_id in found:
            async with transaction(self._pool) as connection:
                row = await locked(connection, company_id)
                # Somebody else may have been faster, or its own process has come back to life.
                if row is not None and row["exchange_id"] is not None and row["exchange_until"] <= now:
                    await _interrupt(connection, row, now)
                    ended.append(company_id)
        return ended


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
    if row["exchange_id"] is not None:
        await _interrupt(connection, row, now)
    await connection.execute(_USE_TICKET, request.ticket_hash, request.exchange_id)
    await connection.execute(
        _LEASE, request.company_id, request.exchange_id, request.lease_until, ticket["organisation_id"]
    )
    version = await connection.fetchval(
        _PENDING, request.company_id, request.exchange_id, request.secret_hash, now
    )
    happened = Happened(request.company_id, "connect_started", version, user_id=ticket["user_id"])
    await note(connection, happened, now)
    return Started(client_id=row["client_id"], version=version)


async def _interrupt(connection: Connection, row: asyncpg.Record, now: datetime) -> None:
    """Ends an exchange whose process is gone; the row has to be locked."""
    company_id, exchange_id = row["company_id"], row["exchange_id"]
    version = await connection.fetchval(_DROP_PENDING, company_id, now, exchange_id)
    await connection.execute(_RELEASE, company_id, exchange_id)
    await note(connection, Happened(company_id, UNCONFIRMED, version, Interrupted.code), now)


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
