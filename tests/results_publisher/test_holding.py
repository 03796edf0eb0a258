"""A disabled company's results are held and go out, in order, when it connects again."""

from datetime import UTC, datetime, timedelta

from contracts.events.assessment import Stage
from results_publisher.storage.ingestion import PostgresIngestion

from tests.results_publisher.support.harness import Harness, api
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


async def test_what_was_held_too_long_is_a_dead_letter_until_somebody_replays_it(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    smartrecruiters.disabled.add("acme")
    async with harness.publisher(results_publisher_held_days=30.0) as url:
        await harness.integration("acme", connected=False)
        await eventually(lambda: _state(harness, "disabled"))
        for order_id in ("old", "young"):
            await harness.order(order_id)
            await harness.update(order_id, summary=order_id)
            await harness.until(order_id, "held")
        await _held_since(harness, "old", days=31)
        await _held_since(harness, "young", days=29)
        # Held for that long, and the disable itself was before: nobody connected in between.
        await harness.pool.execute(
            "UPDATE results_publisher.companies SET changed_at = now() - '40 d'::interval"
        )
        await harness.until("old", "dead")
        await harness.until("young", "held")
        _, listed = await api("GET", f"{url}/api/deliveries?status=dead")
        (dead,) = listed["deliveries"]
        assert (dead["order_id"], dead["reason"]) == ("old", "held_too_long")
        assert "RESULTS_PUBLISHER_HELD_DAYS" in dead["explanation"]
        told = await harness.told(3)
        assert [(one.type, one.data.order_id) for one in told if one.type == "result.rejected"] == [
            ("result.rejected", "old")
        ]
        smartrecruiters.disabled.clear()
        await harness.integration("acme", connected=True)
        await harness.until("young", "published")
        assert [call.body["summary"] for call in smartrecruiters.calls] == ["young"]
        status, _ = await api("POST", f"{url}/api/deliveries/{dead['delivery_id']}/replay")
        assert status == 202
        await harness.until("old", "published")
    assert [call.body["summary"] for call in smartrecruiters.calls] == ["young", "old"]


async def test_a_company_that_connected_meanwhile_is_held_anew(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    """`held_at` is of the first hold; the disable a moment ago counts."""
    smartrecruiters.disabled.add("acme")
    async with harness.publisher():
        await harness.integration("acme", connected=False)
        await eventually(lambda: _state(harness, "disabled"))
        await harness.order("order-1")
        await harness.update("order-1")
        await harness.until("order-1", "held")
        await _held_since(harness, "order-1", days=300)
        await harness.order("order-2")
        await harness.update("order-2")
        await harness.until("order-2", "held")
        await _held_since(harness, "order-2", days=300)
        store = PostgresIngestion(harness.pool)
        await eventually(lambda: _nobody_sends(harness))
        now = datetime.now(UTC)
        assert await store.cut_off(held_for=timedelta(days=30), now=now) == 0
        assert await store.cut_off(held_for=timedelta(days=30), now=now + timedelta(days=31)) == 2
    assert await harness.statuses("order-1") == await harness.statuses("order-2") == ["dead"]


async def _held_since(harness: Harness, order_id: str, *, days: int) -> None:
    query = "UPDATE results_publisher.deliveries SET held_at = now() - $2::interval WHERE order_id = $1"
    await harness.pool.execute(query, order_id, timedelta(days=days))


async def _nobody_sends(harness: Harness) -> bool:
    query = "SELECT lease_until IS NULL FROM results_publisher.companies WHERE company_id = 'acme'"
    return bool(await harness.pool.fetchval(query))


async def _state(harness: Harness, wanted: str) -> bool:
    query = "SELECT state FROM results_publisher.companies WHERE company_id = 'acme'"
    return bool(await harness.pool.fetchval(query) == wanted)
