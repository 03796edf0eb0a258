"""Requests nobody should send to orders: each has its status, opens nobody, erases nobody, ends no order."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from tests.orders.support import bench as benches
from tests.orders.support.bench import ENGINE_TOKEN, Servers, running, settings
from tests.orders.support.hostile import CALLERS, CASES, ENGINE, OPERATOR, ORDER, OTHER, SEALED
from tests.orders.support.hostile_console import PAGES, SUPPORTER, Visit, visit
from tests.orders.support.people import ADA, MARKS, OPEN, sealed
from tests.orders.support.smartrecruiters import SmartRecruiters, smartrecruiters
from tests.support import databases
from tests.support.guards import Lines
from tests.support.hostile import Case, Names, send


@dataclass(frozen=True)
class Place:
    """Orders with one order in it, for all of these requests."""

    url: str
    names: Names
    session: aiohttp.ClientSession
    world: SmartRecruiters


@pytest.fixture(scope="module")
async def place(kafka: str, module_topics: str, postgres_url: str, _migrated: str) -> AsyncIterator[Place]:
    named = {OPERATOR: "bridge", OTHER: "gateway", SUPPORTER: "console"}
    table = ",".join(f"{named[name]}:{token}" for name, token in CALLERS.items())
    async with (
        databases.fresh(postgres_url, template=_migrated) as database_url,
        smartrecruiters() as world,
        benches.bench(Servers(kafka, module_topics, database_url)) as bench,
        aiohttp.ClientSession() as session,
    ):
        chosen = settings(bench.servers, world, internal_api_callers=table)
        async with running(chosen):
            await bench.say(sealed(world, ORDER))
            token = (await bench.requested(ORDER)).candidate.sealed or ""
            changed = token[:-8] + token[-8:].swapcase()
            names = {ENGINE: ENGINE_TOKEN, SEALED: token, "A-CHANGED-ONE": changed, **CALLERS}
            yield Place(f"http://127.0.0.1:{chosen.orders_internal_port}", names, session, world)


@pytest.fixture(autouse=True)
def _no_leaked_tasks() -> None:
    """The module's own service begins tasks between its tests."""


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_hostile(place: Place, logs: Lines, case: Case) -> None:
    text = await send(place.session, place.url, case, place.names)
    for mark in (*MARKS, "Ada", ENGINE_TOKEN, *CALLERS.values()):
        assert mark not in text
        assert mark not in str(logs)
    assert (place.world.candidate_keys.erased, place.world.results_erased) == ([], [])


@pytest.mark.parametrize("case", PAGES, ids=str)
async def test_hostile_visits_of_the_console(place: Place, logs: Lines, case: Visit) -> None:
    text = await visit(place.session, place.url, case, place.names)
    for mark in (*MARKS, "Ada", ENGINE_TOKEN, *CALLERS.values()):
        assert mark not in text
        assert mark not in str(logs)


async def test_and_nothing_has_happened(place: Place) -> None:
    """The same candidate is opened by the right token, and the order goes on as it was."""
    bearer = {"Authorization": f"Bearer {ENGINE_TOKEN}"}
    body = {"sealed": place.names[SEALED]}
    async with place.session.post(place.url + OPEN, json=body, headers=bearer) as answer:
        assert (await answer.json())["email"] == ADA.candidate.email
    bearer = {"Authorization": f"Bearer {CALLERS[OPERATOR]}"}
    async with place.session.get(f"{place.url}/api/orders/{ORDER}", headers=bearer) as answer:
        found = await answer.json()
    assert (found["state"], found["candidate"]) == ("requested", "sealed")


def test_each_has_a_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 150
    assert len({page.name for page in PAGES}) == len(PAGES) > 200
