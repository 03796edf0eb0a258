"""Connections: reading them, ending them, changing the secret we issued."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
from runtime.database import Connection, Pool

from credentials.domain.clients import ClientVersion, SecretHistory
from credentials.domain.integrations import CustomerCredential, Integration, State
from credentials.domain.sealing import Sealed
from credentials.errors import IntegrationDisabled, NotConnected, OrganisationUnknown
from credentials.ports import TimelineEntry
from credentials.storage.rows import active_versions, end_versions, integration_of, let_run_out, locked, tell
from credentials.storage.timeline import UNCONFIRMED, Happened, note
from credentials.storage.transactions import transaction

_WITH_VERSIONS = """
SELECT i.*, ARRAY(
    SELECT version FROM credentials.client_credentials c
    WHERE c.company_id = i.company_id AND c.state = 'active' ORDER BY version
) AS versions FROM credentials.integrations i
"""
_CLIENT = """
SELECT c.company_id, i.client_id, c.version, c.secret_hash, c.valid_until, c.last_used_at
FROM credentials.integrations i JOIN credentials.client_credentials c USING (company_id)
WHERE i.client_id = $1 AND i.state = 'connected' AND c.state = 'active' ORDER BY c.version DESC LIMIT 2
"""
_DISABLE = """
UPDATE credentials.integrations
SET state = 'disabled', changed_at = GREATEST($2, changed_at + interval '1 ms')
WHERE company_id = $1 RETURNING *
"""
_ADD = """
INSERT INTO credentials.client_credentials (company_id, version, secret_hash, state, created_at)
SELECT $1, max(version) + 1, $2, 'active', $3
FROM credentials.client_credentials WHERE company_id = $1 RETURNING version
"""
# Never back: clocks of two replicas may differ, and whoever is told takes the later word (of whole
# milliseconds) for the newer one.
_CHANGED = """
UPDATE credentials.integrations SET changed_at = GREATEST($2, changed_at + interval '1 ms')
WHERE company_id = $1 RETURNING *
"""
_UNCONFIRMED = """
SELECT EXISTS (
    SELECT FROM credentials.connection_events WHERE company_id = $1 AND what = $2 AND id > coalesce(
        (SELECT max(id) FROM credentials.connection_events WHERE company_id = $1 AND what = 'connected'), 0))
"""
_SECRETS = """
SELECT version, state, created_at, valid_until, last_used_at FROM credentials.client_credentials
WHERE company_id = $1 ORDER BY version
"""
_USED = """
UPDATE credentials.client_credentials SET last_used_at = GREATEST(last_used_at, $3)
WHERE company_id = $1 AND version = $2
"""
_OVERDUE = """
SELECT company_id, max(version) AS version FROM credentials.client_credentials
WHERE state = 'active' AND valid_until <= $1 GROUP BY company_id
"""
_MOVE = """
UPDATE credentials.integrations SET organisation_id = $2 WHERE company_id = $1 RETURNING company_id
"""


class PostgresIntegrations:
    """`ports.IntegrationStore`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def get(self, company_id: str) -> Integration | None:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(f"{_WITH_VERSIONS} WHERE i.company_id = $1", company_id)
        return integration_of(row, tuple(row["versions"])) if row else None

    async def list(self) -> Sequence[Integration]:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(f"{_WITH_VERSIONS} ORDER BY i.company_id")
        return [integration_of(row, tuple(row["versions"])) for row in rows]

    async def timeline(self, company_id: str) -> Sequence[TimelineEntry]:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            rows = await connection.fetch(
                "SELECT at, what, version, reason FROM credentials.connection_events"
                " WHERE company_id = $1 ORDER BY id",
                company_id,
            )
        return [TimelineEntry(row["at"], row["what"], row["version"], row["reason"]) for row in rows]

    async def unconfirmed(self, company_id: str) -> bool:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            return bool(await connection.fetchval(_UNCONFIRMED, company_id, UNCONFIRMED))

    async def secrets(self, company_id: str) -> Sequence[SecretHistory]:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            return [SecretHistory(**row) for row in await connection.fetch(_SECRETS, company_id)]

    async def used(self, company_id: str, version: int, now: datetime) -> None:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            await connection.execute(_USED, company_id, version, now)

    async def versions(self, client_id: str) -> Sequence[ClientVersion]:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            return [ClientVersion(**row) for row in await connection.fetch(_CLIENT, client_id)]

    async def customer_credential(self, company_id: str) -> CustomerCredential | None:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT * FROM credentials.smartrecruiters_credentials WHERE company_id = $1", company_id
            )
        return _credential(row) if row else None

    async def disable(self, company_id: str, now: datetime, *, version: int | None = None) -> bool:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            row = await locked(connection, company_id)
            if row is None or row["state"] != State.CONNECTED:
                return False
            if version is not None and version not in await active_versions(connection, company_id):
                return False
            await end_versions(connection, company_id, now)
            await connection.execute(
                "DELETE FROM credentials.smartrecruiters_credentials WHERE company_id = $1", company_id
            )
            await note(connection, Happened(company_id, "disabled"), now)
            await _tell_after(connection, _DISABLE, company_id, now)
            return True

    async def rotate(
        self, company_id: str, secret_hash: bytes, now: datetime, overlap: timedelta
    ) -> Integration:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            await _require_connected(connection, company_id)
            await let_run_out(connection, company_id, now, overlap)
            version = await connection.fetchval(_ADD, company_id, secret_hash, now)
            await note(connection, Happened(company_id, "rotated", version), now)
            changed = await _tell_after(connection, _CHANGED, company_id, now, rotated=True)
            return integration_of(changed, await active_versions(connection, company_id))

    async def end_old(self, company_id: str, now: datetime) -> Integration:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            row = await _require_connected(connection, company_id)
            *old, newest = await active_versions(connection, company_id)
            if old:
                await end_versions(connection, company_id, now, below=newest)
                await note(connection, Happened(company_id, "old_secret_ended", max(old)), now)
                row = await _tell_after(connection, _CHANGED, company_id, now, rotated=True)
            return integration_of(row, (newest,))

    async def end_overdue(self, now: datetime) -> Sequence[str]:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            overdue = [row["company_id"] for row in await connection.fetch(_OVERDUE, now)]
        for company_id in overdue:
            await self._end_overdue(company_id, now)
        return overdue

    async def _end_overdue(self, company_id: str, now: datetime) -> None:
        async with transaction(self._pool) as connection:
            await locked(connection, company_id)
            last = await connection.fetchval(
                "SELECT max(version) FROM credentials.client_credentials"
                " WHERE company_id = $1 AND state = 'active' AND valid_until <= $2",
                company_id,
                now,
            )
            if last is None:
                return  # another replica was faster
            await end_versions(connection, company_id, now, below=last + 1)
            await note(connection, Happened(company_id, "overlap_ended", last), now)
            await _tell_after(connection, _CHANGED, company_id, now, rotated=True)

    async def move(self, company_id: str, organisation: str) -> None:
        """See `ports.IntegrationStore`."""
        async with transaction(self._pool) as connection:
            organisation_id = await connection.fetchval(
                "SELECT id FROM credentials.organisations WHERE name = $1", organisation
            )
            if organisation_id is None:
                raise OrganisationUnknown
            if await connection.fetchval(_MOVE, company_id, organisation_id) is None:
                raise NotConnected


async def _require_connected(connection: Connection, company_id: str) -> asyncpg.Record:
    row = await locked(connection, company_id)
    if row is None or row["state"] == State.PENDING:
        raise NotConnected
    if row["state"] == State.DISABLED:
        raise IntegrationDisabled
    return row


async def _tell_after(
    connection: Connection, statement: str, company_id: str, now: datetime, *, rotated: bool = False
) -> asyncpg.Record:
    row = await connection.fetchrow(statement, company_id, now)
    if row is None:
        raise NotConnected
    await tell(connection, integration_of(row), rotated=rotated)
    return row


def _credential(row: asyncpg.Record) -> CustomerCredential:
    return CustomerCredential(
        company_id=row["company_id"],
        version=row["version"],
        client_id=row["client_id"],
        sealed=Sealed(row["key_id"], row["sealed"]),
    )
