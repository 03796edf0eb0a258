"""Fixtures of the credentials tests."""

from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from runtime.kafka import topics as kafka_topics

from tests.credentials.support.world import World, fresh_world


@pytest.fixture(scope="session")
async def shared_prefix(kafka: str) -> AsyncIterator[str]:
    """Topics for all of these tests: each has its own client ids to know its events by."""
    prefix = f"t{token_hex(5)}."
    await kafka_topics.create(kafka, prefix, partitions=1)
    yield prefix
    await kafka_topics.delete(kafka, prefix)


@pytest.fixture
async def surroundings(kafka: str, shared_prefix: str, database_url: str) -> AsyncIterator[World]:
    """Everything around credentials; the test starts it."""
    async with fresh_world(kafka, shared_prefix, database_url) as made:
        yield made


@pytest.fixture
async def world(surroundings: World) -> World:
    """One replica of credentials with one user of Acme."""
    await surroundings.start()
    await surroundings.add_user()
    return surroundings
