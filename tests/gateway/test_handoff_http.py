"""The candidate's way: our link, the engine's test, back (SPEC §3)."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from contracts.events.assessment import AssessmentUpdated, Stage
from contracts.topics import ENGINES_UPDATES

from tests.gateway.support.world import World, inline_order
from tests.support.waiting import eventually


def update(order_id: str, stage: Stage, launch_url: str | None = None) -> AssessmentUpdated:
    return AssessmentUpdated(
        order_id=order_id,
        company_id="acme",
        stage=stage,
        occurred_at=datetime.now(UTC),
        launch_url=launch_url,
    )


async def visit(world: World, path: str) -> tuple[int, str | None, str]:
    async with world.session.get(world.url + path, allow_redirects=False) as response:
        assert response.headers["Referrer-Policy"] == "no-referrer"
        assert response.headers["Cache-Control"] == "no-store"
        return response.status, response.headers.get("Location"), await response.text()


async def link(world: World, order_id: str, **changes: Any) -> str:
    status, answer = await world.place(inline_order(order_id, **changes), "/packages/inline/orders")
    assert status == 200
    return str(urlsplit(answer["url"]).path)


async def test_waiting_then_the_test_then_back(shared_world: World) -> None:
    order_id = str(uuid4())
    path = await link(shared_world, order_id)
    status, _, text = await visit(shared_world, path)
    assert status == 200
    assert '<meta http-equiv="refresh" content="2;url=?looked=1">' in text
    assert "<script" not in text

    test = "https://engine.example/tests/1?a=b&c=%20#x"
    await shared_world.tell(ENGINES_UPDATES, update(order_id, Stage.LAUNCH, test))

    async def launched() -> bool:
        return (await visit(shared_world, path))[:2] == (302, test)

    await eventually(launched)
    await shared_world.tell(ENGINES_UPDATES, update(order_id, Stage.PROGRESS, test + "2"))
    await eventually(lambda: _leads(shared_world, path, test + "2"))

    await shared_world.tell(ENGINES_UPDATES, update(order_id, Stage.COMPLETED))
    await eventually(lambda: _leads(shared_world, path, f"https://bridge.example{path}/done"))
    await shared_world.tell(ENGINES_UPDATES, update(order_id, Stage.LAUNCH, test))
    done = await visit(shared_world, f"{path}/done")
    assert done[:2] == (302, inline_order()["completedAssessmentCallbackUrl"])


async def _leads(world: World, path: str, where: str) -> bool:
    return (await visit(world, path))[1] == where


async def test_whoever_waits_long_is_told_so_and_asks_less_often(shared_world: World) -> None:
    path = await link(shared_world, str(uuid4()))
    for query, seconds in (("?looked=29", 2), ("?looked=30", 10), ("?looked=x", 2), ("?looked=²", 2)):
        _, _, text = await visit(shared_world, path + query)
        assert f'content="{seconds};' in text


async def test_a_career_sites_own_address_may_be_the_way_back(shared_world: World) -> None:
    back = "https://careers.customer.example/apply/1?step=2#top"
    path = await link(shared_world, str(uuid4()), completedAssessmentCallbackUrl=back)
    assert (await visit(shared_world, f"{path}/done"))[1] == back


@pytest.mark.parametrize("end", ["", "/done"])
async def test_a_changed_link_leads_nowhere(shared_world: World, end: str) -> None:
    path = await link(shared_world, str(uuid4()))
    # Not the last: of that one base64 ignores some bits.
    changed = path[:-9] + ("A" if path[-9] != "A" else "B") + path[-8:]
    for wrong in (changed, path + "x", path[:-4], path.replace("/t/h1.", "/t/h2.")):
        status, where, text = await visit(shared_world, wrong + end)
        assert (status, where) == (404, None)
        assert "This link does not work" in text


async def test_an_address_no_database_holds_does_not_stop_the_next(own_world: World) -> None:
    order_id = str(uuid4())
    path = await link(own_world, order_id)
    bad = update(order_id, Stage.LAUNCH, "https://engine.example/\0")
    await own_world.tell(ENGINES_UPDATES, bad)
    await own_world.tell(ENGINES_UPDATES, update(order_id, Stage.LAUNCH, "https://engine.example/\u00fc\x01"))
    await eventually(lambda: _leads(own_world, path, "https://engine.example/%C3%BC%01"))


async def test_while_the_database_is_away_the_candidate_waits(own_world: World) -> None:
    path = await link(own_world, str(uuid4()))
    await own_world.sql("ALTER TABLE gateway.launches RENAME TO away")
    status, _, text = await visit(own_world, path)
    assert status == 503
    assert "being prepared" in text
    await own_world.sql("ALTER TABLE gateway.away RENAME TO launches")
    assert (await visit(own_world, path))[0] == 200
