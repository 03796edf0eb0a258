"""The whole service on real Kafka and PostgreSQL."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from contracts.events.assessment import AssessmentCancelled, Stage
from contracts.events.result import ResultHeld, ResultPublished
from contracts.types import ResultStatus

from tests.orders.support import events
from tests.orders.support.bench import Bench, Servers, kinds, running, settings
from tests.orders.support.smartrecruiters import HANG, SmartRecruiters
from tests.support.waiting import eventually


async def test_an_order_from_beginning_to_end(bench: Bench, servers: Servers, world: SmartRecruiters) -> None:
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.say(events.placed("o-1"))
        request = await bench.requested("o-1")
        assert world.candidate_keys.opened(request.candidate.sealed).candidate.first_name == "Ada"
        assert request.job is not None
        assert (request.job.title, request.job.department) == ("Analyst", "Engines")
        assert [member.role for member in request.hiring_team] == ["RECRUITER"]
        assert request.missing == ()
        await bench.until("o-1", port, state="requested")
        await bench.say(events.updated("o-1", Stage.LAUNCH))
        await bench.until("o-1", port, state="launched")
        await bench.say(events.updated("o-1", Stage.PROGRESS))
        await bench.say(events.updated("o-1", Stage.COMPLETED))
        await bench.until("o-1", port, state="completed", final_result="pending")
        await bench.say(events.delivery(ResultPublished, "o-1", ResultStatus.IN_PROGRESS))
        await bench.say(events.delivery(ResultPublished, "o-1", ResultStatus.COMPLETED))
        order = await bench.until("o-1", port, final_result="published")
    assert kinds(order) == [
        "placed", "enriched", "requested", "launch", "progress", "completed", "published", "published",
    ]  # fmt: skip
    assert order["what_happens_next"].startswith("Nothing")
    assert "Ada" not in str(order)
    assert "example.com" not in str(order)


async def test_repeats_change_nothing(bench: Bench, servers: Servers, world: SmartRecruiters) -> None:
    chosen = settings(servers, world)
    async with running(chosen):
        first = await bench.say(events.placed("o-1"))
        await bench.requested("o-1")
        update = await bench.say(events.updated("o-1", Stage.COMPLETED))
        before = await bench.until("o-1", chosen.orders_internal_port, state="completed")
        for said in (first, update, first, update):
            await bench.repeat(said)
        await bench.say(events.placed("o-2"))
        await bench.requested("o-2")
        await bench.say(events.delivery(ResultPublished, "o-1", ResultStatus.COMPLETED))
        after = await bench.until("o-1", chosen.orders_internal_port, final_result="published")
    assert kinds(after) == [*kinds(before), "published"]
    assert [one.subject for one in bench.requests] == ["o-1", "o-2"]


async def test_the_same_order_id_of_another_company_is_a_dead_letter(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world)
    async with running(chosen):
        await bench.say(events.placed("o-1"))
        await bench.requested("o-1")
        await bench.repeat(replace(events.event(events.placed("o-1", "globex")), id=uuid4()))
        await eventually(lambda: [name for name, _ in bench.dead] == ["gateway.orders.dlq"])
        order = await bench.order("o-1", chosen.orders_internal_port)
    assert order["company_id"] == "acme"
    assert len(bench.requests) == 1


async def test_an_update_of_another_company_or_of_no_order_is_a_dead_letter(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world, orders_unknown_order_within=0)
    async with running(chosen):
        await bench.say(events.placed("o-1"))
        await bench.requested("o-1")
        await bench.say(events.updated("o-1", Stage.COMPLETED, "globex"))
        await bench.say(events.updated("o-0", Stage.COMPLETED))
        await eventually(lambda: [name for name, _ in bench.dead] == ["engines.updates.dlq"] * 2)
        assert (await bench.order("o-1", chosen.orders_internal_port))["state"] == "requested"


async def test_an_update_ahead_of_its_order_waits(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world)
    async with running(chosen):
        await bench.say(events.updated("o-1", Stage.COMPLETED))
        await bench.say(events.placed("o-1"))
        order = await bench.until("o-1", chosen.orders_internal_port, state="completed")
    assert bench.dead == []
    assert order["order_id"] == "o-1"


async def test_nothing_is_lost_between_commit_and_publishing(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    """The outbox row is there, the process is not; the next one publishes it, once in effect."""
    world.answers["acme", "job"] = [HANG]
    async with running(settings(servers, world)):
        await bench.say(events.placed("o-1"))
        await eventually(lambda: world.asked("acme", "job") == 1)
    world.released.set()
    connection = await asyncpg.connect(servers.database_url)
    try:
        # What a process that dies right after its commit leaves behind.
        await connection.execute("UPDATE orders.enrichments SET due_at = now()")
        async with running(settings(servers, world)):
            await bench.requested("o-1")
        assert await connection.fetchval("SELECT count(*) FROM orders.enrichments") == 0
    finally:
        await connection.close()
    assert len(bench.requests) == 1


async def test_a_company_that_hangs_delays_no_other(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    for resource in ("candidate", "job", "hiring_team"):
        world.answers["slow", resource] = [HANG]
    chosen = settings(servers, world)
    async with running(chosen):
        for number in range(40):
            await bench.say(events.placed(f"slow-{number}", "slow"))
        await eventually(lambda: world.in_flight["slow"] == 3)
        for number in range(20):
            await bench.say(events.placed(f"fast-{number}", "fast"))
        for number in range(20):
            await bench.requested(f"fast-{number}")
        # All of the fast company's went by while none of the slow one's did.
        assert {one.data.company_id for one in bench.requests} == {"fast"}
        assert world.most_in_flight["slow"] == 3
        world.released.set()
        for number in range(40):
            await bench.requested(f"slow-{number}")


async def test_late_then_expired_and_never_overtaken(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world, orders_late_after=0.1)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.say(events.placed("o-1"))
        late = await bench.until("o-1", port, late=True)
        assert "has not answered" in late["what_happens_next"]
    chosen = settings(servers, world, orders_expire_after=0.2)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.until("o-1", port, state="expired", late=False)
        await eventually(lambda: any(isinstance(one.data, AssessmentCancelled) for one in bench.requests))
        told = await eventually(lambda: bench.updates)
        assert [one.data.status() for one in told] == [ResultStatus.EXPIRED]
        await bench.say(events.updated("o-1", Stage.COMPLETED))
        order = await eventually(lambda: _with(bench, "o-1", port, "ignored"))
    assert order["state"] == "expired"
    assert kinds(order) == ["placed", "enriched", "requested", "late", "expired", "ignored"]


async def test_cancelling_stops_the_engine_and_tells_smartrecruiters(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        await bench.say(events.placed("o-1"))
        await bench.requested("o-1")
        for _ in range(2):
            answer = await bench.post("/api/orders/o-1/cancel", port, {"reason": "ordered by mistake"})
            assert answer["state"] == "cancelled"
        await bench.post("/api/orders/none/cancel", port, {}, status=404)
        told = await eventually(lambda: bench.updates)
        assert [one.data.status() for one in told] == [ResultStatus.REJECTED]
        cancelled = [one.data for one in bench.requests if isinstance(one.data, AssessmentCancelled)]
        assert [one.reason for one in cancelled] == ["ordered by mistake"]
        await bench.say(events.delivery(ResultPublished, "o-1", ResultStatus.REJECTED))
        order = await bench.until("o-1", port, final_result="published")
    assert kinds(order)[-3:] == ["cancelled", "ignored", "published"]


async def test_a_disabled_company_is_noted_and_its_orders_go_on_when_it_connects(
    bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    world.tokens["acme"] = [409]
    async with running(chosen):
        await bench.say(events.connected("acme"))
        await bench.say(events.placed("o-1"))
        await eventually(lambda: _with(bench, "o-1", port, "enrichment_delayed"))
        await bench.say(events.disabled("acme"))
        order = await eventually(lambda: _with(bench, "o-1", port, "disabled"))
        assert "disabled" in order["what_happens_next"]
        world.tokens["acme"] = [200]
        await bench.say(events.connected("acme", events.T0.replace(year=2027)))
        assert (await bench.requested("o-1")).missing == ()
        await bench.say(events.updated("o-1", Stage.COMPLETED))
        await bench.say(events.delivery(ResultHeld, "o-1", ResultStatus.COMPLETED))
        order = await bench.until("o-1", port, final_result="held", state="completed")
    assert "reconnected" in kinds(order)
    assert "held" in order["what_happens_next"]


@pytest.mark.parametrize("kind", ["inline", "standard"])
async def test_without_ids_nothing_is_asked(
    bench: Bench, servers: Servers, world: SmartRecruiters, kind: str
) -> None:
    chosen = settings(servers, world, orders_enrich="candidate", orders_enrich_by_package={"p-2": "job"})
    async with running(chosen):
        if kind == "inline":
            await bench.say(events.inline("o-1", return_url="https://bridge.example/t/x/done"))
            request = await bench.requested("o-1")
            assert request.return_url == "https://bridge.example/t/x/done"
            assert world.calls == []
        else:
            await bench.say(events.placed("o-1", package_id="p-2"))
            await bench.requested("o-1")
            assert [call[1] for call in world.calls] == ["job"]


async def _with(bench: Bench, order_id: str, port: int, kind: str) -> Any:
    order = await bench.order(order_id, port)
    return order if kind in kinds(order) else None
