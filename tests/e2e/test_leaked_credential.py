"""SmartRecruiters' credential of one company leaked: what the runbook tells an operator to do, under load."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.e2e.support import candidates, checks
from tests.e2e.support.world import STANDARD, Placed, World
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

_COMPANY, _OTHER = "leaked", "globex"
_AT_THEIR_TESTS = 3
_CREDENTIAL = "SELECT client_id, version FROM credentials.smartrecruiters_credentials WHERE company_id = $1"


@dataclass
class Recruiters:
    """Order one after the other, until SmartRecruiters does not let them: the company is not connected.

    With `patient` each waits until the candidate before has handed in.
    """

    world: World
    company_id: str
    patient: bool
    placed: list[Placed] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop, or not let."""
        url = f"{self.world.stack.urls.sandbox}/admin/companies/{self.company_id}/orders"
        while not stop.is_set():
            async with self.world.http.post(url, json={"package_id": STANDARD}) as answer:
                if answer.status == 409:
                    return
                said = await answer.json()
            order = Placed(said["order_id"], self.company_id, "standard", said["status"], said["answer"])
            self.placed.append(order)
            if self.patient:
                await candidates.begins(self.world, order.order_id)
                await candidates.hands_in(self.world, order.order_id)

    async def have_placed(self, more: int) -> None:
        goal = len(self.placed) + more
        await eventually(lambda: len(self.placed) >= goal, 30.0)


@asynccontextmanager
async def ordering(world: World, company_id: str, *, patient: bool) -> AsyncIterator[Recruiters]:
    recruiters, stop = Recruiters(world, company_id, patient), asyncio.Event()
    going = asyncio.create_task(recruiters.run(stop))
    try:
        yield recruiters
    finally:
        stop.set()
        await going


async def test_the_runbook_s_steps_lose_nothing_and_leave_the_old_one_unused(played: World) -> None:
    await played.admin("POST", "/companies", {"id": _COMPANY, "name": "Leaked"})
    await played.connect(_COMPANY)
    since = await played.now()
    (leaked,) = await played.rows(_CREDENTIAL, _COMPANY)
    first = [await played.order(_COMPANY) for _ in range(_AT_THEIR_TESTS)]
    at_their_tests = await candidates.all_begin(played, first, within=60.0)
    async with ordering(played, _OTHER, patient=True) as others:
        async with ordering(played, _COMPANY, patient=False) as recruiters:
            await recruiters.have_placed(5)
            # 1. The customer's administrator disables the integration at SmartRecruiters.
            assert (await played.admin("POST", f"/companies/{_COMPANY}/disable"))["status"] == 204
        ended = await played.now()
        # 2. The operator sees that it is over here, too, and that results are held.
        assert f"{_COMPANY} is disabled" in await bridge(played, "integrations", "show", _COMPANY)
        assert await played.rows(_CREDENTIAL, _COMPANY) == [], "we have it no more"
        for order in at_their_tests:
            await candidates.hands_in(played, order.order_id)
        await eventually(lambda: are_held(played, at_their_tests), 30.0, every=0.2)
        assert await played.record(ended, call="result_patch", company_id=_COMPANY) == []
        # 3. The administrator connects again, which brings another credential.
        await played.connect(_COMPANY)
        assert f"{_COMPANY} is connected" in await bridge(played, "integrations", "show", _COMPANY)
        (renewed,) = await played.rows(_CREDENTIAL, _COMPANY)
        assert renewed["client_id"] != leaked["client_id"]
        # 4. What was held goes out.
        await checks.all_settle(played, at_their_tests)
        await others.have_placed(1)
    accepted = [order for order in recruiters.placed if order.accepted]
    assert len(accepted) >= 5
    for order in await candidates.all_begin(played, accepted, within=60.0):
        await candidates.hands_in(played, order.order_id)
    placed = [*at_their_tests, *accepted, *others.placed]
    assert all(order.accepted for order in others.placed), "another company's go on"
    await checks.all_settle(played, placed)
    await checks.nothing_lost_nothing_twice(played, placed, since=since)
    assert await bridge(played, "deliveries", "list", "--status", "held", "--company", _COMPANY) == ""
    await only_before(played, leaked["client_id"], since, ended)


async def are_held(world: World, placed: list[Placed]) -> bool:
    told = await bridge(world, "deliveries", "list", "--status", "held", "--company", _COMPANY)
    return all(order.order_id in told for order in placed)


async def bridge(world: World, *arguments: str) -> str:
    return (await asyncio.to_thread(world.stack.bridge, *arguments)).strip()


async def only_before(world: World, client_id: str, since: int, ended: int) -> None:
    """The credential got its tokens before it ended, and nobody has tried it since."""
    tokens = await world.record(since, call="token")
    used = [call["n"] for call in tokens if call["request"]["client_id"] == client_id]
    assert used
    assert max(used) <= ended
    late = await world.record(ended, company_id=_COMPANY)
    assert 401 not in {call["status"] for call in late}
