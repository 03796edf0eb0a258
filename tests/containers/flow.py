"""Orders through the containers while they are killed, and through several replicas at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import cast

import aiohttp
from local_stack.stack import Stack

from tests.containers.engine import kill_from_outside
from tests.containers.stack import SERVICES, ComposeStack
from tests.e2e.support import checks
from tests.e2e.support.world import COMPANIES, World
from tests.support.waiting import eventually

# Which container, and what SmartRecruiters sees right before the knife falls.
KILLS = (
    ("gateway", "order", None),
    ("credentials", "candidate", None),
    ("orders", "candidate", None),
    ("orders", "result_patch", "COMPLETED"),
    ("orders-insights", "result_patch", "IN_PROGRESS"),
    ("results-publisher", "result_patch", "IN_PROGRESS"),
    ("reference-engine", "result_patch", "IN_PROGRESS"),
    ("kafka", "order", None),
    ("kafka", "result_patch", "IN_PROGRESS"),
    ("postgres", "order", None),
    ("postgres", "result_patch", "IN_PROGRESS"),
)


@asynccontextmanager
async def connected(stack: ComposeStack) -> AsyncIterator[World]:
    """Every company is connected."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)) as http:
        world = World(cast("Stack", stack), http)
        there = {each["id"]: each for each in (await world.admin("GET", "/companies"))["companies"]}
        for company_id in COMPANIES:
            if company_id not in there:
                await world.admin("POST", "/companies", {"id": company_id, "name": company_id.title()})
            if not (await world.admin("GET", f"/companies/{company_id}"))["connected"]:
                await world.connect(company_id)
        yield world


async def kill(world: World, part: str, call: str, status: str | None) -> str:
    """Orders before, while and after a container is killed; Docker starts it again. What was seen."""
    since, began = await world.now(), monotonic()
    before = asyncio.create_task(world.orders(14))
    await eventually(lambda: _seen(world, since, call, status), 30.0, every=0.01)
    await world.kill(part)
    during = await world.orders(8)
    await world.restart(part)
    back = monotonic() - began
    placed = [*await before, *during, *await world.orders(8)]
    accepted = sum(order.accepted for order in placed)
    assert all(order.accepted for order in placed[-8:]), f"{part} is back, but orders are not taken"
    if part != "gateway":
        assert accepted == len(placed), f"an order was refused while {part} was away"
    await checks.all_settle(world, placed)
    await checks.nothing_lost_nothing_twice(world, placed, since=since)
    moment = f"at {call}{' ' + status if status else ''}"
    return (
        f"{part} killed {moment}: {accepted} of {len(placed)} orders accepted, all of these completed once; "
        f"ready again {back:.0f} s after the first order, settled after {monotonic() - began:.0f} s"
    )


async def replicas(world: World, stack: ComposeStack) -> str:
    """Forty orders through all replicas: each result is taken by SmartRecruiters once. What was seen."""
    since, before = await world.now(), _work(stack)
    placed = [*await world.orders(20), *await world.orders(20)]
    assert all(order.accepted for order in placed)
    await checks.all_settle(world, placed)
    await checks.nothing_lost_nothing_twice(world, placed, since=since)
    patches = await world.record(since, call="result_patch")
    for order in placed:
        taken = [each for each in patches if each["order_id"] == order.order_id and each["status"] == 200]
        assert [each["request"]["status"] for each in taken] == ["IN_PROGRESS", "COMPLETED"], taken
    gateways, publishers = (
        [b - a for a, b in zip(*pair, strict=True)] for pair in zip(before, _work(stack), strict=True)
    )
    assert min(gateways) > 0, f"a gateway had nothing to do: {gateways}"
    assert sum(count > 0 for count in publishers) > 1, f"one publisher did everything: {publishers}"
    return (
        f"{len(placed)} orders through gateways {gateways} and publishers {publishers}, "
        "two PATCHes each, none twice"
    )


async def kill_one_gateway(world: World, stack: ComposeStack) -> str:
    """One of two is killed: orders that come afterwards are taken by the other. What was seen."""
    since = await world.now()
    before = asyncio.create_task(world.orders(14))
    await eventually(lambda: _seen(world, since, "order", None), 30.0, every=0.01)
    await asyncio.to_thread(kill_from_outside, stack.containers("gateway")[:1])
    during = await world.orders(16)
    refused = sum(not order.accepted for order in during)
    assert refused == 0, f"{refused} orders refused while one gateway of two was away"
    placed = [*await before, *during]
    await checks.all_settle(world, placed)
    await checks.nothing_lost_nothing_twice(world, placed, since=since)
    return (
        f"one gateway of two killed: {len(during)} orders right afterwards, all accepted and completed once"
    )


async def restart(world: World, stack: ComposeStack) -> str:
    """Every service is told to stop while orders are under way, and started again. What was seen."""
    since = await world.now()
    before = asyncio.create_task(world.orders(20))
    await eventually(lambda: _seen(world, since, "result_patch", "IN_PROGRESS"), 30.0, every=0.01)
    began = monotonic()
    await asyncio.to_thread(stack.restart_orderly, SERVICES)
    took = monotonic() - began
    placed = [*await before, *await world.orders(8)]
    assert all(order.accepted for order in placed[-8:])
    await checks.all_settle(world, placed)
    await checks.nothing_lost_nothing_twice(world, placed, since=since)
    accepted = sum(order.accepted for order in placed)
    return f"all ended with 0 and were ready again after {took:.0f} s; {accepted} orders, all completed once"


def _work(stack: ComposeStack) -> tuple[list[int], list[int]]:
    """How many orders each gateway took, and how often each publisher called SmartRecruiters."""
    return (
        _counts(stack, "gateway", 9080, 'gateway_orders_total{kept="broker"}'),
        _counts(stack, "results-publisher", 9083, "results_publisher_attempts_total"),
    )


async def _seen(world: World, since: int, call: str, status: str | None) -> bool:
    calls = await world.record(since, call=call)
    return any(status is None or each["request"]["status"] == status for each in calls)


def _counts(stack: ComposeStack, service: str, port: int, metric: str) -> list[int]:
    """A counter's sum in each replica."""
    return [
        round(sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(metric)))
        for text in stack.metrics(service, port)
    ]
