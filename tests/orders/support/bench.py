"""The orders service in this process, on real Kafka and PostgreSQL, with what a test asks of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer, TopicPartition
from contracts import codec
from contracts.envelope import Event, EventData
from contracts.events.assessment import AssessmentRequested
from contracts.topics import ORDERS_REQUESTS, TOPICS, Topic
from orders import app
from orders.settings import Settings
from runtime.kafka.producer import EventProducer
from runtime.process import Supervisor

from tests.orders.support.events import event
from tests.orders.support.smartrecruiters import SmartRecruiters
from tests.support.ports import free_port
from tests.support.waiting import eventually

TOKEN = "internal-token"
ENGINE_TOKEN = "engine-token"


@dataclass
class Servers:
    kafka: str
    prefix: str
    database_url: str


def settings(servers: Servers, world: SmartRecruiters, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "kafka_bootstrap_servers": servers.kafka,
        "kafka_topic_prefix": servers.prefix,
        "database_url": servers.database_url,
        "smartrecruiters_api_url": world.url,
        "credentials_url": world.url,
        "internal_api_token": TOKEN,
        "engine_api_token": ENGINE_TOKEN,
        "results_publisher_url": world.url,
        "orders_internal_port": free_port(),
        "orders_smartrecruiters_per_second": 1000,
        "orders_sweep_every": 0.1,
        "orders_expire_after": 0,
    }
    return Settings(**{**values, **changes})


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[None]:
    """The service, started as its process starts it."""
    async with AsyncExitStack() as stack:
        supervisor = Supervisor(stack)
        await app.start(settings, stack, supervisor)
        yield
        assert not supervisor.failed.done(), supervisor.failed.result()


class Bench:
    """Says events and reads what the service says; `requests` is everything in orders.requests so far."""

    def __init__(self, servers: Servers, producer: EventProducer, api: aiohttp.ClientSession) -> None:
        self.servers = servers
        self.requests: list[Event[Any]] = []
        self.dead: list[tuple[str, dict[str, bytes]]] = []
        self.updates: list[Event[Any]] = []
        self.reading: AIOKafkaConsumer | None = None
        self._producer = producer
        self._api = api

    async def say(self, data: EventData, **about: Any) -> Event[Any]:
        said = event(data, **about)
        await self.repeat(said)
        return said

    async def repeat(self, said: Event[Any]) -> None:
        topic = next(topic for topic in TOPICS if isinstance(said.data, topic.events))
        await self._producer.publish(topic, said)

    async def requested(self, order_id: str, within: float = 15) -> AssessmentRequested:
        def found() -> AssessmentRequested | None:
            asked = (one.data for one in self.requests if isinstance(one.data, AssessmentRequested))
            return next((data for data in asked if data.order_id == order_id), None)

        data = await eventually(found, within)
        assert data is not None
        return data

    async def all_is_read(self) -> None:
        """Waits until what is in the topics now is here."""
        reading = self.reading
        assert reading is not None
        for place, end in (await reading.end_offsets(reading.assignment())).items():

            async def read(place: TopicPartition = place, end: int = end) -> bool:
                return bool(await reading.position(place) >= end)

            await eventually(read)

    async def get(self, path: str, port: int, status: int = 200) -> Any:
        async with self._api.get(f"http://127.0.0.1:{port}{path}") as answer:
            assert answer.status == status, await answer.text()
            return await answer.json(content_type=None)

    async def post(self, path: str, port: int, body: Any, status: int = 200, token: str = TOKEN) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        async with self._api.post(f"http://127.0.0.1:{port}{path}", json=body, headers=headers) as answer:
            assert answer.status == status, await answer.text()
            return await answer.json(content_type=None)

    async def order(self, order_id: str, port: int) -> Any:
        return await self.get(f"/api/orders/{order_id}", port)

    async def until(self, order_id: str, port: int, within: float = 15, **expected: Any) -> Any:
        async def reached() -> Any:
            async with self._api.get(f"http://127.0.0.1:{port}/api/orders/{order_id}") as answer:
                assert answer.status == 200
                found = await answer.json()
            shown = {name: found[name] for name in expected}
            assert shown == expected, (shown, [row["text"] for row in found["timeline"]])
            return found

        return await eventually(reached, within)


@asynccontextmanager
async def bench(servers: Servers) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        producer = await stack.enter_async_context(
            EventProducer(bootstrap_servers=servers.kafka, prefix=servers.prefix, client_id="tests")
        )
        api = await stack.enter_async_context(
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"})
        )
        made = Bench(servers, producer, api)
        reading = asyncio.create_task(_read(made))
        stack.push_async_callback(_end, reading)
        yield made


def kinds(order: Any) -> list[str]:
    return [row["kind"] for row in order["timeline"]]


async def _read(made: Bench) -> None:
    prefix = made.servers.prefix
    names = [ORDERS_REQUESTS.name, "engines.updates", *(topic.dead_letter for topic in TOPICS)]
    consumer = AIOKafkaConsumer(
        *(prefix + name for name in names),
        bootstrap_servers=made.servers.kafka,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    made.reading = consumer
    try:
        async for record in consumer:
            name = record.topic.removeprefix(prefix)
            if name.endswith(".dlq"):
                made.dead.append((name, dict(record.headers)))
            else:
                _sort(made, name).append(codec.decode(record.value, record.headers))
    finally:
        await consumer.stop()


def _sort(made: Bench, name: str) -> list[Event[Any]]:
    return made.requests if name == ORDERS_REQUESTS.name else made.updates


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


__all__ = ["TOKEN", "Bench", "Servers", "Topic", "bench", "kinds", "running", "settings"]
