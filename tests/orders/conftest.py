"""The servers, a SmartRecruiters, and a bench for each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.orders.support import bench as benches
from tests.orders.support.bench import Bench, Servers, running, settings
from tests.orders.support.service import Service
from tests.orders.support.smartrecruiters import SmartRecruiters, smartrecruiters


@pytest.fixture
def servers(kafka: str, topics: str, database_url: str) -> Servers:
    return Servers(kafka=kafka, prefix=topics, database_url=database_url)


@pytest.fixture
async def world() -> AsyncIterator[SmartRecruiters]:
    async with smartrecruiters() as made:
        yield made


@pytest.fixture
async def bench(servers: Servers) -> AsyncIterator[Bench]:
    async with benches.bench(servers) as made:
        yield made


@pytest.fixture
def changes() -> dict[str, Any]:
    """Settings of the service that a test wants otherwise: it parametrizes this."""
    return {}


@pytest.fixture
async def service(
    bench: Bench, servers: Servers, world: SmartRecruiters, changes: dict[str, Any]
) -> AsyncIterator[Service]:
    chosen = settings(servers, world, **changes)
    async with running(chosen):
        yield Service(bench, world, chosen.orders_internal_port)
