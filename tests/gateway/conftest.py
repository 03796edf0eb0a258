"""Fixtures of the gateway's tests."""

import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from tests.gateway.support.credentials import ACME
from tests.gateway.support.world import World, fresh_world
from tests.support import guards


@pytest.fixture(scope="module")
async def shared_world(kafka: str, postgres_url: str) -> AsyncIterator[World]:
    """One gateway for a whole module: for tests that leave nothing behind that another could see."""
    prefix = f"t{secrets.token_hex(5)}."
    async with (
        guards.no_leaked_tasks(),
        fresh_world(kafka=kafka, postgres_url=postgres_url, prefix=prefix) as made,
    ):
        yield made


@pytest.fixture
async def own_world(kafka: str, postgres_url: str, topic_prefix: str) -> AsyncIterator[World]:
    """A gateway for one test alone."""
    async with fresh_world(kafka=kafka, postgres_url=postgres_url, prefix=topic_prefix) as made:
        yield made


@pytest.fixture(autouse=True)
async def _no_leaked_tasks(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """A shared gateway's Kafka client begins tasks between tests: there it is asked at its end."""
    async with AsyncExitStack() as stack:
        if "shared_world" not in request.fixturenames:
            await stack.enter_async_context(guards.no_leaked_tasks())
        yield


@pytest.fixture
async def acme(shared_world: World) -> World:
    fake = shared_world.credentials
    fake.grant_fault = fake.sign_in_fault = None
    for kept in (fake.grants, fake.denials, fake.sign_ins, fake.chosen):
        kept.clear()
    fake.organisations = {ACME: 'Acme <script>alert(1)</script> & "Sons"'}
    fake.away, fake.openid, fake.openid_fault = False, None, None
    fake.openid_calls.clear()
    return shared_world
