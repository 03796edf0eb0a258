"""A running engine with its bus and a candidate's browser."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from reference_engine.app import running
from reference_engine.domain.links import Links
from reference_engine.settings import Settings

from tests.reference_engine.bridge import Bridge, serving_candidates
from tests.reference_engine.bus import Bus, connected
from tests.support.ports import free_port
from tests.support.waiting import eventually

KEY = "k" * 32


@pytest.fixture
async def bus(kafka: str, topics: str) -> AsyncIterator[Bus]:
    async with connected(kafka, topics) as ready:
        yield ready


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    async with serving_candidates() as ready:
        yield ready


@pytest.fixture
def engine_settings(kafka: str, topics: str, bridge: Bridge) -> Settings:
    port = free_port()
    return Settings.model_validate(
        {
            "kafka_bootstrap_servers": kafka,
            "kafka_topic_prefix": topics,
            "reference_engine_port": port,
            "reference_engine_url": f"http://127.0.0.1:{port}",
            "reference_engine_secret": KEY,
            "engine_api_url": bridge.url,
            "engine_api_token": bridge.token,
        }
    )


@pytest.fixture
def links(engine_settings: Settings) -> Links:
    return Links(engine_settings.reference_engine_url, KEY.encode())


@pytest.fixture
async def browser(engine_settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """The engine is ready, and this asks it; redirects are not followed."""
    async with (
        running(engine_settings),
        aiohttp.ClientSession(
            engine_settings.reference_engine_url, timeout=aiohttp.ClientTimeout(total=20)
        ) as session,
    ):

        async def ready() -> bool:
            async with session.get("/health/ready") as answer:
                return answer.status == 200

        await eventually(ready, within=30)
        yield session
