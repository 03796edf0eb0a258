"""Fixtures of all tests: real servers, fresh databases and topics, and guards over every test."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from runtime.kafka import topics as kafka_topics

from tests.support import databases, guards, servers

# How long one example takes says more of what else the machine does than of our code.
settings.register_profile("bridge", deadline=None)
settings.load_profile("bridge")


def pytest_configure(config: pytest.Config) -> None:
    """With several workers (-n) the servers are started once, here, and every worker is given them."""
    if not config.getoption("numprocesses", None) or hasattr(config, "workerinput"):
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)
    folder = Path(stack.enter_context(TemporaryDirectory(prefix="tests-")))
    os.environ["TEST_KAFKA_BOOTSTRAP_SERVERS"] = stack.enter_context(servers.kafka(folder))
    os.environ["TEST_DATABASE_URL"] = stack.enter_context(servers.postgres(folder))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a real Kafka."""
    with servers.kafka(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL: the address of a database nothing is put into."""
    with servers.postgres(tmp_path_factory.mktemp("postgres")) as address:
        yield address


@pytest.fixture(scope="session")
async def _migrated(postgres_url: str) -> AsyncIterator[str]:
    async with databases.fresh(postgres_url) as template:
        await databases.migrate_all(template)
        yield databases.name_of(template)


@pytest.fixture
async def database_url(postgres_url: str, _migrated: str) -> AsyncIterator[str]:
    """A database of the test's own with every service's schema."""
    async with databases.fresh(postgres_url, template=_migrated) as address:
        yield address


@pytest.fixture
async def empty_database_url(postgres_url: str) -> AsyncIterator[str]:
    """A database of the test's own with nothing in it."""
    async with databases.fresh(postgres_url) as address:
        yield address


@pytest.fixture
def topic_prefix() -> str:
    """Put before every topic and group, so that tests share a Kafka without meeting."""
    return f"t{secrets.token_hex(5)}."


@pytest.fixture
async def topics(kafka: str, topic_prefix: str) -> AsyncIterator[str]:
    """The prefix, with the registry's topics (three partitions, compacted ones one) created under it."""
    await kafka_topics.create(kafka, topic_prefix, partitions=3)
    yield topic_prefix
    await kafka_topics.delete(kafka, topic_prefix)


@pytest.fixture(scope="module")
async def module_topics(kafka: str) -> AsyncIterator[str]:
    """As `topics`, but for all tests of a module and with one partition each."""
    prefix = f"t{secrets.token_hex(5)}."
    await kafka_topics.create(kafka, prefix, partitions=1)
    yield prefix
    await kafka_topics.delete(kafka, prefix)


@pytest.fixture
def logs(_guarded_logs: guards.Lines) -> guards.Lines:
    """Every line logged so far in this process: dicts with `event`, `level` and the fields."""
    return _guarded_logs


@pytest.fixture
def expected_errors(_guarded_logs: guards.Lines) -> guards.Lines:
    """Ask for it where ERROR lines belong to the test; it is the same list as `logs`."""
    return _guarded_logs


@pytest.fixture(autouse=True)
def _guarded_logs(request: pytest.FixtureRequest) -> Iterator[guards.Lines]:
    with ExitStack() as stack:
        lines = stack.enter_context(guards.captured_logs())
        yield lines
    if "expected_errors" not in request.fixturenames:
        assert not guards.errors(lines), "unexpected ERROR lines"


@pytest.fixture(autouse=True)
async def _no_leaked_tasks(_guarded_logs: guards.Lines) -> AsyncIterator[None]:
    async with guards.no_leaked_tasks():
        yield
