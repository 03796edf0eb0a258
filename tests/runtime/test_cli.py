import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from runtime.cli import MIGRATIONS, found
from runtime.database import pool
from runtime.migrations import require_current

from tests.support.ports import free_port
from tests.support.processes import Process, running

Bridge = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    async def call(*arguments: str, **env: str) -> tuple[int, str]:
        program = str(Path(sys.executable).with_name("bridge"))
        async with running(Process([program, *arguments], env=env, log=tmp_path / "log")) as process:
            code = await process.wait()
            return code, process.output

    return call


async def test_topics_are_created_and_a_repeat_does_nothing(kafka: str, topics: str, bridge: Bridge) -> None:
    code, output = await bridge("topics", "create", KAFKA_BOOTSTRAP_SERVERS=kafka, KAFKA_TOPIC_PREFIX=topics)
    assert (code, output) == (0, "up to date\n")


async def test_a_failure_is_one_line(bridge: Bridge) -> None:
    code, output = await bridge("topics", "create", KAFKA_BOOTSTRAP_SERVERS=f"127.0.0.1:{free_port()}")
    assert code == 1
    assert output.splitlines()[-1].startswith("bridge: Kafka at 127.0.0.1:")


async def test_a_missing_setting_is_named(bridge: Bridge) -> None:
    code, output = await bridge("database", "migrate")
    assert code == 2
    assert "DATABASE_URL is missing" in output


async def test_every_schema_is_migrated_and_a_repeat_does_nothing(
    empty_database_url: str, bridge: Bridge, tmp_path: Path
) -> None:
    (tmp_path / "dsn").write_text(empty_database_url)
    assert (await bridge("database", "migrate", DATABASE_URL_FILE=str(tmp_path / "dsn")))[0] == 0
    assert (await bridge("database", "migrate", DATABASE_URL_FILE=str(tmp_path / "dsn")))[0] == 0
    async with pool(empty_database_url) as opened:
        for schema, point in found(MIGRATIONS).items():
            await require_current(opened, schema, point.value)


async def test_help_lists_the_commands(bridge: Bridge) -> None:
    code, output = await bridge("--help")
    assert code == 0
    assert {"database", "topics"} <= set(output.split())
