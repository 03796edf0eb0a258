"""A customer disables the integration while candidates are at their tests, and connects again."""

import asyncio

import pytest

from tests.e2e.support import candidates, checks
from tests.e2e.support.world import Placed, World
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_HELD = (
    "SELECT order_id, status FROM results_publisher.deliveries WHERE order_id = ANY($1) AND status = 'held'"
)
_KNOWN_AS_HELD = "SELECT FROM orders.orders WHERE order_id = ANY($1) AND publication = 'held'"


async def _begun(world: World, company_id: str) -> list[Placed]:
    return await candidates.all_begin(world, [await world.order(company_id) for _ in range(3)])


async def test_results_are_held_while_disabled_and_go_out_in_order_after(played: World) -> None:
    company_id = "umbrella"
    placed = await _begun(played, company_id)
    ids = [order.order_id for order in placed]

    assert (await played.admin("POST", f"/companies/{company_id}/disable"))["status"] == 204
    since = await played.now()
    for order_id in ids:
        await candidates.hands_in(played, order_id)

    async def held() -> bool:
        deliveries = await played.rows(_HELD, ids)
        orders = await played.rows(_KNOWN_AS_HELD, ids)
        return {row["order_id"] for row in deliveries} == set(ids) and len(orders) == len(ids)

    await eventually(held, 30.0, every=0.1)
    assert await played.record(since, call="result_patch", company_id=company_id) == []

    await played.connect(company_id)
    await checks.all_settle(played, placed)
    await checks.nothing_lost_nothing_twice(played, placed)
    patches = await played.record(since, call="result_patch", company_id=company_id)
    assert [patch["request"]["status"] for patch in patches] == ["COMPLETED"] * len(ids)
    again = await played.order(company_id)
    assert again.accepted
    await candidates.begins(played, again.order_id)
    await candidates.hands_in(played, again.order_id)
    await checks.all_settle(played, [again])


async def test_a_token_dies_with_the_integration(played: World) -> None:
    company_id = "hooli"
    placed = await _begun(played, company_id)
    since = await played.now()

    # On our side alone: SmartRecruiters still has its token, and tries it.
    await asyncio.to_thread(played.stack.bridge, "integrations", "disable", company_id)
    await eventually(lambda: _is_refused(played, company_id), 10.0, every=0.1)
    tried = await played.record(since, company_id=company_id)
    assert [call["status"] for call in tried if call["call"] == "order"][-1] == 401
    assert [call["status"] for call in tried if call["call"] == "oauth_token"][-1] == 401
    assert (await played.order("globex")).accepted, "nobody else's token"

    await played.admin("POST", f"/companies/{company_id}/disable")
    await played.connect(company_id)
    for order in placed:
        await candidates.hands_in(played, order.order_id)
    await checks.all_settle(played, placed)
    await checks.nothing_lost_nothing_twice(played, placed)
    assert (await played.order(company_id)).accepted


async def _is_refused(world: World, company_id: str) -> bool:
    return not (await world.order(company_id)).accepted
