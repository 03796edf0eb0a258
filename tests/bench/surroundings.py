"""What a measurement stands in: topics and a database of its own on real servers, and processes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from runtime.kafka import topics

from tests.support import databases
from tests.support.processes import Process

REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where the servers are, and a folder for what programs print."""

    kafka: str
    database: str
    prefix: str
    folder: Path

    def environment(self) -> dict[str, str]:
        """Returns what every service of ours needs."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "DATABASE_URL": self.database,
            "INTERNAL_API_TOKEN": "bench-token",
            "LOG_LEVEL": "warning",
        }

    def program(self, *arguments: str, ready: str | None, **environment: str) -> Process:
        """Returns `python <arguments>`, not started; ready once the address answers 200, or at once."""
        own = {"PYTHONPATH": str(REPOSITORY), **self.environment(), **environment}
        return Process(arguments, env=own, log=self.folder / f"{arguments[1]}.log", ready_url=ready)


@asynccontextmanager
async def surroundings(kafka: str, postgres: str, folder: Path) -> AsyncIterator[Surroundings]:
    """Makes topics and a migrated database, and removes them afterwards."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(databases.fresh(postgres))
        await databases.migrate_all(database)
        prefix = f"bench-{uuid4().hex[:8]}."
        await topics.create(kafka, prefix)
        stack.push_async_callback(topics.delete, kafka, prefix)
        yield Surroundings(kafka, database, prefix, folder)
