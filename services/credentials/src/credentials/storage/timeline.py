"""The connection's timeline: written with what it tells of, in the same transaction."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from runtime.database import Connection

FAILED = "connect_failed"
# SmartRecruiters may hold what was not completed here, until a connect succeeds.
UNCONFIRMED = "connect_unconfirmed"
_INSERT = """
INSERT INTO credentials.connection_events (company_id, at, what, version, reason, user_id)
VALUES ($1, $2, $3, $4, $5, $6)
"""


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry; nothing personal, a user is an id."""

    company_id: str
    what: str
    version: int | None = None
    reason: str | None = None
    user_id: UUID | None = None


async def note(connection: Connection, happened: Happened, now: datetime) -> None:
    """Adds an entry."""
    await connection.execute(
        _INSERT, happened.company_id, now, happened.what, happened.version, happened.reason, happened.user_id
    )
