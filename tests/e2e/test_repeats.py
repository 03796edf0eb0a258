"""SmartRecruiters sends an order again: a time-out on its side, or a person's second click."""

import pytest

from tests.e2e.support import checks
from tests.e2e.support.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


async def test_a_repeat_is_the_same_order_and_the_same_answer(world: World) -> None:
    since = await world.now()
    standard = await world.order("acme", repeat=4)
    inline = await world.inline_order("globex", repeat=4)
    calls = await world.record(since)
    answers = [call for call in calls if call["call"] == "order"]
    assert [(call["status"], call["response"]) for call in answers] == [(202, None)] * 4
    urls = [call["response"]["url"] for call in calls if call["call"] == "inline_order"]
    assert len(urls) == 4
    assert len(set(urls)) == 1
    await checks.all_settle(world, [standard, inline])
    await checks.nothing_lost_nothing_twice(world, [standard, inline], since=since)
    for order in (standard, inline):
        patches = await world.record(since, call="result_patch", order_id=order.order_id)
        assert [patch["request"]["status"] for patch in patches] == ["IN_PROGRESS", "COMPLETED"]
