"""Sign-in at a real OpenID provider, a process of its own that requires PKCE (RFC 7636)."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import aiohttp
import pytest

from tests.credentials.support.world import EMAIL, PUBLIC_URL, Answer, World
from tests.support.identity_provider import IdentityProvider, identity_provider

BROWSER = "b" * 43


@pytest.fixture(scope="module")
async def provider(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[IdentityProvider]:
    back = f"{PUBLIC_URL}/connect/openid/callback"
    folder = tmp_path_factory.mktemp("provider")
    async with identity_provider(folder, redirect_uri=back, email=EMAIL) as running:
        yield running


@pytest.fixture
async def world(surroundings: World, provider: IdentityProvider) -> World:
    await surroundings.start(**{name.lower(): value for name, value in provider.settings.items()})
    await surroundings.add_user()
    return surroundings


async def begin(world: World) -> str:
    body = {"company_id": "acme", "visit": "d.visit-token", "browser": BROWSER}
    begun = await world.call("/internal/consent/openid/begin", body)
    assert begun.status == 200, begun
    return str(begun.body["url"])


async def finish(world: World, back: dict[str, str]) -> Answer:
    body = {"company_id": "acme", "browser": BROWSER, "state": back["state"], "code": back["code"]}
    return await world.call("/internal/consent/openid/finish", body | {"iss": back["iss"]})


async def test_a_person_logs_in_there_and_connects(world: World, provider: IdentityProvider) -> None:
    back = await provider.logs_in(await begin(world), email=EMAIL)
    answer = await finish(world, back)
    assert answer.status == 200, answer
    assert [one["name"] for one in answer.body["organisations"]] == ["Acme Ltd"]
    assert (await world.grant(answer.body["ticket"])).status == 200
    # Its ID token has no address: that came as user info.
    await provider.process.says("GET /userinfo")


async def test_it_takes_nobody_without_a_challenge(world: World) -> None:
    address = urlsplit(await begin(world))
    without = [pair for pair in parse_qsl(address.query) if not pair[0].startswith("code_challenge")]
    url = address._replace(query=urlencode(without)).geturl()
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 400
        assert "code_challenge" in await answer.text()


async def test_the_code_of_another_sign_in_is_not_redeemed(world: World, provider: IdentityProvider) -> None:
    other = await provider.logs_in(await begin(world), email=EMAIL)
    own = await provider.logs_in(await begin(world), email=EMAIL)
    answer = await finish(world, own | {"code": other["code"]})
    assert (answer.status, answer.body["code"]) == (403, "identity_not_proven")
    await provider.process.says("PKCE Code Challenge check failed")


async def test_a_code_is_good_once(world: World, provider: IdentityProvider) -> None:
    back = await provider.logs_in(await begin(world), email=EMAIL)
    assert (await finish(world, back)).status == 200
    again = await provider.logs_in(await begin(world), email=EMAIL)
    answer = await finish(world, again | {"code": back["code"]})
    assert (answer.status, answer.body["code"]) == (403, "identity_not_proven")
