"""PostgreSQL goes away under the service: everything waits, nothing is lost."""

import asyncpg
from contracts.events.assessment import Stage

from tests.orders.support import events
from tests.orders.support.bench import Bench, Servers, kinds, running, settings
from tests.orders.support.smartrecruiters import HANG, SmartRecruiters
from tests.support.databases import address, name_of
from tests.support.waiting import eventually

ORDERS = 40
_CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1"


async def test_cut_connections_lose_nothing(
    bench: Bench, servers: Servers, world: SmartRecruiters, postgres_url: str
) -> None:
    chosen = settings(servers, world)
    world.answers["acme", "job"] = [HANG]
    admin = await asyncpg.connect(address(postgres_url, name_of(postgres_url)))
    try:
        async with running(chosen):
            for number in range(ORDERS):
                await bench.say(events.placed(f"o-{number}", f"c-{number % 5}" if number else "acme"))
                if number % 10 == 5:
                    await admin.fetchval(_CUT, name_of(servers.database_url))
            for number in range(1, ORDERS):
                await bench.requested(f"o-{number}", 40)
            await eventually(lambda: world.in_flight["acme"] == 1)
            await admin.fetchval(_CUT, name_of(servers.database_url))
            world.released.set()
            await bench.requested("o-0", 40)
            await bench.say(events.updated("o-0", Stage.COMPLETED))
            order = await bench.until("o-0", chosen.orders_internal_port, 40, state="completed")
    finally:
        await admin.close()
    assert kinds(order) == ["placed", "enriched", "requested", "completed"]
    assert len({one.id for one in bench.requests}) == ORDERS
    assert bench.dead == []


async def test_an_order_cancelled_while_it_is_read_is_never_requested(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    world.answers["acme", "job"] = [HANG]
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.say(events.placed("o-1"))
        await eventually(lambda: world.in_flight["acme"] == 1)
        await bench.post("/api/orders/o-1/cancel", port, {})
        world.released.set()
        await eventually(lambda: world.in_flight["acme"] == 0)
        await bench.say(events.placed("o-2", job_id=None))
        await bench.requested("o-2")
        order = await bench.order("o-1", port)
        await bench.say(events.updated("o-2", Stage.COMPLETED))
        await bench.until("o-2", port, state="completed")
        await bench.post("/api/orders/o-2/cancel", port, {}, 409)
    assert kinds(order) == ["placed", "cancelled"]
    assert [one.type for one in bench.requests] == ["assessment.cancelled", "assessment.requested"]
