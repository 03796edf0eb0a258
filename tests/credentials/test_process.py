"""Credentials as a process: it refuses to start, and is killed between their yes and our commit."""

import asyncio
from pathlib import Path

import aiohttp
import asyncpg
import pytest
from click.testing import CliRunner
from credentials import app

from tests.credentials.support.world import NOTHING_USABLE, Replica, World
from tests.support.ports import free_port
from tests.support.processes import Process, running
from tests.support.waiting import eventually


def process(world: World, log: Path, **changes: object) -> tuple[Process, str]:
    port = free_port()
    env = world.environment(credentials_internal_port=port, **changes)
    url = f"http://127.0.0.1:{port}"
    return Process(["-m", "credentials"], env=env, log=log, ready_url=f"{url}/health/ready"), url


async def test_a_kill_between_their_yes_and_our_commit_leaves_nothing_usable(
    surroundings: World, tmp_path: Path
) -> None:
    world = surroundings
    await world.add_user()
    first, url = process(world, tmp_path / "log")
    world.replicas.append(Replica.of_process(url))
    async with running(first):
        ticket = await world.ticket()
        world.fault("integration", "latency", seconds=0.5)
        granting = asyncio.create_task(world.grant(ticket))
        await eventually(lambda: world.calls("token"))
        # Held here, the commit cannot happen: the process is caught right before it.
        lock = await asyncpg.connect(world.database_url)
        async with lock.transaction():
            await lock.execute("SELECT 1 FROM credentials.integrations FOR UPDATE")
            await eventually(lambda: world.sandbox.company("acme").integration)
            await eventually(lambda: world.calls("integration"))
            await first.kill()
            with pytest.raises(aiohttp.ClientError):
                await granting
        await lock.close()
    world.replicas.clear()
    assert await world.usable() == NOTHING_USABLE
    # The dead exchange's lease runs out by itself; nobody has to wait for it here.
    await world.sql("UPDATE credentials.integrations SET exchange_until = now()")
    await world.start()
    (noted,) = await eventually(
        lambda: world.sql("SELECT * FROM credentials.connection_events WHERE what = 'connect_unconfirmed'")
    )
    assert (noted["version"], noted["reason"]) == (1, "connection_interrupted")
    shown = await asyncio.to_thread(
        CliRunner().invoke, app.integrations, ["show", "acme"], env=world.environment()
    )
    assert "has to disable the integration there; then connect again" in shown.output
    answer = await world.grant(await world.ticket())
    assert (answer.status, answer.body["code"]) == (409, "already_integrated")
    assert "disable the integration at SmartRecruiters and connect again" in answer.body["detail"]
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    await world.connect()
    assert await world.usable() == {"state": "connected", "ours": [3], "theirs": [3]}


async def test_sigterm_ends_it_in_order(surroundings: World, tmp_path: Path) -> None:
    one, _ = process(surroundings, tmp_path / "log")
    async with running(one):
        assert await one.stop() == 0


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"encryption_keys": "k1:short"}, 2, "ENCRYPTION_KEYS: key 1 is not base64"),
        ({"master_client_id": ""}, 2, "MASTER_CLIENT_ID"),
        ({"kafka_topic_prefix": "nobody-made-these."}, 1, "credentials.integrations"),
        ({"database_url": "postgresql://postgres@127.0.0.1:1/x"}, 1, "does not answer"),
    ],
)
async def test_it_refuses_to_start_and_says_why(
    surroundings: World, tmp_path: Path, changes: dict[str, str], code: int, words: str
) -> None:
    one = Process(["-m", "credentials"], env=surroundings.environment(**changes), log=tmp_path / "log")
    async with running(one):
        assert await one.wait() == code
    assert words in one.output


async def test_a_stale_schema_is_refused(
    surroundings: World, empty_database_url: str, tmp_path: Path
) -> None:
    env = surroundings.environment(database_url=empty_database_url)
    one = Process(["-m", "credentials"], env=env, log=tmp_path / "log")
    async with running(one):
        assert await one.wait() == 1
    assert "bridge database migrate" in one.output
