"""The service on real servers, with a small SmartRecruiters that can be told to misbehave."""

from collections.abc import AsyncIterator

import pytest
from runtime.database import pool
from runtime.kafka.producer import EventProducer

from tests.results_publisher.support.harness import Harness
from tests.results_publisher.support.smartrecruiters import FakeSmartRecruiters


@pytest.fixture
async def smartrecruiters() -> AsyncIterator[FakeSmartRecruiters]:
    async with FakeSmartRecruiters().running() as fake:
        yield fake


@pytest.fixture
async def harness(
    kafka: str, topics: str, database_url: str, smartrecruiters: FakeSmartRecruiters
) -> AsyncIterator[Harness]:
    async with (
        EventProducer(bootstrap_servers=kafka, client_id="tests", prefix=topics) as producer,
        pool(database_url) as database,
    ):
        yield Harness(
            kafka=kafka,
            prefix=topics,
            database_url=database_url,
            producer=producer,
            pool=database,
            smartrecruiters=smartrecruiters,
        )
