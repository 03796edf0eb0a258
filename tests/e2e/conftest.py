"""One stack of real processes for all of these tests, with a Kafka and a PostgreSQL of its own."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from local_stack import flow
from local_stack.ports import Ports
from local_stack.stack import Stack

from tests.e2e.support.world import COMPANIES, World

# These two make dead letters, of which the others know none; what was logged is read after everything else.
_LAST = ("test_marks.py", "test_erasing.py", "test_logs.py")

_SETTINGS = {
    "REFERENCE_ENGINE_AUTOPILOT": "true",
    # As in production, only sooner: a lease and a retry that a test can wait for.
    "RESULTS_PUBLISHER_LEASE": "3",
    "RESULTS_PUBLISHER_RETRY_SCHEDULE": "1s,1s,1s,2s,2s,4s,4s,8s,15s,30s,1m,10m,1h",
    # And a signing key that a test can wait for; published for longer than anyone keeps the keys.
    "CREDENTIALS_SIGNING_KEY_AHEAD_SECONDS": "5",
    "CREDENTIALS_KEY_CHECK_SECONDS": "1",
    "GATEWAY_KEYS_REFRESH_SECONDS": "1",
    # A client there asks for a new token in each round, as fast as it can.
    "GATEWAY_TOKEN_REQUESTS_PER_MINUTE": "100000",
    "LOG_LEVEL": "debug",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The last ones last."""
    items.sort(key=lambda item: _LAST.index(item.path.name) if item.path.name in _LAST else -1)


@pytest.fixture(scope="session")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Everything is up: services, sandbox, reference engine, Kafka, PostgreSQL."""
    built = Stack(tmp_path_factory.mktemp("stack"), Ports.free())
    built.environment.update(_SETTINGS)
    await asyncio.to_thread(built.start)
    try:
        yield built
    finally:
        await asyncio.to_thread(built.stop)


@pytest.fixture(scope="session")
async def _connected(stack: Stack) -> AsyncIterator[World]:
    await asyncio.to_thread(stack.bridge, "partner", "apply", str(flow.PARTNER_FILE))
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)) as http:
        world = World(stack, http)
        there = {each["id"] for each in (await world.admin("GET", "/companies"))["companies"]}
        for company_id in COMPANIES:
            if company_id not in there:
                await world.admin("POST", "/companies", {"id": company_id, "name": company_id.title()})
            await world.connect(company_id)
        yield world


@pytest.fixture
async def world(_connected: World) -> AsyncIterator[World]:
    """Every company is connected, tests finish by themselves, and SmartRecruiters does nothing wrong."""
    await _connected.engine(autopilot=True)
    yield _connected
    await _connected.faults()


@pytest.fixture
async def played(_connected: World) -> World:
    """The same, but candidates take their tests themselves."""
    await _connected.engine(autopilot=False)
    return _connected
