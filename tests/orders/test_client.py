"""What each answer of SmartRecruiters comes to, for each resource, and what it does to the order."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from orders.domain.enrichment import Absent, Found, Outcome, Resource, TryAgain
from orders.http.client import SmartRecruitersResources
from pydantic import SecretStr
from runtime.fencing import Fence
from runtime.smartrecruiters_tokens import CustomerTokens

from tests.orders.support import events
from tests.orders.support.bench import Bench, Servers, kinds, running, settings
from tests.orders.support.smartrecruiters import BODIES, DROP, HANG, Answer, SmartRecruiters
from tests.support.waiting import eventually


@pytest.fixture
async def resources(world: SmartRecruiters) -> AsyncIterator[SmartRecruitersResources]:
    clock = asyncio.get_running_loop().time
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=1)) as session:
        tokens = CustomerTokens(
            session=session, credentials_url=world.url, internal_token=SecretStr("t"), clock=clock
        )
        yield SmartRecruitersResources(
            session=session,
            base_url=world.url,
            tokens=tokens,
            fence=Fence([world.url]),
            clock=clock,
            per_second=1000,
        )


def _kind(outcome: Outcome) -> tuple[type[Outcome], str]:
    return type(outcome), "" if isinstance(outcome, Found) else outcome.reason


@pytest.mark.parametrize("resource", Resource)
@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([200], (Found, "")),
        ([401, 200], (Found, "")),
        ([401, 401], (TryAgain, "{}: status 401")),
        ([403], (Absent, "not permitted (403)")),
        ([404], (Absent, "not found (404)")),
        ([400], (Absent, "refused (400)")),
        ([302], (Absent, "refused (302)")),
        ([429], (TryAgain, "{}: status 429")),
        ([500], (TryAgain, "{}: status 500")),
        ([503], (TryAgain, "{}: status 503")),
        ([HANG], (TryAgain, "{}: TimeoutError")),
        ([DROP], (TryAgain, "{}: ServerDisconnectedError")),
        ([b"no JSON"], (Absent, "the answer was not understood")),
        ([b'"text"'], (Absent, "the answer was not understood")),
        ([b'{"id": 7, "content": 7}'], (Absent, "the answer was not understood")),
        ([b"[" * 100_000], (Absent, "the answer was not understood")),
        ([b" " * 2_000_000], (Absent, "the answer was not understood")),
    ],
)
async def test_answers(
    resources: SmartRecruitersResources,
    world: SmartRecruiters,
    resource: Resource,
    answers: list[Answer],
    expected: tuple[type[Outcome], str],
) -> None:
    world.answers["acme", resource.value] = list(answers)
    world.retry_after = "7"
    outcome = await resources.fetch("acme", resource, "id-1")
    if isinstance(outcome, TryAgain) and outcome.reason.endswith("TimeoutError"):
        outcome = TryAgain(f"{resource}: TimeoutError")  # aiohttp has several
    assert _kind(outcome) == (expected[0], expected[1].format(resource.value))
    if isinstance(outcome, Found):
        assert outcome.body == BODIES[resource.value]
    if answers[0] in {429, 503}:
        assert isinstance(outcome, TryAgain)
        assert outcome.after.total_seconds() == 7
    assert len(world.rejected) == int(answers[0] == 401)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "the company is not connected"),
        (409, "the company's integration is disabled"),
        (503, "no token for SmartRecruiters"),
    ],
)
async def test_without_a_token(
    resources: SmartRecruitersResources, world: SmartRecruiters, status: int, reason: str
) -> None:
    world.tokens["acme"] = [status]
    assert _kind(await resources.fetch("acme", Resource.JOB, "j")) == (TryAgain, reason)
    assert world.calls == []


@pytest.mark.parametrize("identity", ["", ".", ".."])
async def test_ids_that_would_change_the_path_are_not_sent(
    resources: SmartRecruitersResources, world: SmartRecruiters, identity: str
) -> None:
    assert isinstance(await resources.fetch("acme", Resource.CANDIDATE, identity), Absent)
    assert isinstance(await resources.fetch("acme", Resource.CANDIDATE, "../jobs/x?y"), Found)
    assert [call[1] for call in world.calls] == ["candidate"]


async def test_no_more_than_eight_of_a_company_are_in_flight(
    resources: SmartRecruitersResources, world: SmartRecruiters
) -> None:
    world.answers["acme", "job"] = [HANG]
    asking = [asyncio.create_task(resources.fetch("acme", Resource.JOB, "j")) for _ in range(20)]
    await eventually(lambda: world.in_flight["acme"] == 8)
    assert isinstance(await resources.fetch("globex", Resource.JOB, "j"), Found)
    world.released.set()
    assert all(isinstance(one, Found) for one in await asyncio.gather(*asking))
    assert world.most_in_flight["acme"] == 8


async def test_outside_the_fence_nothing_is_called(world: SmartRecruiters) -> None:
    async with aiohttp.ClientSession() as session:
        clock = asyncio.get_running_loop().time
        tokens = CustomerTokens(
            session=session, credentials_url=world.url, internal_token=SecretStr("t"), clock=clock
        )
        fenced = SmartRecruitersResources(
            session=session,
            base_url=world.url,
            tokens=tokens,
            fence=Fence(["api.smartrecruiters.com"]),
            clock=clock,
        )
        assert isinstance(await fenced.fetch("acme", Resource.JOB, "j"), Absent)
    assert world.calls == []


async def test_passing_faults_are_tried_again_and_refusals_are_not(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    world.answers["acme", "candidate"] = [500, 200]
    world.answers["acme", "job"] = [403]
    chosen = settings(servers, world)
    async with running(chosen):
        await bench.say(events.placed("o-1"))
        request = await bench.requested("o-1")
        order = await bench.order("o-1", chosen.orders_internal_port)
    assert [(one.resource, one.reason) for one in request.missing] == [("job", "not permitted (403)")]
    assert kinds(order) == ["placed", "enriched", "missing", "enrichment_delayed", "enriched", "requested"]
    assert world.asked("acme", "job") == 1
    assert world.asked("acme", "candidate") == 2


@pytest.mark.parametrize("fault", [500, HANG])
async def test_patience_ends_and_the_order_goes_on(
    bench: Bench, servers: Servers, world: SmartRecruiters, fault: Answer
) -> None:
    world.answers["acme", "hiring_team"] = [fault]
    chosen = settings(servers, world, orders_enrichment_give_up=2.0)
    async with running(chosen):
        await bench.say(events.placed("o-1"))
        request = await bench.requested("o-1")
    assert request.job is not None
    assert request.job.title == "Analyst"
    assert [one.resource for one in request.missing] == ["hiring_team"]
    assert request.missing[0].reason.startswith("gave up: hiring_team")
    world.released.set()
