"""Our token endpoint and keys over HTTP (RFC 6749, RFC 9068)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from credentials.domain.sealing import SealingKeys
from credentials.service.randomness import Randomness
from credentials.service.tokens import SigningKeys
from credentials.storage.keys import PostgresKeys
from joserfc import jwt
from joserfc.jwk import KeySet
from runtime import database
from runtime.process import StartupError

from tests.credentials.support.world import PUBLIC_URL, World, made_up_keys


async def test_a_token_is_signed_by_a_published_key(world: World) -> None:
    client_id, secret = await world.connect()
    answer = await world.our_token(client_id, secret)
    assert answer.status == 200
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert {k: v for k, v in answer.body.items() if k != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "packages_view orders_modify",
    }
    jwks = (await world.call("/internal/jwks", method="GET")).body
    token = jwt.decode(answer.body["access_token"], KeySet.import_key_set(jwks), algorithms=["ES256"])
    assert (token.header["typ"], token.header["kid"]) == ("at+jwt", jwks["keys"][0]["kid"])
    assert "d" not in jwks["keys"][0]
    claims = token.claims
    assert (claims["iss"], claims["aud"], claims["sub"]) == (PUBLIC_URL, PUBLIC_URL, client_id)
    assert (claims["company_id"], claims["ver"]) == ("acme", 1)
    assert claims["exp"] - claims["iat"] == 3600


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({}, 200, None),
        ({"scope": "packages_view"}, 200, None),
        ({"scope": "orders_modify packages_view packages_view"}, 200, None),
        ({"scope": "packages_view admin"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": ["client_credentials"]}, 400, "invalid_request"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "sr-unknown"}, 401, "invalid_client"),
        ({"client_id": "x\x00y"}, 401, "invalid_client"),
        ({"client_secret": "\ud800"}, 401, "invalid_client"),
    ],
)
async def test_the_table_of_answers(
    world: World, changes: dict[str, Any], status: int, error: str | None
) -> None:
    client_id, secret = await world.connect()
    given = {"client_id": client_id, "client_secret": secret} | changes
    answer = await world.our_token(**given)
    assert (answer.status, answer.body.get("error")) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    if status == 200:
        assert set(answer.body["scope"].split()) == set(
            changes.get("scope", "packages_view orders_modify").split()
        )


async def test_unknown_id_and_wrong_secret_are_one_answer(world: World) -> None:
    client_id, _ = await world.connect()
    wrong = await world.our_token(client_id, "wrong")
    unknown = await world.our_token("sr-unknown", "wrong")
    assert (wrong.status, wrong.body) == (unknown.status, unknown.body)


@pytest.mark.parametrize("body", [None, [], "text"])
async def test_a_body_that_is_no_form_is_an_invalid_request(world: World, body: Any) -> None:
    answer = await world.call("/internal/oauth/token", body)
    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


async def test_replicas_that_start_together_share_one_key(surroundings: World) -> None:
    await asyncio.gather(*(surroundings.start() for _ in range(3)))
    sets = [
        (await surroundings.call("/internal/jwks", method="GET", replica=number)).body for number in range(3)
    ]
    assert len(sets[0]["keys"]) == 1
    assert sets[0] == sets[1] == sets[2]


async def test_a_key_survives_a_restart_and_a_new_encryption_key(surroundings: World) -> None:
    first = await surroundings.start()
    before = (await surroundings.call("/internal/jwks", method="GET")).body
    await first.stop()
    surroundings.replicas.clear()
    keys = f"{made_up_keys('k2')},{surroundings.encryption_keys}"
    await surroundings.start(encryption_keys=keys)
    assert (await surroundings.call("/internal/jwks", method="GET")).body == before


async def test_without_its_encryption_key_it_refuses_to_start(surroundings: World) -> None:
    first = await surroundings.start()
    assert (await surroundings.call("/health/ready", method="GET")).status == 200
    await first.stop()
    surroundings.replicas.clear()
    with pytest.raises(StartupError, match="ENCRYPTION_KEYS"):
        await surroundings.start(encryption_keys=made_up_keys("other"))


async def test_a_new_key_is_published_before_it_signs(surroundings: World) -> None:
    now = datetime.now(UTC)
    async with database.pool(surroundings.database_url, max_size=1) as pool:
        signing = SigningKeys(
            store=PostgresKeys(pool),
            sealing=SealingKeys.parse(surroundings.encryption_keys),
            randomness=Randomness(),
            now=lambda: now,
            clock=lambda: 0.0,
            refresh_seconds=0,
            published_ahead=timedelta(minutes=10),
        )
        await signing.ensure()
        _, old = await signing.current()
        new = (await signing.rotate(token_ttl=timedelta(hours=1))).kid
        assert {key["kid"] for key in (await signing.public())["keys"]} == {old, new}
        assert (await signing.current())[1] == old
        now += timedelta(minutes=11)
        assert (await signing.current())[1] == new
        assert len((await signing.public())["keys"]) == 2
        now += timedelta(hours=2)
        assert [key["kid"] for key in (await signing.public())["keys"]] == [new]
        await PostgresKeys(pool).tidy(now)
        assert len(await surroundings.sql("SELECT 1 FROM credentials.signing_keys")) == 1
