"""The servers, a SmartRecruiters, and a bench for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.orders.support import bench as benches
from tests.orders.support.bench import Bench, Servers
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
