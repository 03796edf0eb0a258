"""Requests nobody should send to credentials: each has its status, and changes nothing."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest

from tests.credentials.support.hostile import CALLERS, CASES, GATEWAY, TOKENS
from tests.credentials.support.world import World, fresh_world
from tests.support import databases
from tests.support.guards import Lines
from tests.support.hostile import Case, send

_TABLES = ("integrations", "client_credentials", "smartrecruiters_credentials", "consent_tickets")


@pytest.fixture(scope="module")
async def place(kafka: str, module_topics: str, postgres_url: str, _migrated: str) -> AsyncIterator[World]:
    """One replica with one company connected, for all of these requests."""
    names = ("gateway", "orders", "bridge")
    table = ",".join(f"{name}:{token}" for name, token in zip(names, CALLERS.values(), strict=True))
    async with (
        databases.fresh(postgres_url, template=_migrated) as database_url,
        fresh_world(kafka, module_topics, database_url) as world,
    ):
        connecting = await world.start()
        await world.add_user()
        await world.connect()
        await connecting.stop()
        world.replicas.clear()
        await world.start(internal_api_callers=table)
        yield world


@pytest.fixture(autouse=True)
def _no_leaked_tasks() -> None:
    """The module's own service begins tasks between its tests."""


async def kept(world: World) -> list[Any]:
    """Everything of connections, as one row."""
    parts = ", ".join(f"(SELECT jsonb_agg(t) FROM credentials.{name} AS t)" for name in _TABLES)  # noqa: S608
    return [tuple(row) for row in await world.sql(f"SELECT {parts}")]


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_hostile(place: World, logs: Lines, case: Case) -> None:
    before = await kept(place)
    text = await send(place.session, place.replicas[0].url, case, CALLERS)
    for mark in ("ada@example.com", "a guess", *CALLERS.values()):
        assert mark not in text
        assert mark not in str(logs)
    assert await kept(place) == before


@pytest.mark.parametrize(
    ("path", "body", "headers"), [one[1:] for one in TOKENS], ids=[one[0] for one in TOKENS]
)
async def test_a_token_nobody_gets(place: World, path: str, body: bytes, headers: dict[str, str]) -> None:
    bearer = {"Authorization": f"Bearer {CALLERS[GATEWAY]}"}
    url = place.replicas[0].url + path
    async with place.session.post(url, data=BytesIO(body), headers=bearer | headers) as answer:
        assert answer.status in {400, 401}, await answer.text()
        assert (await answer.json()).keys() == {"error", "error_description"}


def test_each_has_a_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 150
