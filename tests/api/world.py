"""The gateway and credentials, both whole, as SmartRecruiters meets them; with one company connected."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from contracts.envelope import Event
from contracts.topics import ENGINES_PACKAGES
from runtime.kafka import topics as kafka_topics
from runtime.kafka.producer import EventProducer

from tests.credentials.support.provider import Provider
from tests.credentials.support.world import World as Credentials
from tests.credentials.support.world import fresh_world
from tests.gateway.support.world import package, settings_for, started


@dataclass(frozen=True)
class Api:
    """Where the gateway is, and what SmartRecruiters holds of us for acme."""

    url: str
    client_id: str
    client_secret: str
    credentials: Credentials

    @property
    def token_url(self) -> str:
        return f"{self.url}/oauth/token"


@asynccontextmanager
async def api(
    kafka: str, prefix: str, database_url: str, *, provider: Provider | None = None
) -> AsyncIterator[Api]:
    """`provider` is where people sign in from the first request on."""
    await kafka_topics.create(kafka, prefix, partitions=1)
    try:
        async with fresh_world(kafka, prefix, database_url) as credentials:
            replica = await credentials.start()
            await credentials.add_user()
            client_id, client_secret = await credentials.connect()
            if provider is not None:
                await replica.stop()
                replica = await credentials.start(**provider.settings)
            async with EventProducer(bootstrap_servers=kafka, prefix=prefix, client_id="engine") as engine:
                event = Event(id=uuid4(), source="engine", time=datetime.now(UTC), data=package("skills"))
                await engine.publish(ENGINES_PACKAGES, event)
            settings = settings_for(
                bootstrap=kafka, prefix=prefix, database_url=database_url, credentials_url=replica.url
            )
            async with started(settings) as ports:
                yield Api(f"http://127.0.0.1:{ports.public}", client_id, client_secret, credentials)
    finally:
        await kafka_topics.delete(kafka, prefix)
