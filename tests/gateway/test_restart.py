"""A gateway that has not read yet whose tokens are good lets nobody in, and sends nobody away."""

from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from contracts.topics import CREDENTIALS_INTEGRATIONS
from gateway import app
from gateway.app import knowledge
from runtime.kafka import topics as kafka_topics
from runtime.kafka.producer import EventProducer
from runtime.process import Supervisor

from tests.gateway.support.credentials import FakeCredentials
from tests.gateway.support.world import ISSUER, World, connected, disabled, settings_for
from tests.support.cables import Cable, cable
from tests.support.waiting import eventually

SLOW_TO_COME = ("GET", "/packages"), ("POST", "/packages/orders"), ("DELETE", "/integrations/companies/acme")


async def test_no_token_is_good_or_bad_before_the_integrations_are_read(
    kafka: str, topic_prefix: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, _, port = kafka.partition(":")
    credentials = FakeCredentials(issuer=ISSUER)
    await kafka_topics.create(kafka, topic_prefix, partitions=3)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(kafka_topics.delete, kafka, topic_prefix)
        line = await stack.enter_async_context(cable(host, int(port), kafka=True))
        url = await stack.enter_async_context(credentials.serving())
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        )
        producer = await stack.enter_async_context(
            EventProducer(bootstrap_servers=kafka, prefix=topic_prefix, client_id="test")
        )
        made = World(kafka, topic_prefix, database_url, credentials, producer, app.Ports(0, 0), session)
        for event in (connected("acme"), connected("globex"), disabled("acme")):
            await made.tell(CREDENTIALS_INTEGRATIONS, event)
        _goes_away_before_the_views(line, monkeypatch)
        settings = settings_for(
            bootstrap=f"127.0.0.1:{line.port}",
            prefix=topic_prefix,
            database_url=database_url,
            credentials_url=url,
        )
        made.ports = await app.start(settings, stack, Supervisor(stack))
        assert await status(made, "GET", "/health/ready") == 503
        for company_id in ("acme", "globex", "nobody"):
            for method, path in SLOW_TO_COME:
                assert await status(made, method, path, made.bearer(company_id)) == 503
        assert credentials.disabled == []
        await line.mend()

        async def is_ready() -> bool:
            return await status(made, "GET", "/health/ready") == 200

        await eventually(is_ready, 40)
        assert await status(made, "GET", "/packages", made.bearer("acme")) == 401
        assert await status(made, "GET", "/packages", made.bearer("globex")) == 204


def _goes_away_before_the_views(line: Cable, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka has answered that the topics are there; from then on nothing gets through."""
    real = knowledge.read_knowledge

    def reading(*given: Any) -> Any:
        line.block()
        return real(*given)

    monkeypatch.setattr(app, "read_knowledge", reading)


async def status(made: World, method: str, path: str, headers: dict[str, str] | None = None) -> int:
    async with made.session.request(method, made.url + path, headers=headers) as response:
        return response.status
