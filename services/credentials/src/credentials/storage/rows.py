"""Rows of an integration and its versions, shared by the repositories that change them."""

from dataclasses import replace
from datetime import datetime, timedelta

import asyncpg
from contracts.topics import CREDENTIALS_INTEGRATIONS
from runtime import outbox
from runtime.database import Connection

from credentials.domain import integrations
from credentials.domain.integrations import Integration, State
from credentials.storage.transactions import SCHEMA

_EVENTS = {State.CONNECTED: integrations.connected, State.DISABLED: integrations.disabled}
_VERSIONS = """
SELECT version FROM credentials.client_credentials WHERE company_id = $1 AND state = 'active' ORDER BY version
"""
_END = """
UPDATE credentials.client_credentials SET state = 'ended', secret_hash = NULL, ended_at = $2
WHERE company_id = $1 AND state = 'active' AND ($3::integer IS NULL OR version < $3)
"""
_LIMIT_PRESENT = """
UPDATE credentials.client_credentials SET valid_until = LEAST(valid_until, $2)
WHERE company_id = $1 AND state = 'active'
"""


async def locked(connection: Connection, company_id: str) -> asyncpg.Record | None:
    """Returns the company's row, nobody else's to change until the transaction ends."""
    return await connection.fetchrow(
        "SELECT * FROM credentials.integrations WHERE company_id = $1 FOR UPDATE", company_id
    )


async def active_versions(connection: Connection, company_id: str) -> tuple[int, ...]:
    """Returns the versions whose tokens are good."""
    return tuple(row["version"] for row in await connection.fetch(_VERSIONS, company_id))


async def end_versions(
    connection: Connection, company_id: str, now: datetime, *, below: int | None = None
) -> None:
    """Ends the active versions, all or those below one, and forgets their hashes."""
    await connection.execute(_END, company_id, now, below)


async def let_run_out(connection: Connection, company_id: str, now: datetime, overlap: timedelta) -> None:
    """Lets the newest active version be good for the overlap, and ends the others: two at once, no more."""
    present = await active_versions(connection, company_id)
    if not overlap:
        await end_versions(connection, company_id, now)
    elif present:
        await end_versions(connection, company_id, now, below=max(present))
        await connection.execute(_LIMIT_PRESENT, company_id, now + overlap)


async def tell(connection: Connection, integration: Integration, *, rotated: bool = False) -> None:
    """Writes the event of the integration's new state; its row has to be locked."""
    now_valid = replace(integration, versions=await active_versions(connection, integration.company_id))
    event = integrations.rotated(now_valid) if rotated else _EVENTS[integration.state](now_valid)
    await outbox.put(connection, SCHEMA, CREDENTIALS_INTEGRATIONS, event)


def integration_of(row: asyncpg.Record, versions: tuple[int, ...] = ()) -> Integration:
    """Returns the domain's view of a row."""
    return Integration(
        company_id=row["company_id"],
        organisation_id=row["organisation_id"],
        client_id=row["client_id"],
        state=State(row["state"]),
        changed_at=row["changed_at"],
        versions=versions,
    )
