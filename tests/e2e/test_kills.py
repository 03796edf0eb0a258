"""Each process is killed with SIGKILL in the middle of the flow and started again; orders keep coming."""

import asyncio

import pytest

from tests.e2e.support import checks
from tests.e2e.support.world import World
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

# What SmartRecruiters sees first, and so when the knife falls.
_SEEN = {
    "accepting": ("order", None),
    "enriching": ("candidate", None),
    "publishing": ("result_patch", "IN_PROGRESS"),
    "finishing": ("result_patch", "COMPLETED"),
}


async def _comes_to(world: World, moment: str, since: int) -> None:
    call, status = _SEEN[moment]

    async def seen() -> bool:
        calls = await world.record(since, call=call)
        return any(status is None or each["request"]["status"] == status for each in calls)

    await eventually(seen, 30.0, every=0.005)


@pytest.mark.parametrize(
    ("part", "moment"),
    [
        ("gateway", "accepting"),
        ("gateway", "publishing"),
        ("credentials", "enriching"),
        ("orders", "accepting"),
        ("orders", "finishing"),
        ("orders-insights", "publishing"),
        ("results-publisher", "publishing"),
        ("results-publisher", "finishing"),
        ("reference-engine", "publishing"),
        ("kafka", "accepting"),
        ("kafka", "publishing"),
        ("postgres", "accepting"),
        ("postgres", "publishing"),
    ],
)
async def test_no_kill_loses_or_repeats_an_order(world: World, part: str, moment: str) -> None:
    since = await world.now()
    before = asyncio.create_task(world.orders(14))
    await _comes_to(world, moment, since)
    await world.kill(part)
    during = await world.orders(8)
    await world.restart(part)
    placed = [*await before, *during, *await world.orders(8)]

    assert all(order.accepted for order in placed[-8:]), "it is back"
    if part != "gateway":
        assert all(order.accepted for order in placed), "an order is taken while anything else is away"
    await checks.all_settle(world, placed)
    await checks.nothing_lost_nothing_twice(world, placed, since=since)
