"""results-publisher as a whole, on real PostgreSQL and Kafka."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
from aiokafka import AIOKafkaConsumer
from contracts import codec
from contracts.envelope import Event, EventData
from contracts.events.assessment import AssessmentUpdated, PackageResult, Stage
from contracts.events.integration import IntegrationConnected, IntegrationDisabled
from contracts.events.order import Candidate, OrderKind, OrderPlaced
from contracts.topics import CREDENTIALS_INTEGRATIONS, ENGINES_UPDATES, GATEWAY_ORDERS, RESULTS_DELIVERIES
from pydantic import SecretStr
from results_publisher import app
from results_publisher.settings import Settings
from runtime.kafka.producer import EventProducer
from runtime.process import Supervisor

from tests.results_publisher.support.smartrecruiters import INTERNAL_TOKEN, FakeSmartRecruiters
from tests.support.waiting import eventually


class Harness:
    """Publishes what gateway, engines and credentials would, and looks at what became of it."""

    def __init__(
        self,
        *,
        kafka: str,
        prefix: str,
        database_url: str,
        producer: EventProducer,
        pool: "asyncpg.Pool[asyncpg.Record]",
        smartrecruiters: FakeSmartRecruiters,
    ) -> None:
        self.kafka = kafka
        self.prefix = prefix
        self.database_url = database_url
        self.producer = producer
        self.pool = pool
        self.smartrecruiters = smartrecruiters

    def settings(self, **changes: Any) -> Settings:
        fixed: dict[str, Any] = {
            "kafka_bootstrap_servers": self.kafka,
            "kafka_topic_prefix": self.prefix,
            "database_url": SecretStr(self.database_url),
            "smartrecruiters_api_url": self.smartrecruiters.url,
            "internal_api_token": SecretStr(INTERNAL_TOKEN),
            "credentials_url": self.smartrecruiters.url,
            "results_publisher_internal_port": 0,
            "results_publisher_retry_schedule": "1s,1s,1s,1s",
            "results_publisher_requests_per_second": 200.0,
            "results_publisher_lease": 3.0,
        }
        return Settings(**{**fixed, **changes})

    @contextlib.asynccontextmanager
    async def publisher(self, **changes: Any) -> AsyncIterator[str]:
        """One replica in this process; yields its internal address."""
        async with AsyncExitStack() as stack:
            supervisor = Supervisor(stack)
            port = await app.start(stack, supervisor, self.settings(**changes))
            yield f"http://127.0.0.1:{port}"
            assert not supervisor.failed.done(), supervisor.failed.result()

    async def order(
        self, order_id: str, company_id: str = "acme", kind: OrderKind = OrderKind.STANDARD, **changes: Any
    ) -> None:
        fields: dict[str, Any] = {
            "order_id": order_id,
            "company_id": company_id,
            "kind": kind,
            "package_id": "engine-skill-test",
            "result_callback_url": self.smartrecruiters.callback(order_id),
            "candidate": Candidate(id="candidate-1"),
            "received_at": datetime.now(UTC),
            **changes,
        }
        await self.publish(GATEWAY_ORDERS, OrderPlaced(**fields))

    async def update(
        self,
        order_id: str,
        company_id: str = "acme",
        stage: Stage = Stage.PROGRESS,
        **result: Any,
    ) -> Event[Any]:
        return await self.publish(ENGINES_UPDATES, update(order_id, company_id, stage, **result))

    async def integration(self, company_id: str, *, connected: bool) -> None:
        kind = IntegrationConnected if connected else IntegrationDisabled
        versions = (1,) if connected else ()
        data = kind(
            company_id=company_id,
            client_id="client",
            credential_versions=versions,
            changed_at=datetime.now(UTC),
        )
        await self.publish(CREDENTIALS_INTEGRATIONS, data)

    async def publish(self, topic: Any, data: EventData) -> Event[Any]:
        event = Event(id=uuid4(), source="tests", time=datetime.now(UTC), data=data)
        await self.producer.publish(topic, event)
        return event

    async def deliveries(self, **wanted: str) -> list[dict[str, Any]]:
        rows = await self.pool.fetch("SELECT * FROM results_publisher.deliveries ORDER BY seq")
        return [dict(row) for row in rows if all(row[name] == value for name, value in wanted.items())]

    async def attempts(self, delivery_id: Any) -> list[dict[str, Any]]:
        query = "SELECT * FROM results_publisher.attempts WHERE delivery_id = $1 ORDER BY id"
        return [dict(row) for row in await self.pool.fetch(query, delivery_id)]

    async def statuses(self, order_id: str) -> list[str]:
        return [row["status"] for row in await self.deliveries(order_id=order_id)]

    async def until(self, order_id: str, *statuses: str, within: float = 20.0) -> None:
        """Waits until the order's deliveries stand exactly so."""

        async def there() -> bool:
            found = await self.statuses(order_id)
            assert found == list(statuses), found
            return True

        await eventually(there, within)

    async def told(self, count: int, within: float = 15.0) -> list[Event[Any]]:
        """Returns the first `count` events on results.deliveries, repeats left out."""
        consumer = AIOKafkaConsumer(
            self.prefix + RESULTS_DELIVERIES.name, bootstrap_servers=self.kafka, auto_offset_reset="earliest"
        )
        await consumer.start()
        found: dict[Any, Event[Any]] = {}
        try:
            async with asyncio.timeout(within):
                while len(found) < count:
                    batch = await consumer.getmany(timeout_ms=200)
                    for records in batch.values():
                        for record in records:
                            event = codec.decode(record.value, record.headers)
                            found[event.id] = event
        finally:
            await consumer.stop()
        return list(found.values())


async def api(method: str, url: str, body: Any = None, token: str = INTERNAL_TOKEN) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    data = None if body is None else body if isinstance(body, str) else json.dumps(body)
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url, data=data, headers=headers) as response,
    ):
        text = await response.text()
        return response.status, json.loads(text) if text else None


def update(
    order_id: str, company_id: str = "acme", stage: Stage = Stage.PROGRESS, **result: Any
) -> AssessmentUpdated:
    occurred_at = result.pop("occurred_at", None) or datetime.now(UTC)
    launch = f"https://engine.example/{order_id}" if stage is Stage.LAUNCH else None
    return AssessmentUpdated(
        order_id=order_id,
        company_id=company_id,
        stage=stage,
        occurred_at=occurred_at,
        launch_url=launch,
        result=PackageResult(**result) if result else None,
    )
