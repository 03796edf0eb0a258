"""Ending an integration, and who may still call afterwards."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.events.token import TokenRevoked
from contracts.topics import CREDENTIALS_INTEGRATIONS, CREDENTIALS_REVOCATIONS
from yarl import URL

from tests.gateway.support.credentials import new_key
from tests.gateway.support.world import World, connected, disabled, standard_order
from tests.support.waiting import eventually

HOUR = timedelta(hours=1)


async def packages(world: World, headers: dict[str, str]) -> int:
    async with world.session.get(f"{world.url}/packages", headers=headers) as response:
        return response.status


async def becomes(world: World, headers: dict[str, str], status: int) -> None:
    async def so() -> bool:
        return await packages(world, headers) == status

    await eventually(so)


async def end(
    world: World,
    headers: dict[str, str],
    method: str = "DELETE",
    path: str = "/integrations/companies/acme",
    **more: Any,
) -> int:
    url = URL(world.url + path, encoded=True)
    async with world.session.request(method, url, headers=headers, **more) as response:
        return response.status


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "/integrations/companies/acme", None),
        ("POST", "/integrations/companies/acme", None),
        ("POST", "/integrations/companies/acme", {"companyId": "ignored, the path says it"}),
        ("DELETE", "/integrations?companyId=acme", None),
        ("POST", "/integrations/companies?companyId=acme", None),
        ("POST", "/integrations", {"companyId": "acme", "more": 1}),
        ("DELETE", "/integrations/companies", {"companyId": "acme"}),
    ],
)
async def test_disable_and_its_repeat(own_world: World, method: str, path: str, body: Any) -> None:
    bearer = own_world.bearer()
    assert await packages(own_world, bearer) == 200
    assert await end(own_world, bearer, method, path, json=body) == 204
    assert own_world.credentials.disabled == ["acme/1"]
    assert await packages(own_world, bearer) == 401, "dead at once, before any event"
    assert (await own_world.place(standard_order()))[0] == 401
    assert await end(own_world, bearer, method, path, json=body) == 204
    await own_world.tell(CREDENTIALS_INTEGRATIONS, disabled("acme"))
    assert await end(own_world, bearer, method, path, json=body) == 204
    assert await packages(own_world, own_world.bearer("globex")) == 200, "another company's goes on"


async def test_revocation_by_event(own_world: World) -> None:
    old, new = own_world.bearer(ver=1), own_world.bearer(ver=2)
    assert await packages(own_world, old) == 200
    await own_world.tell(CREDENTIALS_INTEGRATIONS, connected("acme", 1, 2))
    await becomes(own_world, new, 200)
    assert await packages(own_world, old) == 200
    await own_world.tell(CREDENTIALS_INTEGRATIONS, connected("acme", 2))
    await becomes(own_world, old, 401)
    assert await packages(own_world, new) == 200
    assert await end(own_world, old) == 401, "a token of before cannot end what came after"
    assert own_world.credentials.disabled == []
    await own_world.tell(CREDENTIALS_INTEGRATIONS, disabled("acme"))
    await becomes(own_world, new, 401)


async def test_a_token_may_be_here_before_the_event_of_its_connection(own_world: World) -> None:
    import asyncio  # noqa: PLC0415

    first = asyncio.create_task(packages(own_world, own_world.bearer("initech")))
    await own_world.tell(CREDENTIALS_INTEGRATIONS, connected("initech"))
    assert await first == 200


async def test_nobody_waits_long_for_an_event_that_never_comes(own_world: World) -> None:
    began = time.monotonic()
    assert await packages(own_world, own_world.bearer("nobody")) == 401
    assert 1 < time.monotonic() - began < 4


async def test_a_new_key_is_fetched_when_a_token_names_it(own_world: World) -> None:
    own_world.credentials.keys.append(new_key("k2"))

    async def opens() -> bool:
        return await packages(own_world, own_world.bearer()) == 200

    await eventually(opens, 10, every=0.5)
    calls = own_world.credentials.jwks_calls
    unknown = new_key("k3")
    for _ in range(5):
        assert await packages(own_world, own_world.bearer(key=unknown)) == 401
    assert own_world.credentials.jwks_calls <= calls + 1, "a stranger cannot make us ask for every token"


async def test_a_token_that_was_given_up_is_dead_and_its_sisters_live(own_world: World) -> None:
    given_up, other = own_world.bearer(jti="given-up"), own_world.bearer(jti="other")
    assert await packages(own_world, given_up) == 200
    now = datetime.now(UTC)
    event = TokenRevoked(company_id="acme", token_id="given-up", expires_at=now + HOUR, revoked_at=now)
    await own_world.tell(CREDENTIALS_REVOCATIONS, event)
    await becomes(own_world, given_up, 401)
    assert await end(own_world, given_up) == 401
    assert await packages(own_world, other) == 200


async def test_an_expired_token_ends_nothing(own_world: World) -> None:
    now = int(time.time())
    old = own_world.bearer(iat=now - 7200, exp=now - 3600)
    assert await end(own_world, old) == 401
    assert own_world.credentials.disabled == []
    assert await end(own_world, own_world.bearer()) == 204
    assert await end(own_world, old) == 401, "nor is it good for a repeat"
    assert own_world.credentials.disabled == ["acme/1"]


async def test_credentials_away(own_world: World) -> None:
    own_world.credentials.away = True
    assert await end(own_world, own_world.bearer()) == 503
    assert await packages(own_world, own_world.bearer()) == 200
    own_world.credentials.away = False
    assert await end(own_world, own_world.bearer()) == 204
