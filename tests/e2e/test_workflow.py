"""SPEC 1 to 5 through the whole stack, as SmartRecruiters' record shows it."""

import asyncio
from collections.abc import Callable
from contextlib import closing

import pytest
from local_stack import flow
from local_stack.smartrecruiters import SmartRecruiters
from local_stack.terminal import Teller

from tests.e2e.support import checks
from tests.e2e.support.world import COMPANIES, Json, Placed, World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_ADDRESSES = {
    "consentUrl",
    "assessmentPackageListUrl",
    "singleAssessmentPackageUrl",
    "packageOrderUrl",
    "inlineAssessmentPackageOrderUrl",
    "oauthTokenUrl",
    "integrationDisableUrl",
}
_OF_EACH = {"assessmentDate", "submissionDate", "score", "scoreLabel", "summary", "status"}
_OF_A_PACKAGE = {*_OF_EACH, "name", "description", "assessmentResults"}


async def walks(world: World, part: Callable[[flow.Walk], None]) -> list[Json]:
    """One section of the walk `make run` shows; returns the calls it made."""
    since = await world.now()

    def walk() -> None:
        with closing(SmartRecruiters(world.stack.urls.sandbox)) as sandbox:
            part(flow.Walk(world.stack, sandbox, Teller()))

    await asyncio.to_thread(walk)
    return await world.record(since)


def of(calls: list[Json], name: str) -> list[Json]:
    return [call for call in calls if call["call"] == name]


async def test_partner_and_companies_are_connected(played: World) -> None:
    calls = await played.record()
    put = of(calls, "configuration_put")
    assert {call["status"] for call in put} == {200}
    assert all(put[0]["request"][name].startswith(played.stack.urls.gateway) for name in _ADDRESSES)
    assert put[0]["request"]["consentDisplayMode"] == "REDIRECT"
    master = of(calls, "token")[0]
    assert (master["status"], master["company_id"], master["n"] < put[0]["n"]) == (200, None, True)
    exchanges = {call["company_id"]: call for call in of(calls, "integration")}
    assert exchanges.keys() >= set(COMPANIES)
    for company_id in COMPANIES:
        assert exchanges[company_id]["status"] == 200
        assert set(exchanges[company_id]["request"]) == {"clientId", "clientSecret"}
        assert (await played.admin("GET", f"/companies/{company_id}"))["connected"]


async def test_a_second_apply_changes_nothing(played: World) -> None:
    since = await played.now()
    await asyncio.to_thread(played.stack.bridge, "partner", "apply", str(flow.PARTNER_FILE))
    assert of(await played.record(since), "configuration_put") == []


async def test_packages_with_their_assessments(played: World) -> None:
    calls = await walks(played, flow.choose_package)
    listed = of(calls, "packages")[-1]
    assert listed["status"] == 200
    packages = {package["id"]: package for package in listed["response"]}
    nested = packages[flow.STANDARD_PACKAGE]["assessments"]
    assert [assessment["id"] for assessment in nested] == ["engine-skill-logic", "engine-skill-numbers"]
    assert all(set(assessment) >= {"id", "type", "name", "description"} for assessment in nested)
    assert of(calls, "package")[0]["status"] == 200


async def test_a_standard_order_from_end_to_end(played: World) -> None:
    calls = await walks(played, flow.standard_order)
    (order,) = of(calls, "order")
    assert (order["status"], order["response"]) == (202, None)
    read = {call["call"] for call in calls if call["status"] == 200 and call["n"] > order["n"]}
    assert read >= {"candidate", "job", "hiring_team", "result_patch"}
    held = await told(played, order["order_id"], "standard")
    (attachment,) = held["attachments"]
    assert (attachment["file_name"], attachment["content_type"]) == ("report.pdf", "application/pdf")
    assert attachment["size"] > 200


async def test_an_inline_order_from_end_to_end(played: World) -> None:
    calls = await walks(played, flow.inline_order)
    (order,) = of(calls, "inline_order")
    assert order["status"] == 200
    assert set(order["response"]) == {"url"}
    assert order["response"]["url"].startswith(f"{played.stack.urls.gateway}/t/")
    assert of(calls, "complete")[0]["status"] == 200
    held = await told(played, order["order_id"], "inline")
    (attachment,) = held["result"]["attachments"]
    assert attachment["type"] == "PDF_URL"
    async with played.http.get(attachment["url"]) as report:
        assert (report.status, await report.content.read(5)) == (200, b"%PDF-")


async def told(world: World, order_id: str, kind: str) -> Json:
    """IN_PROGRESS, then COMPLETED with everything SPEC §5.1 names."""
    placed = [Placed(order_id, flow.COMPANY, kind, 202, None)]
    await checks.all_settle(world, placed)
    await checks.nothing_lost_nothing_twice(world, placed)
    held = await world.shown(order_id)
    first, *_, last = [each["patch"] for each in held["history"]]
    assert first["status"] == "IN_PROGRESS"
    assert {each["status"] for each in first["assessmentResults"]} == {"IN_PROGRESS"}
    assert set(last) >= _OF_A_PACKAGE
    for score in (last["score"], *(each["score"] for each in last["assessmentResults"])):
        assert score["min"] <= score["raw"] <= score["max"]
    for each in last["assessmentResults"]:
        assert set(each) >= {*_OF_EACH, "assessmentId"}
        assert each["status"] == "COMPLETED"
    return held
