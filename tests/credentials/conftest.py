"""Fixtures of the credentials tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from secrets import token_hex

import click
import pytest
from click.testing import CliRunner, Result
from runtime.kafka import topics as kafka_topics

from tests.credentials.support.world import World, fresh_world

Run = Callable[..., Awaitable[Result]]


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


@pytest.fixture
def run(surroundings: World) -> Run:
    """A command in a thread of its own, as its loop is not ours."""

    async def running(
        group: click.Group, *arguments: str, given: str | None = None, without: Sequence[str] = ()
    ) -> Result:
        env: dict[str, str | None] = {**surroundings.environment(), "NO_COLOR": "1"}
        env |= dict.fromkeys(without)
        return await asyncio.to_thread(CliRunner().invoke, group, arguments, input=given, env=env)

    return running
