"""Our token endpoint and keys over HTTP (RFC 6749, RFC 9068)."""

import asyncio
import base64
import hmac
import json
import statistics
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from contracts.envelope import Event
from contracts.topics import CREDENTIALS_REVOCATIONS
from credentials.domain import clients
from credentials.domain.sealing import SealingKeys
from credentials.service.randomness import Randomness
from credentials.service.tokens import SigningKeys
from credentials.storage.integrations import PostgresIntegrations
from credentials.storage.keys import PostgresKeys
from joserfc import jwt
from joserfc.jwk import KeySet
from pydantic import SecretStr
from runtime import database
from runtime.kafka.view import CompactedView
from runtime.process import StartupError, Supervisor

from tests.credentials.support.world import PUBLIC_URL, Answer, World, made_up_keys
from tests.support.waiting import eventually


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


async def test_a_token_given_up_is_told_of_once_and_by_its_client_alone(world: World) -> None:
    acme, globex = await world.connect(), await world.connect("globex")
    token = (await world.our_token(*acme)).body["access_token"]

    async def revoke(client: tuple[str, str], token: str) -> Answer:
        body = {"client_id": client[0], "client_secret": client[1], "token": token}
        return await world.call("/internal/oauth/revoke", body)

    foreign = await revoke(globex, token)
    assert (foreign.status, foreign.body["error"]) == (400, "unauthorized_client")
    assert (await revoke((acme[0], "wrong"), token)).body["error"] == "invalid_client"
    assert (await revoke(acme, "")).body["error"] == "invalid_request"
    for nothing in ("x", "a.b.c", token[:-8], "e" * 5000):
        assert (await revoke(acme, nothing)).status == 200
    assert await revoked(world, 0) == []
    assert [(await revoke(acme, token)).status for _ in range(2)] == [200, 200]
    first, second = await revoked(world, 2)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (first.data.token_id, first.data.company_id) == (claims["jti"], "acme")
    assert int(first.data.expires_at.timestamp()) == claims["exp"]
    assert first.id == second.id


async def revoked(world: World, at_least: int) -> list[Event[Any]]:
    """What this world's companies have given up: the topics are shared."""
    found: list[Event[Any]] = []
    view = CompactedView(
        bootstrap_servers=world.bootstrap,
        prefix=world.prefix,
        topic=CREDENTIALS_REVOCATIONS,
        apply=lambda _key, event: found.append(event) if event else None,
    )
    async with AsyncExitStack() as stack:
        _ = Supervisor(stack).spawn("view of the revocations", view.run())
        await view.loaded()
        await eventually(lambda: len(found) >= at_least, 15)
    return found


async def test_unknown_id_and_wrong_secret_cost_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same work is done for both, and a clock tells nothing, however noisy the machine is."""
    client_id, _ = await world.connect()
    work: dict[str, list[str]] = {client_id: [], "sr-unknown": []}
    asked = client_id
    compare, digest, versions = hmac.compare_digest, clients.digest, PostgresIntegrations.versions

    def compared(one: bytes, other: bytes) -> bool:
        work[asked].append(f"compare {len(one)} {len(other)}")
        return compare(one, other)

    def digested(pepper: bytes, secret: SecretStr) -> bytes:
        work[asked].append("digest")
        return digest(pepper, secret)

    async def looked_up(self: PostgresIntegrations, given: str) -> Any:
        work[asked].append("look up")
        return await versions(self, given)

    monkeypatch.setattr(hmac, "compare_digest", compared)
    monkeypatch.setattr(clients, "digest", digested)
    monkeypatch.setattr(PostgresIntegrations, "versions", looked_up)
    times: dict[str, list[float]] = {client_id: [], "sr-unknown": []}
    for _ in range(100):
        for asked, taken in times.items():
            began = time.perf_counter()
            assert (await world.our_token(asked, "wrong")).status == 401
            taken.append(time.perf_counter() - began)
    assert work[client_id] == work["sr-unknown"]
    assert work[client_id].count("look up") == work[client_id].count("digest") == 100
    # Beside those of the internal call's own token.
    assert work[client_id].count("compare 32 32") >= 200
    known, unknown = (statistics.median(each) for each in times.values())
    assert 0.5 < known / unknown < 2
