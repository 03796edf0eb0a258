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
from tests.orders.support.service import Service
from tests.orders.support.smartrecruiters import SmartRecruiters
from tests.support.waiting import eventually


async def test_erasing_ends_what_is_open_and_a_repeat_does_nothing(service: Service, bench: Bench) -> None:
    await service.asked("o-1", "o-2")
    await bench.say(events.updated("o-2", Stage.COMPLETED))
    await service.until("o-2", state="completed")
    assert await service.post(ERASE, ABOUT_ADA) == {
        "keys": 2,
        "orders": ["o-1", "o-2"],
        "ended": ["o-1"],
        "deliveries_deleted": 4,
        "deliveries_dropped": 2,
        "results_pending": False,
    }
    again = await service.post(ERASE, ABOUT_ADA)
    assert (again["keys"], again["orders"], again["ended"]) == (0, ["o-1", "o-2"], [])
    await service.later("o-3")
    assert [one.subject for one in bench.requests if isinstance(one.data, AssessmentCancelled)] == ["o-1"]
    assert [one for one in bench.updates if one.source == "orders"] == []
    open_one, ended_one = await service.order("o-1"), await service.order("o-2")
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
    service = Service(bench, world, chosen.orders_internal_port)
    async with running(chosen):
        await service.asked("o-1")
        assert (await service.post(ERASE, ABOUT_ADA))["results_pending"] is True
        assert kinds(await service.order("o-1"))[-1] == "erased"
    world.results_away = False
    async with running(chosen):  # another process goes on

        async def gone() -> bool:
            return kinds(await service.order("o-1"))[-1] == "results_erased"

        await eventually(gone)
    assert set(world.results_erased) == {"o-1"}


async def test_an_order_on_its_way_while_its_candidate_is_erased_ends_unasked(
    service: Service, bench: Bench, world: SmartRecruiters
) -> None:
    assert (await service.post(ERASE, ABOUT_ADA))["orders"] == []
    await bench.say(sealed(world, "o-1"))
    await service.until("o-1", state="cancelled", candidate="erased")
    await service.later("o-2")
    assert [one.subject for one in bench.requests] == ["o-2"]
    assert set(kinds(await service.order("o-1"))) - {"results_erased"} == {"placed", "erased"}


async def test_another_companys_order_is_not_erased(service: Service, world: SmartRecruiters) -> None:
    (request,) = await service.asked("o-1")
    theirs = {"company_id": "globex", "order_id": "o-1"}
    done = await service.post(ERASE, theirs)
    assert (done["keys"], done["orders"]) == (0, [])
    assert (await service.post(EXPORT, theirs))["orders"] == []
    # Whatever was to be erased until now went before this.
    await service.later("o-2")
    assert (await service.post(ERASE, {"company_id": "acme", "order_id": "o-2"}))["orders"] == ["o-2"]
    assert (await service.order("o-1"))["candidate"] == "sealed"
    assert world.candidate_keys.opened(request.candidate.sealed).candidate.id == "cand-1"


@pytest.mark.parametrize(
    "who", [{"candidate_id": "cand-1"}, {"email": "ada@example.com"}, {"order_id": "o-1"}]
)
async def test_an_export_holds_all_there_is(service: Service, who: dict[str, str]) -> None:
    await service.asked("o-1")
    (order,) = (await service.post(EXPORT, {"company_id": "acme", **who}))["orders"]
    await service.post(ERASE, {"company_id": "acme", **who})
    (after,) = (await service.post(EXPORT, {"company_id": "acme", **who}))["orders"]
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
async def test_who_is_meant_is_said_plainly(service: Service, body: dict[str, Any]) -> None:
    await service.post(ERASE, body, 400)
    await service.post(EXPORT, body, 400)


@pytest.mark.parametrize("changes", [{"orders_personal_data_days": 0.00001}])
async def test_what_was_kept_long_enough_goes_by_itself(
    service: Service, bench: Bench, world: SmartRecruiters
) -> None:
    await service.asked("o-1", "o-2", "o-3")
    for order_id in ("o-1", "o-3"):  # each by a sweep of its own
        await bench.say(events.updated(order_id, Stage.COMPLETED, at=datetime.now(UTC)))
        await service.until(order_id, state="completed", candidate="erased")
    assert (await service.order("o-2"))["candidate"] == "sealed"
    assert len([key for key in world.candidate_keys.bound if world.candidate_keys.keys[key] is None]) == 2


async def test_the_commands(
    service: Service, world: SmartRecruiters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERS_URL", f"http://127.0.0.1:{service.port}")
    monkeypatch.setenv("INTERNAL_API_TOKEN", TOKEN)
    await service.asked("o-1")
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
