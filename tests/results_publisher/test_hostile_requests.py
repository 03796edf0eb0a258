"""Requests nobody should send to results-publisher: each has its status, and touches no dead letter."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from contracts.events.assessment import Stage
from runtime.database import pool
from runtime.kafka.producer import EventProducer

from tests.results_publisher.support.harness import Harness
from tests.results_publisher.support.hostile import CALLERS, CASES, DEAD
from tests.results_publisher.support.smartrecruiters import Answer, FakeSmartRecruiters
from tests.support import databases
from tests.support.guards import Lines
from tests.support.hostile import Case, Names, send


@dataclass(frozen=True)
class Place:
    """results-publisher with one dead letter in it, for all of these requests."""

    url: str
    names: Names
    session: aiohttp.ClientSession
    harness: Harness


@pytest.fixture(scope="module")
async def place(kafka: str, module_topics: str, postgres_url: str, _migrated: str) -> AsyncIterator[Place]:
    table = ",".join(
        f"{name}:{token}" for name, token in zip(("bridge", "orders"), CALLERS.values(), strict=True)
    )
    async with (
        databases.fresh(postgres_url, template=_migrated) as database_url,
        FakeSmartRecruiters().running() as smartrecruiters,
        EventProducer(bootstrap_servers=kafka, client_id="tests", prefix=module_topics) as producer,
        pool(database_url) as database,
        aiohttp.ClientSession() as session,
    ):
        harness = Harness(
            kafka=kafka,
            prefix=module_topics,
            database_url=database_url,
            producer=producer,
            pool=database,
            smartrecruiters=smartrecruiters,
        )
        async with harness.publisher(internal_api_callers=table) as url:
            smartrecruiters.answers["o-1"].append(Answer(400))
            await harness.order("o-1")
            await harness.update("o-1", stage=Stage.COMPLETED, summary="the summary")
            await harness.until("o-1", "dead")
            (dead,) = await harness.deliveries()
            yield Place(url, {DEAD: str(dead["delivery_id"]), **CALLERS}, session, harness)


@pytest.fixture(autouse=True)
def _no_leaked_tasks() -> None:
    """The module's own service begins tasks between its tests."""


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_hostile(place: Place, logs: Lines, case: Case) -> None:
    before = await place.harness.deliveries()
    text = await send(place.session, place.url, case, place.names)
    for mark in ("the summary", *CALLERS.values()):
        assert mark not in text
        assert mark not in str(logs)
    assert await place.harness.deliveries() == before
    assert len(place.harness.smartrecruiters.calls) == 1


def test_each_has_a_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 70
