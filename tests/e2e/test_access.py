"""The whole stack where Kafka checks who may do what: all of it runs, and nobody is ever denied anything."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiokafka import AIOKafkaProducer
from contracts.topics import TOPICS
from local_stack import flow
from local_stack.errors import LocalStackError
from local_stack.ports import Ports
from local_stack.terminal import Teller
from runtime.kafka import access

from tests.e2e.support import candidates, checks
from tests.e2e.support.secured import ENGINE, SecuredStack
from tests.e2e.support.world import Placed, World
from tests.support.ports import free_port
from tests.support.processes import Process, running
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

_HELD = "SELECT FROM results_publisher.deliveries WHERE order_id = $1 AND status = 'held'"
_ENDED = "SELECT FROM orders.orders WHERE order_id = $1 AND state = 'cancelled'"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SecuredStack]:
    built = SecuredStack(tmp_path_factory.mktemp("secured"), Ports.free())
    built.environment |= {
        "REFERENCE_ENGINE_AUTOPILOT": "false",
        # As in production, only sooner.
        "RESULTS_PUBLISHER_LEASE": "3",
        "ORDERS_INSIGHTS_FLUSH_EVERY": "0.2",
    }
    await asyncio.to_thread(built.start)
    try:
        yield built
    finally:
        await asyncio.to_thread(built.stop)


@pytest.fixture(scope="module")
async def walked(stack: SecuredStack) -> AsyncIterator[World]:
    """The walk `make run` shows: connect, packages, a standard and an inline order with their results."""
    await asyncio.to_thread(flow.run, stack, tell=Teller())
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=40)) as http:
        yield World(stack, http)


@pytest.fixture
async def world(walked: World, stack: SecuredStack) -> AsyncIterator[World]:
    """After each test nobody was denied anything."""
    yield walked
    walked.check()
    assert stack.denials() == []


async def test_the_workflow_runs(world: World) -> None:
    orders = (await world.admin("GET", "/orders"))["orders"]
    assert sorted(order["kind"] for order in orders) == ["inline", "standard"]
    placed = [Placed(order["order_id"], flow.COMPANY, order["kind"], 202, None) for order in orders]
    await checks.all_settle(world, placed)
    await checks.nothing_lost_nothing_twice(world, placed)

    async def counted() -> bool:
        ((orders, results),) = await world.rows("SELECT sum(orders), sum(results) FROM orders.insights")
        return (orders, results) == (2, 2)

    await eventually(counted, 30)


async def test_disabled_and_connected_again(world: World) -> None:
    order = await _begun(world)
    assert (await world.admin("POST", f"/companies/{flow.COMPANY}/disable"))["status"] == 204
    await candidates.hands_in(world, order.order_id)

    async def held() -> bool:
        return bool(await world.rows(_HELD, order.order_id))

    await eventually(held, 30)
    await world.connect(flow.COMPANY)
    await checks.all_settle(world, [order])


async def test_a_token_is_given_up(world: World) -> None:
    """Credentials says so in Kafka, the gateway hears it there."""
    _, client_id, _, secret = (await _bridge(world, "integrations", "rotate", flow.COMPANY)).split()
    client = {"client_id": client_id, "client_secret": secret}
    gateway = world.stack.urls.gateway
    form = {"grant_type": "client_credentials", **client}
    async with world.http.post(f"{gateway}/oauth/token", data=form) as answer:
        token = (await answer.json())["access_token"]

    async def packages() -> int:
        bearer = {"Authorization": f"Bearer {token}"}
        async with world.http.get(f"{gateway}/packages", headers=bearer) as answer:
            return answer.status

    async def refused() -> bool:
        return await packages() == 401

    assert await packages() == 200
    async with world.http.post(f"{gateway}/oauth/revoke", data={"token": token, **client}) as answer:
        assert answer.status == 200
    await eventually(refused, 30)


async def test_an_order_is_cancelled(world: World) -> None:
    """Orders says itself, where engines do, that it is over."""
    order = await _begun(world)
    await _bridge(world, "orders", "cancel", order.order_id)

    async def rejected() -> bool:
        return (await world.statuses())[order.order_id] == "REJECTED"

    await eventually(rejected, 30)


async def test_a_candidate_is_erased(world: World) -> None:
    person = {"id": "to-be-erased", "email": "erased@person.example", "firstName": "E", "lastName": "Rased"}
    order = await _begun(world, candidate=person)
    said = await _bridge(world, "candidates", "erase", person["id"], "--company", flow.COMPANY, "--yes")
    assert "keys destroyed" in said

    async def ended() -> bool:
        return bool(await world.rows(_ENDED, order.order_id))

    await eventually(ended, 30)


async def test_a_restarted_kafka_lets_everybody_in_again(world: World) -> None:
    await world.kill("kafka")
    try:
        order = await world.order(flow.COMPANY)
    finally:
        await world.restart("kafka")
    assert order.accepted
    await candidates.begins(world, order.order_id)
    await candidates.hands_in(world, order.order_id)
    await checks.all_settle(world, [order])


async def test_everybody_buries_what_it_may_and_whoever_may_does(world: World) -> None:
    users = (*access.OURS, access.engine(ENGINE, store=False))
    letters = Counter(name for user in users for name in user.writes if name.endswith(".dlq"))
    async with AIOKafkaProducer(bootstrap_servers=world.stack.kafka.bootstrap_servers) as producer:
        for topic in TOPICS:
            await producer.send_and_wait(topic.name, b"no event", key=b"nobody")

    async def buried() -> bool:
        return await checks.dead_letters(world) == letters

    await eventually(buried, 30)


async def test_a_denial_would_be_seen(world: World, stack: SecuredStack) -> None:
    """Otherwise a log without one means nothing. An engine that nobody gave rights tries to read requests."""
    stranger = "skills"
    own = {"REFERENCE_ENGINE_PORT": str(free_port()), **stack.kafka_as(stranger)}
    environment = {**stack.environment_of(ENGINE), **own}
    process = Process(["-m", "reference_engine"], env=environment, log=stack.data / "stranger.log")
    assert stack.denials(stranger) == []
    async with running(process):
        await eventually(lambda: stack.denials(stranger), 30)


async def _begun(world: World, **wish: Any) -> Placed:
    order = await world.order(flow.COMPANY, **wish)
    await candidates.begins(world, order.order_id)
    return order


async def _bridge(world: World, *arguments: str) -> str:
    try:
        return await asyncio.to_thread(world.stack.bridge, *arguments)
    except LocalStackError as error:
        raise AssertionError(str(error)) from error
