"""A whole gateway in this process, on real Kafka and PostgreSQL, with what it needs around it."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.partitioner import murmur2
from contracts import codec
from contracts.envelope import Event, EventData
from contracts.events.integration import IntegrationConnected, IntegrationDisabled
from contracts.events.package import Assessment, Audience, PackagePublished
from contracts.topics import CREDENTIALS_INTEGRATIONS, ENGINES_PACKAGES, GATEWAY_ORDERS, Topic
from contracts.types import PackageType
from gateway.app import Ports, start
from gateway.settings import Settings
from pydantic import SecretStr
from runtime.kafka import topics as kafka_topics
from runtime.kafka.producer import EventProducer
from runtime.migrations import migrate
from runtime.process import Supervisor

from tests.gateway.support.credentials import INTERNAL_TOKEN, FakeCredentials
from tests.support import databases
from tests.support.waiting import eventually

HANDOFF_KEYS = {"h1": bytes(range(64))}
ISSUER = "https://bridge.example"
SR = "https://api.smartrecruiters.com/assessment-api/v202010"


def callback(order_id: str) -> str:
    return f"{SR}/orders/{order_id}/results"


def standard_order(order_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """SPEC §3's payload; a change to None leaves the field out."""
    whole = {
        "resultCallbackURL": callback(order_id or str(uuid4())),
        "candidate": {
            "id": "cand-1",
            "email": "ada@example.com",
            "firstName": "Ada",
            "lastName": "Lovelace",
            "applicationLanguage": "en",
        },
        "requester": {"userId": "u1", "email": "boss@example.com"},
        "assessmentPackageId": "skills",
        "jobId": "job-1",
        "companyId": "acme",
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def inline_order(order_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """SPEC §3's inline payload."""
    whole = {
        "resultCallbackURL": callback(order_id or str(uuid4())),
        "candidate": {
            "email": "ada@example.com",
            "firstName": "Ada",
            "lastName": "Lovelace",
            "applicationLanguage": "en",
        },
        "assessmentPackageId": "inline",
        "jobId": "job-1",
        "companyId": "acme",
        "completedAssessmentCallbackUrl": "https://jobs.smartrecruiters.com/oneclick/done?x=1&y=%20",
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def package(package_id: str, *, company_id: str = "*", **changes: Any) -> PackagePublished:
    given: dict[str, Any] = {
        "company_id": company_id,
        "package_id": package_id,
        "type": PackageType.SKILL_TEST,
        "name": f"Package {package_id}",
        "description": "d",
    } | changes
    return PackagePublished(**given)


def connected(company_id: str, *versions: int, client_id: str | None = None) -> IntegrationConnected:
    return IntegrationConnected(
        company_id=company_id,
        client_id=client_id or f"client-{company_id}",
        credential_versions=versions or (1,),
        changed_at=datetime.now(UTC),
    )


def disabled(company_id: str) -> IntegrationDisabled:
    return IntegrationDisabled(
        company_id=company_id,
        client_id=f"client-{company_id}",
        credential_versions=(),
        changed_at=datetime.now(UTC),
    )


PACKAGES = (
    package("skills", assessments=(Assessment(id="a1", type=PackageType.SKILL_TEST, description="x"),)),
    package("inline", type=PackageType.INLINE_ASSESSMENT),
    package("ü/ 100%?#", company_id="acme", name="Odd"),
    package("secret-of-globex", company_id="globex"),
    package("only-boss", company_id="acme", audience=Audience(requester_emails=("boss@example.com",))),
    package("only-pl", company_id="acme", audience=Audience(country_codes=("PL",))),
    package("only-blue", company_id="acme", audience=Audience(fields={"team": ("blue",)})),
)


@dataclass
class World:
    """The gateway and its surroundings."""

    bootstrap: str
    prefix: str
    database_url: str
    credentials: FakeCredentials
    producer: EventProducer
    ports: Ports
    session: aiohttp.ClientSession

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.public}"

    @property
    def internal_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.internal}"

    def bearer(self, company_id: str = "acme", **changes: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.credentials.sign(company_id, **changes)}"}

    async def tell(self, topic: Topic, data: EventData) -> None:
        await self.producer.publish(
            topic, Event(id=uuid4(), source="test", time=datetime.now(UTC), data=data)
        )

    async def place(self, order: dict[str, Any], path: str = "/packages/orders") -> tuple[int, Any]:
        async with self.session.post(self.url + path, json=order, headers=self.bearer()) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None

    async def offsets(self) -> int:
        """How many records gateway.orders has ever had."""
        async with reading(self.bootstrap, self.prefix) as (consumer, places):
            ends: dict[TopicPartition, int] = await consumer.end_offsets(places)
            return sum(ends.values())

    async def placed(self) -> list[Event[Any]]:
        """Every event in gateway.orders, partition by partition."""
        async with reading(self.bootstrap, self.prefix) as (consumer, places):
            ends = await consumer.end_offsets(places)
            for place in places:
                consumer.seek(place, 0)
            found: dict[TopicPartition, list[Event[Any]]] = {place: [] for place in places}
            while not all([await consumer.position(place) >= ends[place] for place in places]):
                for place, records in (await consumer.getmany(timeout_ms=200)).items():
                    found[place] += [codec.decode(record.value, record.headers) for record in records]
            return [event for events in found.values() for event in events]

    async def placed_by_partition(self) -> list[list[str]]:
        """The order ids in gateway.orders, in their order, for each partition."""
        partitions: dict[int, list[str]] = {}
        for event in await self.placed():
            partitions.setdefault(self.partition_of(event.data.order_id), []).append(event.data.order_id)
        return list(partitions.values())

    @staticmethod
    def partition_of(order_id: str) -> int:
        """Where aiokafka's partitioner puts a key, of three."""
        return int((murmur2(order_id.encode()) & 0x7FFFFFFF) % 3)

    async def sql(self, statement: str, *arguments: Any) -> Any:
        connection = await asyncpg.connect(self.database_url, timeout=5)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def spooled(self) -> int:
        return int((await self.sql("SELECT count(*) FROM gateway.spool"))[0][0])


@asynccontextmanager
async def reading(
    bootstrap: str, prefix: str
) -> AsyncIterator[tuple[AIOKafkaConsumer, list[TopicPartition]]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [TopicPartition(prefix + GATEWAY_ORDERS.name, number) for number in range(3)]
        consumer.assign(places)
        yield consumer, places
    finally:
        await consumer.stop()


def settings_for(
    *, bootstrap: str, prefix: str, database_url: str, credentials_url: str, **changes: Any
) -> Settings:
    key = base64.b64encode(HANDOFF_KEYS["h1"]).decode()
    given: dict[str, Any] = {
        "kafka_bootstrap_servers": bootstrap,
        "kafka_topic_prefix": prefix,
        "database_url": SecretStr(database_url),
        "public_url": ISSUER,
        "internal_api_token": SecretStr(INTERNAL_TOKEN),
        "credentials_url": credentials_url,
        "gateway_port": 0,
        "gateway_internal_port": 0,
        "handoff_keys": SecretStr(f"h1:{key}"),
    } | changes
    return Settings(**given)


@asynccontextmanager
async def started(settings: Settings) -> AsyncIterator[Ports]:
    """The gateway, once it is ready."""
    async with AsyncExitStack() as stack:
        supervisor = Supervisor(stack)
        ports = await start(settings, stack, supervisor)
        async with aiohttp.ClientSession() as session:

            async def is_ready() -> bool:
                async with session.get(f"http://127.0.0.1:{ports.public}/health/ready") as response:
                    return response.status == 200

            await eventually(is_ready, 20)
        yield ports


@asynccontextmanager
async def world(
    *,
    kafka: str,
    prefix: str,
    database_url: str,
    gateway_kafka: str | None = None,
    gateway_database: str | None = None,
    **changes: Any,
) -> AsyncIterator[World]:
    """A gateway that knows the companies acme and globex, and some packages."""
    credentials = FakeCredentials(issuer=changes.get("public_url", ISSUER))
    async with (
        credentials.serving() as credentials_url,
        EventProducer(bootstrap_servers=kafka, prefix=prefix, client_id="test") as producer,
        # No connection outlives its request, here or at the gateway: tests look for tasks left behind.
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session,
    ):
        settings = settings_for(
            bootstrap=gateway_kafka or kafka,
            prefix=prefix,
            database_url=gateway_database or database_url,
            credentials_url=credentials_url,
            **changes,
        )
        made = World(kafka, prefix, database_url, credentials, producer, Ports(0, 0), session)
        for company in ("acme", "globex"):
            await made.tell(CREDENTIALS_INTEGRATIONS, connected(company))
        for data in PACKAGES:
            await made.tell(ENGINES_PACKAGES, data)
        async with started(settings) as ports:
            made.ports = ports
            yield made


@asynccontextmanager
async def fresh_world(*, kafka: str, postgres_url: str, prefix: str, **changes: Any) -> AsyncIterator[World]:
    """A world with topics and a database of its own."""
    await kafka_topics.create(kafka, prefix, partitions=3)
    try:
        async with databases.fresh(postgres_url) as database_url:
            await migrate(database_url, "gateway", "gateway.storage.migrations")
            async with world(kafka=kafka, prefix=prefix, database_url=database_url, **changes) as made:
                # Whatever connects on first use has connected before a test begins.
                assert await made.place(standard_order()) == (202, None)
                yield made
    finally:
        await kafka_topics.delete(kafka, prefix)
