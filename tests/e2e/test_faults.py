"""SmartRecruiters does wrong by one company: the others notice nothing, and nothing of it is lost."""

from datetime import datetime
from itertools import pairwise

import pytest

from tests.e2e.support import checks
from tests.e2e.support.world import Json, World
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_TROUBLED, _WELL = "acme", "globex"
_RETRY_AFTER = 3
_OFTEN = 100_000
_UPLOADED = """
SELECT FROM results_publisher.deliveries
WHERE order_id = ANY($1) AND kind = 'attachment' AND status = 'published'
"""


@pytest.mark.parametrize(
    "fault",
    [
        {"call": "result_patch", "kind": "status", "status": 429, "retry_after": _RETRY_AFTER},
        {"call": "result_patch", "kind": "status", "status": 500},
        {"call": "result_patch", "kind": "hang"},
        {"call": "attachment", "kind": "status", "status": 503},
        {"call": "candidate", "kind": "hang"},
    ],
    ids=lambda fault: f"{fault['call']}-{fault.get('status', fault['kind'])}",
)
async def test_one_companys_trouble_stays_its_own(world: World, fault: Json) -> None:
    since = await world.now()
    await world.faults({**fault, "company_id": _TROUBLED, "times": _OFTEN})
    troubled = [await world.order(_TROUBLED) for _ in range(5)]
    await eventually(lambda: _struck(world), 30.0)
    well = [await world.order(_WELL) for _ in range(5)]
    assert all(order.accepted for order in (*troubled, *well))

    await checks.all_settle(world, well, within=30.0)
    ids = [order.order_id for order in troubled]
    assert await world.rows(_UPLOADED, ids) == [], "the fault lasted until now"

    await world.faults()
    await checks.all_settle(world, troubled)
    await checks.nothing_lost_nothing_twice(world, [*troubled, *well], since=since)


async def _struck(world: World) -> bool:
    (fault,) = await world.admin("GET", "/faults")
    return bool(fault["times"] < _OFTEN)


async def test_retry_after_is_obeyed(world: World) -> None:
    since = await world.now()
    refusal = {"kind": "status", "status": 429, "retry_after": _RETRY_AFTER, "times": 2}
    await world.faults({"call": "result_patch", "company_id": _TROUBLED, **refusal})
    order = await world.order(_TROUBLED)
    await checks.all_settle(world, [order])
    calls = await world.record(since, call="result_patch", company_id=_TROUBLED)
    assert [call["status"] for call in calls] == [429, 429, 200, 200]
    times = [datetime.fromisoformat(call["at"]) for call in calls]
    assert all((later - earlier).total_seconds() >= _RETRY_AFTER for earlier, later in pairwise(times[:3]))


async def test_lost_answers_are_sent_again_and_change_nothing(world: World) -> None:
    since = await world.now()
    await world.faults(
        {"call": "result_patch", "company_id": _TROUBLED, "kind": "lose_answer", "times": 3},
        {"call": "attachment", "company_id": _TROUBLED, "kind": "lose_answer", "times": 1},
        {"call": "candidate", "company_id": _TROUBLED, "kind": "lose_answer", "times": 2},
        {"call": "token", "kind": "lose_answer", "times": 1},
    )
    await world.admin("DELETE", f"/companies/{_TROUBLED}/tokens")
    placed = [await world.order(_TROUBLED) for _ in range(3)]
    await checks.all_settle(world, placed)
    await checks.nothing_lost_nothing_twice(world, placed, since=since)
    lost = [call for call in await world.record(since) if call["fault"] == "lose_answer"]
    assert {call["call"] for call in lost} == {"result_patch", "attachment", "candidate", "token"}
