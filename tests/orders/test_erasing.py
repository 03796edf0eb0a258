"""Erasing and exporting a candidate: by request, late comers, outages, and when it was kept long enough."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from contracts.events.assessment import AssessmentCancelled, Stage
from orders.cli.candidates import candidates

from tests.orders.support import events
from tests.orders.support.bench import TOKEN, Bench, Servers, kinds, running, settings
from tests.orders.support.people import ABOUT_ADA, ERASE, EXPORT, sealed
from tests.orders.support.smartrecruiters import SmartRecruiters
from tests.support.waiting import eventually


async def test_erasing_ends_what_is_open_and_a_repeat_does_nothing(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        for order_id in ("o-1", "o-2"):
            await bench.say(sealed(world, order_id))
            await bench.requested(order_id)
        await bench.say(events.updated("o-2", Stage.COMPLETED))
        await bench.until("o-2", port, state="completed")
        done = await bench.post(ERASE, port, ABOUT_ADA)
        assert done == {
            "keys": 2,
            "orders": ["o-1", "o-2"],
            "ended": ["o-1"],
            "deliveries_deleted": 4,
            "deliveries_dropped": 2,
            "results_pending": False,
        }
        again = await bench.post(ERASE, port, ABOUT_ADA)
        assert (again["keys"], again["orders"], again["ended"]) == (0, ["o-1", "o-2"], [])
        await eventually(lambda: any(isinstance(one.data, AssessmentCancelled) for one in bench.requests))
        open_one, ended_one = await bench.order("o-1", port), await bench.order("o-2", port)
    assert [one.subject for one in bench.requests if isinstance(one.data, AssessmentCancelled)] == ["o-1"]
    assert bench.updates == [one for one in bench.updates if one.source != "orders"]
    assert (open_one["state"], open_one["candidate"]) == ("cancelled", "erased")
    assert (ended_one["state"], ended_one["candidate"]) == ("completed", "erased")
    assert open_one["what_happens_next"].startswith("Nothing: the candidate's data was erased")
    for order in (open_one, ended_one):
        assert kinds(order)[-2:] == ["erased", "results_erased"]


async def test_what_results_publisher_had_goes_when_it_is_back(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    world.results_away = True
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.say(sealed(world, "o-1"))
        await bench.requested("o-1")
        assert (await bench.post(ERASE, port, ABOUT_ADA))["results_pending"] is True
        assert kinds(await bench.order("o-1", port))[-1] == "erased"
    world.results_away = False
    async with running(chosen):  # another process goes on

        async def gone() -> bool:
            return kinds(await bench.order("o-1", port))[-1] == "results_erased"

        await eventually(gone)
    assert set(world.results_erased) == {"o-1"}


async def test_an_order_on_its_way_while_its_candidate_is_erased_ends_unasked(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        assert (await bench.post(ERASE, port, ABOUT_ADA))["orders"] == []
        await bench.say(sealed(world, "o-1"))
        order = await bench.until("o-1", port, state="cancelled", candidate="erased")
    assert kinds(order) == ["placed", "erased"]
    assert bench.requests == []


async def test_another_companys_order_is_not_erased(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.say(sealed(world, "o-1"))
        await bench.requested("o-1")
        done = await bench.post(ERASE, port, {"company_id": "globex", "order_id": "o-1"})
        assert (done["keys"], done["orders"]) == (0, [])
        assert (await bench.post(EXPORT, port, {"company_id": "globex", "order_id": "o-1"}))["orders"] == []
        assert (await bench.order("o-1", port))["candidate"] == "sealed"


@pytest.mark.parametrize(
    "who", [{"candidate_id": "cand-1"}, {"email": "ada@example.com"}, {"order_id": "o-1"}]
)
async def test_an_export_holds_all_there_is(
    bench: Bench, servers: Servers, world: SmartRecruiters, who: dict[str, str]
) -> None:
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.say(sealed(world, "o-1"))
        await bench.requested("o-1")
        (order,) = (await bench.post(EXPORT, port, {"company_id": "acme", **who}))["orders"]
        await bench.post(ERASE, port, {"company_id": "acme", **who})
        (after,) = (await bench.post(EXPORT, port, {"company_id": "acme", **who}))["orders"]
    assert order["candidate"]["last_name"] == "Byron"
    assert order["unknown_fields"] == {"phone": "+44 555 0199"}
    assert order["results"] == {"deliveries": []}
    assert kinds(order)[0] == "placed"
    assert after["candidate"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"company_id": "acme"},
        {"candidate_id": "c"},
        {**ABOUT_ADA, "order_id": "o"},
        {**ABOUT_ADA, "x": 1},
    ],
)
async def test_who_is_meant_is_said_plainly(
    bench: Bench, servers: Servers, world: SmartRecruiters, body: dict[str, Any]
) -> None:
    chosen = settings(servers, world)
    async with running(chosen):
        await bench.post(ERASE, chosen.orders_internal_port, body, 400)
        await bench.post(EXPORT, chosen.orders_internal_port, body, 400)


async def test_what_was_kept_long_enough_goes_by_itself(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world, orders_personal_data_days=0.00001)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.say(sealed(world, "o-1"))
        await bench.say(sealed(world, "o-2"))
        for order_id in ("o-1", "o-2"):
            await bench.requested(order_id)
        await bench.say(events.updated("o-1", Stage.COMPLETED, at=datetime.now(UTC)))
        await bench.until("o-1", port, state="completed", candidate="erased")
        assert (await bench.order("o-2", port))["candidate"] == "sealed"
    assert len([key for key in world.candidate_keys.bound if world.candidate_keys.keys[key] is None]) == 1


async def test_the_commands(
    bench: Bench, servers: Servers, world: SmartRecruiters, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings(servers, world)
    monkeypatch.setenv("ORDERS_URL", f"http://127.0.0.1:{chosen.orders_internal_port}")
    monkeypatch.setenv("INTERNAL_API_TOKEN", TOKEN)
    async with running(chosen):
        await bench.say(sealed(world, "o-1"))
        await bench.requested("o-1")
        exported = await _run("export", "cand-1", "--company", "acme")
        erased = await _run("erase", "--email", "ada@example.com", "--company", "acme", "--yes")
        again = await _run("erase", "--order", "o-1", "--company", "acme", "--yes")
        world.candidate_keys.away = True
        away = await _run("erase", "cand-1", "--company", "acme", "--yes")
    assert '"first_name": "Ada"' in exported.output
    assert erased.output.startswith("1 keys destroyed; orders: o-1\n1 of them were open")
    assert again.output.startswith("0 keys destroyed; orders: o-1\n0 of them")
    assert (away.exit_code, "503" in away.output) == (1, True)
    for wrong in (["cand-1"], ["--company", "acme"], ["cand-1", "--order", "o-1", "--company", "acme"]):
        assert (await _run("erase", *wrong, "--yes")).exit_code == 2


async def _run(*arguments: str) -> Any:
    return await asyncio.to_thread(CliRunner().invoke, candidates, list(arguments))
