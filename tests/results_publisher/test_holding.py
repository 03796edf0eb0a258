"""A disabled company's results are held and go out, in order, when it connects again."""

from contracts.events.assessment import Stage

from tests.results_publisher.support.harness import Harness
from tests.results_publisher.support.smartrecruiters import FakeSmartRecruiters
from tests.support.waiting import eventually


async def test_held_and_released_in_order(harness: Harness, smartrecruiters: FakeSmartRecruiters) -> None:
    async with harness.publisher():
        await harness.integration("acme", connected=True)
        await harness.order("order-1")
        await harness.update("order-1", summary="before")
        await harness.until("order-1", "published")
        smartrecruiters.disabled.add("acme")
        await harness.integration("acme", connected=False)
        await eventually(lambda: _state(harness, "disabled"))
        await harness.update("order-1", summary="one")
        await harness.update("order-1", stage=Stage.COMPLETED, summary="two")
        await harness.until("order-1", "published", "held", "held")
        smartrecruiters.disabled.clear()
        await harness.integration("acme", connected=True)
        await harness.until("order-1", "published", "published", "published")
        told = await harness.told(5)
    assert [call.body["summary"] for call in smartrecruiters.calls] == ["before", "one", "two"]
    kinds = [event.type for event in told]
    assert kinds.count("result.held") == 2
    assert kinds.count("result.published") == 3


async def test_credentials_409_holds_without_an_event(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    smartrecruiters.disabled.add("acme")
    async with harness.publisher(results_publisher_hold_recheck=1.0):
        for number in range(3):
            await harness.order(f"order-{number}")
            await harness.update(f"order-{number}")
        for number in range(3):
            await harness.until(f"order-{number}", "held")
        smartrecruiters.disabled.clear()
        for number in range(3):
            await harness.until(f"order-{number}", "published")
        told = await harness.told(6)
    assert [event.type for event in told].count("result.held") == 3
    assert len(smartrecruiters.calls) == 3


async def test_a_company_never_connected_waits(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    smartrecruiters.not_connected.add("acme")
    async with harness.publisher():
        await harness.order("order-1")
        await harness.update("order-1")
        await harness.until("order-1", "held")
        smartrecruiters.not_connected.clear()
        await harness.integration("acme", connected=True)
        await harness.until("order-1", "published")


async def test_credentials_away_costs_no_attempt(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    smartrecruiters.credentials_down = True
    async with harness.publisher():
        await harness.order("order-1")
        await harness.update("order-1")
        await eventually(lambda: smartrecruiters.token_requests)
        smartrecruiters.credentials_down = False
        await harness.until("order-1", "published")
    (delivery,) = await harness.deliveries()
    assert delivery["attempts"] == 1


async def _state(harness: Harness, wanted: str) -> bool:
    query = "SELECT state FROM results_publisher.companies WHERE company_id = 'acme'"
    return bool(await harness.pool.fetchval(query) == wanted)
