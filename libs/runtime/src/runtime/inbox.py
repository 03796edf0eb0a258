"""The inbox: which events a consumer has already worked on, in the same transaction as its work."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from runtime.database import Connection, qualify

_INSERT = """
INSERT INTO {schema}.inbox (event_id, consumer)
SELECT DISTINCT id, $2 FROM unnest($1::uuid[]) AS id ORDER BY id
ON CONFLICT DO NOTHING RETURNING event_id
"""


async def remember(connection: Connection, schema: str, event_id: UUID, *, consumer: str) -> bool:
    """Returns whether the event is new to this consumer, and remembers it when the transaction commits.

    A second transaction with the same event waits for the first one's end.
    """
    return bool(await remember_many(connection, schema, [event_id], consumer=consumer))


async def remember_many(
    connection: Connection, schema: str, event_ids: Iterable[UUID], *, consumer: str
) -> set[UUID]:
    """Returns those of the events that are new to this consumer; one statement for all."""
    rows = await connection.fetch(qualify(_INSERT, schema), list(event_ids), consumer)
    return {row["event_id"] for row in rows}


async def forget(connection: Connection, schema: str, *, before: datetime) -> int:
    """Deletes what is older than any repeat can be (longer than the topics' retention); returns how many."""
    done = await connection.execute(
        qualify("DELETE FROM {schema}.inbox WHERE received_at < $1", schema), before
    )
    return int(done.split()[-1])
