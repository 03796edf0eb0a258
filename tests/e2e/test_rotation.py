"""Secrets and keys change under load, no call fails, and what has ended is dead at two gateways at once."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.e2e.support import checks
from tests.e2e.support.callers import Caller, connected, goes_on, rotate
from tests.e2e.support.replicas import replica
from tests.e2e.support.world import World
from tests.support.processes import running
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_COMPANY = "rotated"
_CALLERS = 4
# Promised: a second from the change on. Only what is noted in PostgreSQL tells when that was.
_DEAD_WITHIN = 1.0
# A second until Kafka's silence is noticed, one that an answer of credentials counts for, and the calls.
_DEAD_WITHOUT_KAFKA_WITHIN = 3.0
_CHANGED_AT = "SELECT changed_at FROM credentials.integrations WHERE company_id = $1"


@asynccontextmanager
async def two_gateways(world: World) -> AsyncIterator[list[str]]:
    process, (port, _) = replica(world, "gateway", "GATEWAY_PORT", "GATEWAY_INTERNAL_PORT")
    async with running(process, within=60.0):
        yield [world.stack.urls.gateway, f"http://127.0.0.1:{port}"]


async def test_everything_changes_and_no_call_fails(world: World) -> None:
    order = await connected(world, _COMPANY)
    async with two_gateways(world) as gateways:
        client = await rotate(world, _COMPANY)
        callers = [Caller(world.http, gateways, client, order) for _ in range(_CALLERS)]
        stop = asyncio.Event()
        calling = [asyncio.create_task(caller.run(stop)) for caller in callers]
        try:
            await goes_on(callers)
            await our_secret(world, callers)
            await signing_key(world, callers)
        finally:
            stop.set()
            await asyncio.gather(*calling)
        assert [failure for caller in callers for failure in caller.failures] == []
        await what_ends_is_dead(world, callers[0], gateways)


async def our_secret(world: World, callers: list[Caller]) -> None:
    """Two are good at once; the old one is ended when nobody uses it any more."""
    new = await rotate(world, _COMPANY)
    await goes_on(callers)
    for caller in callers[::2]:
        caller.client = new
    await goes_on(callers)
    for caller in callers[1::2]:
        caller.client = new
    await goes_on(callers)
    shown = await asyncio.to_thread(world.stack.bridge, "integrations", "show", _COMPANY)
    good = [line for line in shown.splitlines() if ": active" in line]
    assert len(good) == 2
    assert all("last used 20" in line for line in good)
    await asyncio.to_thread(world.stack.bridge, "integrations", "end-old", _COMPANY)
    await goes_on(callers)


async def signing_key(world: World, callers: list[Caller]) -> None:
    """Both are published, and the new one signs after a while."""
    said = await asyncio.to_thread(world.stack.bridge, "signing-keys", "rotate")
    new = said.split()[2].rstrip(",")

    async def published() -> bool:
        async with world.http.get(f"{world.stack.urls.gateway}/.well-known/jwks.json") as response:
            return new in {key["kid"] for key in (await response.json())["keys"]}

    await eventually(published, 10.0)
    assert all(new not in caller.key_ids for caller in callers)
    await eventually(lambda: all(new in caller.key_ids for caller in callers), 30.0)
    await goes_on(callers)


async def what_ends_is_dead(world: World, caller: Caller, gateways: list[str]) -> None:
    """A token given up, an old secret's and a disabled company's, at the gateway that was not asked, too."""
    given_up, other = [await caller.token(gateways[0]) for _ in range(2)]
    form = {"client_id": caller.client[0], "client_secret": caller.client[1], "token": given_up}
    async with dies(world, gateways, given_up) as times:
        began = time.time()
        async with world.http.post(f"{gateways[0]}/oauth/revoke", data=form) as response:
            assert response.status == 200
    assert max(times) - began < _DEAD_WITHIN
    assert await packages(world, gateways[1], other) == 200

    async with dies(world, gateways, other) as times:
        caller.client = await rotate(world, _COMPANY, "--now")
    assert max(times) - await changed_at(world) < _DEAD_WITHIN

    last = await caller.token(gateways[0])
    async with dies(world, gateways, last) as times:
        began = time.time()
        url = f"{gateways[0]}/integrations/companies/{_COMPANY}"
        async with world.http.delete(url, headers={"Authorization": f"Bearer {last}"}) as response:
            assert response.status == 204
        assert await packages(world, gateways[0], last) == 401
    assert max(times) - began < _DEAD_WITHIN
    assert caller.failures == []


async def changed_at(world: World) -> float:
    (row,) = await world.rows(_CHANGED_AT, _COMPANY)
    return float(row["changed_at"].timestamp())


@asynccontextmanager
async def dies(world: World, gateways: list[str], token: str) -> AsyncIterator[list[float]]:
    """The token is good at both gateways, and dies inside: the times at which each first refused it."""
    for gateway in gateways:
        assert await packages(world, gateway, token) == 200
    times: list[float] = []

    async def watch(gateway: str) -> None:
        async def refused() -> bool:
            return await packages(world, gateway, token) == 401

        await eventually(refused, 30.0)
        times.append(time.time())

    watching = [asyncio.create_task(watch(gateway)) for gateway in gateways]
    yield times
    await asyncio.gather(*watching)


async def packages(world: World, gateway: str, token: str) -> int:
    async with world.http.get(
        f"{gateway}/packages", headers={"Authorization": f"Bearer {token}"}
    ) as response:
        return response.status


async def test_a_disable_while_kafka_is_away_is_known_everywhere(world: World) -> None:
    """The gateway that was told knows at once, the other asks credentials; others' orders are taken."""
    company_id, other = "disabled-meanwhile", "acme"
    await connected(world, company_id)
    async with two_gateways(world) as gateways:
        caller = Caller(world.http, gateways, await rotate(world, company_id), {})
        token = await caller.token(gateways[0])
        await world.kill("kafka")
        try:
            async with dies(world, gateways, token) as times:
                began = time.time()
                assert (await world.admin("POST", f"/companies/{company_id}/disable"))["status"] == 204
            assert max(times) - began < _DEAD_WITHOUT_KAFKA_WITHIN
            placed = await world.order(other)
            assert placed.accepted
        finally:
            await world.restart("kafka")
        await checks.all_settle(world, [placed])
        await world.connect(company_id)
        assert (await world.order(company_id)).accepted
        assert [await packages(world, gateway, token) for gateway in gateways] == [401, 401]
