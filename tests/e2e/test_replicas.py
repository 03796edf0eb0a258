"""Several replicas of the services at once: together they behave as one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

import pytest
from local_stack import flow

from tests.e2e.support import checks
from tests.e2e.support.replicas import replica
from tests.e2e.support.world import COMPANIES, Json, World
from tests.support.processes import Process, running
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_PER_SECOND = 10


@asynccontextmanager
async def publishers(world: World, count: int) -> AsyncIterator[list[Process]]:
    """So many beside the stack's own."""
    made = [replica(world, "results_publisher", "RESULTS_PUBLISHER_INTERNAL_PORT")[0] for _ in range(count)]
    async with AsyncExitStack() as stack:
        for process in made:
            await stack.enter_async_context(running(process, within=60.0))
        yield made


@asynccontextmanager
async def second_gateway(world: World, folder: Path) -> AsyncIterator[str]:
    """A gateway that standard orders go to while inline ones go to the first; yields its address."""
    process, (port, _) = replica(world, "gateway", "GATEWAY_PORT", "GATEWAY_INTERNAL_PORT")
    url = f"http://127.0.0.1:{port}"
    told = flow.PARTNER_FILE.read_text()
    changed = told.replace(
        "packageOrderUrl: ${PUBLIC_URL}/packages/orders", f"packageOrderUrl: {url}/packages/orders"
    )
    assert changed != told
    partner = folder / "partner.yaml"
    partner.write_text(changed)
    async with running(process, within=60.0):
        await asyncio.to_thread(world.stack.bridge, "partner", "apply", str(partner))
        try:
            yield url
        finally:
            await asyncio.to_thread(world.stack.bridge, "partner", "apply", str(flow.PARTNER_FILE))


async def test_replicas_repeat_nothing_and_keep_the_pace(world: World, tmp_path: Path) -> None:
    async with publishers(world, 2), second_gateway(world, tmp_path) as other:
        since = await world.now()
        placed = [*await world.orders(20), *await world.orders(20)]
        assert all(order.accepted for order in placed)
        await checks.all_settle(world, placed)
        inline = next(order for order in placed if order.kind == "inline")
        elsewhere = str(inline.answer["url"]).replace(world.stack.urls.gateway, other)
        async with world.http.get(elsewhere) as back:
            assert str(back.url).startswith(f"{world.stack.urls.sandbox}/applications/complete")
    await checks.nothing_lost_nothing_twice(world, placed, since=since)
    assert (await world.shown(inline.order_id))["candidate_returned_at"]
    patches = await world.record(since, call="result_patch")
    for order in placed:
        taken = [each for each in patches if each["order_id"] == order.order_id and each["status"] == 200]
        assert [each["request"]["status"] for each in taken] == ["IN_PROGRESS", "COMPLETED"]
    refused = [each for each in patches if each["status"] == 429]
    assert len(refused) <= len(placed) // 10, "orders reads with the same credential, so a few may meet"
    ours = [*patches, *await world.record(since, call="attachment")]
    for company_id in COMPANIES:
        assert _most_in_a_second([each for each in ours if each["company_id"] == company_id]) <= _PER_SECOND


async def test_a_killed_replica_is_replaced_by_another(world: World) -> None:
    async with publishers(world, 1):
        since = await world.now()
        placed = await world.orders(30)
        await eventually(lambda: _some_patched(world, since), 30.0, every=0.005)
        await world.kill("results-publisher")
        try:
            await checks.all_settle(world, placed)
        finally:
            await world.restart("results-publisher")
    await checks.nothing_lost_nothing_twice(world, placed, since=since)


async def _some_patched(world: World, since: int) -> bool:
    return len(await world.record(since, call="result_patch")) > 3


def _most_in_a_second(calls: list[Json]) -> int:
    times = sorted(datetime.fromisoformat(call["at"]).timestamp() for call in calls)
    return max((sum(start <= at < start + 1 for at in times) for start in times), default=0)
