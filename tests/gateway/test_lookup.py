"""While Kafka is away the gateway asks credentials whether a company's connection still stands."""

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from contracts.topics import CREDENTIALS_INTEGRATIONS
from gateway.domain.connections import Connections
from gateway.http.client import CredentialsClient
from gateway.service.lookup import IntegrationLookup
from pydantic import SecretStr

from tests.gateway.support.cabled import cabled_world
from tests.gateway.support.credentials import INTERNAL_TOKEN, FakeCredentials
from tests.gateway.support.world import ISSUER, World, connected, disabled, standard_order
from tests.support.cables import Cable
from tests.support.clock import ManualClock
from tests.support.waiting import eventually

Cut = tuple[World, Cable]


@pytest.fixture
async def away(kafka: str, database_url: str, topic_prefix: str) -> AsyncIterator[Cut]:
    """A gateway whose Kafka is at the end of a cable."""
    async with cabled_world(kafka=kafka, prefix=topic_prefix, database_url=database_url) as (made, line):
        await eventually(lambda: asks_nothing(made))
        yield made, line


async def packages(made: World, headers: dict[str, str]) -> int:
    async with made.session.get(f"{made.url}/packages", headers=headers) as response:
        return response.status


async def asks_nothing(made: World) -> bool:
    before = len(made.credentials.looked_up)
    await packages(made, made.bearer("globex"))
    return len(made.credentials.looked_up) == before


async def asks(made: World) -> bool:
    return not await asks_nothing(made)


async def becomes(made: World, headers: dict[str, str], status: int, within: float = 5.0) -> None:
    async def so() -> bool:
        return await packages(made, headers) == status

    await eventually(so, within)


async def test_while_kafka_tells_nobody_is_asked(away: Cut) -> None:
    made, _ = away
    made.credentials.looked_up.clear()
    made.credentials.integrations["acme"] = disabled("acme")
    bearer = made.bearer()
    assert {await packages(made, bearer) for _ in range(200)} == {200}
    assert {(await made.place(standard_order()))[0] for _ in range(50)} == {202}
    assert made.credentials.looked_up == []


@pytest.mark.parametrize("how", ["cut", "blocked"])
async def test_what_changes_while_kafka_is_away_is_heard(away: Cut, how: str) -> None:
    made, line = away
    acme, globex, renewed = made.bearer(), made.bearer("globex"), made.bearer("globex", ver=2)
    assert [await packages(made, one) for one in (acme, globex)] == [200, 200]
    if how == "cut":
        await line.cut()
    else:
        line.block()
    ended = made.credentials.integrations["acme"] = disabled("acme")
    await becomes(made, acme, 401, within=3.0)
    assert (await made.place(standard_order()))[0] == 401
    assert await packages(made, globex) == 200, "another company's goes on"
    made.credentials.integrations["globex"] = connected("globex", 1, 2)
    await becomes(made, renewed, 200)

    await made.tell(CREDENTIALS_INTEGRATIONS, ended)
    await line.mend()
    await eventually(lambda: asks_nothing(made), 40)
    assert [await packages(made, one) for one in (acme, globex)] == [401, 200]


async def test_with_credentials_away_too_what_is_known_stays(away: Cut) -> None:
    made, line = away
    acme, globex = made.bearer(), made.bearer("globex")
    assert [await packages(made, one) for one in (acme, globex)] == [200, 200]
    await line.cut()
    made.credentials.integrations["globex"] = disabled("globex")
    await becomes(made, globex, 401, within=3.0)
    made.credentials.away = True
    assert [await packages(made, one) for one in (acme, globex)] == [200, 401]
    assert await made.place(standard_order()) == (202, None)


async def test_a_credentials_that_hangs_costs_a_second_however_many_ask(away: Cut) -> None:
    made, line = away
    bearer = made.bearer()
    assert await packages(made, bearer) == 200
    await line.cut()
    await eventually(lambda: asks(made))
    made.credentials.answering.clear()
    made.credentials.looked_up.clear()
    began = time.monotonic()
    try:
        assert set(await asyncio.gather(*(packages(made, bearer) for _ in range(20)))) == {200}
        assert time.monotonic() - began < 3.0
        assert made.credentials.looked_up == ["acme"]
    finally:
        made.credentials.answering.set()


async def test_an_answer_counts_for_a_second() -> None:
    fed, clock, known = False, ManualClock(), Connections()
    fake = FakeCredentials(issuer=ISSUER)
    async with fake.serving() as url, aiohttp.ClientSession() as session:
        client = CredentialsClient(session=session, url=url, token=SecretStr(INTERNAL_TOKEN), deadline=5)
        lookup = IntegrationLookup(
            credentials=client, connections=known, is_fed=lambda: fed, monotonic=clock.monotonic
        )
        for _ in range(3):
            await lookup.refresh("acme")
            await lookup.refresh("globex")
        clock.advance(0.9)
        await lookup.refresh("acme")
        assert fake.looked_up == ["acme", "globex"]
        clock.advance(0.1)
        await lookup.refresh("acme")
        assert fake.looked_up == ["acme", "globex", "acme"]
        fed = True
        clock.advance(10)
        await lookup.refresh("acme")
        assert fake.looked_up == ["acme", "globex", "acme"]
