"""Results of erased candidates: deleted, not sent, and not taken in again."""

from typing import Any

from contracts.events.assessment import Stage

from tests.results_publisher.support.harness import Harness, api
from tests.results_publisher.support.smartrecruiters import FakeSmartRecruiters
from tests.support.waiting import eventually

MARK = "Augusta answered best"


async def erase(url: str, *order_ids: str, company_id: str = "acme") -> Any:
    body = {"company_id": company_id, "order_ids": list(order_ids)}
    status, answer = await api("POST", f"{url}/api/orders/erase", body)
    assert status == 200
    return answer["orders"]


async def test_everything_of_an_order_goes_and_nothing_more_is_sent(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    async with harness.publisher() as url:
        await harness.integration("acme", connected=True)
        await harness.order("order-1")
        await harness.order("order-2")
        await harness.update("order-1", summary=MARK)
        await harness.update("order-2", summary="another's")
        await harness.until("order-1", "published")
        await harness.until("order-2", "published")
        smartrecruiters.disabled.add("acme")
        await harness.integration("acme", connected=False)
        await harness.update("order-1", stage=Stage.COMPLETED, summary=MARK)
        await harness.until("order-1", "published", "held")
        body = {"company_id": "acme", "order_ids": ["order-1"]}
        exported = (await api("POST", f"{url}/api/orders/export", body))[1]["orders"]["order-1"]
        assert await erase(url, "order-1") == {"order-1": {"deleted": 2, "dropped": 1}}
        assert await erase(url, "order-1") == {"order-1": {"deleted": 0, "dropped": 0}}
        await harness.update("order-1", stage=Stage.COMPLETED, summary=MARK)
        await harness.update("order-2", stage=Stage.COMPLETED, summary="another's")
        await harness.until("order-2", "published", "held")
        smartrecruiters.disabled.clear()
        await harness.integration("acme", connected=True)
        await harness.until("order-2", "published", "published")
        assert await harness.statuses("order-1") == []
        assert MARK not in await _everything(harness)
    assert exported["result"]["document"]["summary"] == MARK
    assert [one["status"] for one in exported["deliveries"]] == ["published", "held"]
    assert exported["deliveries"][0]["attempts"][0]["http_status"] == 200
    assert [call.order_id for call in smartrecruiters.calls].count("order-1") == 1


async def test_an_update_that_comes_before_its_erased_order_is_dropped(harness: Harness) -> None:
    async with harness.publisher() as url:
        await harness.update("order-1", summary=MARK)
        await eventually(lambda: _waiting(harness, 1))
        assert await erase(url, "order-1") == {"order-1": {"deleted": 0, "dropped": 0}}
        await harness.update("order-1", stage=Stage.COMPLETED, summary=MARK)
        await harness.order("order-1")
        await harness.order("order-2")
        await harness.update("order-2")
        await harness.until("order-2", "published")
        assert await harness.statuses("order-1") == []
        assert MARK not in await _everything(harness)


async def test_another_companys_order_is_left_alone(harness: Harness) -> None:
    async with harness.publisher() as url:
        await harness.order("order-1")
        await harness.update("order-1", summary=MARK)
        await harness.until("order-1", "published")
        assert await erase(url, "order-1", company_id="globex") == {}
        body = {"company_id": "globex", "order_ids": ["order-1"]}
        exported = (await api("POST", f"{url}/api/orders/export", body))[1]["orders"]
        assert exported == {"order-1": {"result": None, "deliveries": []}}
        await harness.update("order-1", stage=Stage.COMPLETED)
        await harness.until("order-1", "published", "published")


async def test_a_bad_body_is_400_and_a_strange_token_401(harness: Harness) -> None:
    async with harness.publisher() as url:
        for path in ("erase", "export"):
            assert (await api("POST", f"{url}/api/orders/{path}", {"company_id": "acme"}))[0] == 400
            assert (await api("POST", f"{url}/api/orders/{path}", {}, token="x"))[0] == 401


async def _waiting(harness: Harness, count: int) -> bool:
    found = await harness.pool.fetchval("SELECT count(*) FROM results_publisher.waiting_updates")
    return bool(found == count)


async def _everything(harness: Harness) -> str:
    tables = ("orders", "results", "waiting_updates", "deliveries", "attempts", "outbox", "erased_orders")
    texts = [
        await harness.pool.fetchval(f"SELECT string_agg(t::text, ' ') FROM results_publisher.{name} t")  # noqa: S608
        for name in tables
    ]
    return str(texts)
