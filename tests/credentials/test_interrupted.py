"""What comes between SmartRecruiters' yes and our commit; how clocks and old tokens are kept in place."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import asyncpg
from credentials.storage.exchanges import PostgresExchanges
from credentials.storage.integrations import PostgresIntegrations
from runtime import database

from tests.credentials.support.world import World
from tests.support.cables import cable
from tests.support.waiting import eventually

WHOLE = {"state": "connected", "ours": [1], "theirs": [1]}


async def test_postgresql_away_when_the_answer_comes_costs_time_and_not_the_connection(
    surroundings: World,
) -> None:
    """Even when somebody has given the exchange up meanwhile, as long as no other one has begun."""
    world = surroundings
    await world.add_user()
    real = urlsplit(world.database_url)
    async with cable(str(real.hostname), real.port or 5432) as line:
        through = real._replace(netloc=f"{real.netloc.rpartition('@')[0]}@127.0.0.1:{line.port}").geturl()
        await world.start(database_url=through)
        world.fault("integration", "latency", seconds=0.5)
        granting = asyncio.create_task(world.grant(await world.ticket()))
        await eventually(lambda: world.calls("token"))
        await line.cut()
        await eventually(lambda: world.sandbox.company("acme").integration)
        await world.sql("UPDATE credentials.integrations SET exchange_until = now() - interval '1 s'")
        async with database.pool(world.database_url, max_size=1) as pool:
            assert await PostgresExchanges(pool).end_interrupted(datetime.now(UTC)) == ["acme"]
            assert await PostgresExchanges(pool).end_interrupted(datetime.now(UTC)) == []
            assert await PostgresIntegrations(pool).unconfirmed("acme")
        assert not granting.done()
        await line.mend()
        assert (await granting).status == 200
        assert await world.usable() == WHOLE
        assert (await world.our_token(*world.issued())).status == 200
        for replica in world.replicas:
            await replica.stop()
        world.replicas.clear()


async def test_an_answer_that_comes_after_another_exchange_began_is_dropped(world: World) -> None:
    """A process that was stopped for a minute and wakes up changes nothing any more."""
    world.fault("integration", "latency", seconds=0.5, times=1)
    ticket, later = await world.ticket(), await world.ticket()
    slow = asyncio.create_task(world.grant(ticket))
    await eventually(lambda: world.calls("token"))
    lock = await asyncpg.connect(world.database_url)
    async with lock.transaction():
        await lock.execute("SELECT 1 FROM credentials.integrations FOR UPDATE")
        await eventually(lambda: world.sandbox.company("acme").integration)
        await lock.execute("UPDATE credentials.integrations SET exchange_until = now() - interval '1 s'")
        await lock.execute(
            "INSERT INTO credentials.client_credentials (company_id, version, secret_hash, state, created_at)"
            " VALUES ('acme', 2, '\\x00', 'pending', now())"
        )
    await lock.close()
    answer = await slow
    assert (answer.status, answer.body["code"]) == (502, "connection_not_saved")
    assert "disable the integration at SmartRecruiters and connect again" in answer.body["detail"]
    assert (await world.usable())["state"] == "pending"
    assert (await world.our_token(*world.issued())).status == 401
    again = await world.grant(later)
    assert (again.status, again.body["code"]) == (409, "already_integrated")


async def test_a_change_is_later_than_the_one_before_whatever_the_clocks_say(world: World) -> None:
    """A replica's clock may be behind: nobody who is told may take its word for an older one."""
    await world.connect()
    behind = datetime.now(UTC) - timedelta(hours=1)
    async with database.pool(world.database_url, max_size=1) as pool:
        store = PostgresIntegrations(pool)
        await store.rotate("acme", b"\x01" * 32, behind, timedelta(hours=4))
        await store.end_old("acme", behind)
        assert await store.disable("acme", behind)
    times = [event.data.changed_at for event in await world.events(4)]
    assert times == sorted(set(times))


async def test_only_the_connection_a_token_belongs_to_is_ended_by_it(world: World) -> None:
    await world.connect()
    await world.call("/internal/companies/acme/disable", {"version": 1})
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    await world.connect()
    assert (await world.call("/internal/companies/acme/disable", {"version": 1})).status == 204
    assert (await world.usable())["state"] == "connected"
    assert (await world.call("/internal/companies/acme/disable", {"version": 2})).status == 204
    assert (await world.usable())["state"] == "disabled"
