"""Data keys wrapped by a real OpenBao: it may be away, and nobody else can unwrap them."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from credentials.domain.sealing import SealingKeys
from credentials.errors import EncryptionKeysUnavailable
from credentials.http.transit import transit
from credentials.service.encryption_keys import Keyring, Resealing, WrappedKeys
from credentials.service.randomness import Randomness
from credentials.storage.data_keys import PostgresDataKeys
from credentials.storage.sealed_rows import PostgresSealedRows
from runtime import database
from runtime.errors import StartupError

from tests.credentials.support.world import World, made_up_keys
from tests.support.clock import ManualClock
from tests.support.openbao import KEY, OpenBao, openbao, token

TOKEN = "/internal/companies/acme/smartrecruiters-token"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OpenBao]:
    async with openbao(tmp_path) as started:
        yield started


def wrapped_by(server: OpenBao, **changes: Any) -> dict[str, Any]:
    return {
        "encryption_keys": "",
        "encryption_key_provider": "transit",
        "transit_url": server.url,
        "transit_token": server.token,
    } | changes


async def test_a_company_connects_and_no_key_is_in_the_settings_or_the_database(
    surroundings: World, server: OpenBao
) -> None:
    world = surroundings
    await world.start(**wrapped_by(server))
    await world.add_user()
    ours = await world.connect()
    assert (await world.call(TOKEN)).status == 200
    (kept,) = await world.sql("SELECT * FROM credentials.data_keys")
    assert kept["wrapped"].startswith("vault:v1:")
    assert {row["key_id"] for row in await world.sql("SELECT key_id FROM credentials.signing_keys")} == {
        kept["id"]
    }
    given = {"ciphertext": kept["wrapped"], "associated_data": base64.b64encode(kept["id"].encode()).decode()}
    plain = base64.b64decode((await server.ask("POST", f"transit/decrypt/{KEY}", given))["plaintext"])
    assert plain not in kept["wrapped"].encode()
    await world.replicas.pop().stop()
    await world.start(**wrapped_by(server))
    assert (await world.our_token(*ours)).status == 200
    assert len(await world.sql("SELECT 1 FROM credentials.data_keys")) == 1


async def test_a_key_service_that_is_away_stops_nothing_while_its_keys_are_kept(
    surroundings: World, server: OpenBao
) -> None:
    world = surroundings
    await world.start(**wrapped_by(server, credentials_keys_refresh_seconds=0.05))
    await world.add_user()
    ours = await world.connect()
    await server.process.kill()
    await world.connect("globex")
    assert (await world.our_token(*ours)).status == 200
    assert (await world.call(TOKEN)).status == 200
    await world.replicas.pop().stop()
    with pytest.raises(StartupError, match="The key service does not answer"):
        await world.start(**wrapped_by(server))


async def keyring(
    world: World, server: OpenBao, clock: ManualClock, pool: database.Pool, **changes: Any
) -> Any:
    """What the service builds, with a clock to move and the client beside it."""
    opened = transit(server.url, mount="transit", key=KEY, token=changes.get("token", lambda: server.token))
    client = await opened.__aenter__()
    sealing = SealingKeys({})
    keys = WrappedKeys(
        store=PostgresDataKeys(pool),
        service=client,
        listed={},
        randomness=Randomness(),
        now=clock.now,
        ahead=timedelta(seconds=45),
    )
    ring = Keyring(
        sealing=sealing, provider=keys, clock=clock.monotonic, refresh_seconds=15, keep_seconds=900
    )
    return ring, keys, sealing, opened


async def test_keys_are_kept_for_a_bounded_time(
    surroundings: World, server: OpenBao, logs: list[dict[str, Any]]
) -> None:
    clock = ManualClock()
    async with database.pool(surroundings.database_url, max_size=1) as pool:
        ring, _keys, sealing, opened = await keyring(surroundings, server, clock, pool)
        try:
            await ring.load()
            sealed = sealing.seal(b"theirs", identity="row", nonce=b"n" * 12)
            await server.ask("POST", "auth/token/revoke", {"token": server.token})
            clock.advance(890)
            await ring.look()
            assert sealing.open(sealed, identity="row") == b"theirs"
            clock.advance(20)
            await ring.look()
            with pytest.raises(EncryptionKeysUnavailable):
                sealing.open(sealed, identity="row")
            with pytest.raises(EncryptionKeysUnavailable):
                sealing.seal(b"x", identity="row", nonce=b"m" * 12)
            assert any(line["event"] == "encryption keys forgotten" for line in logs)
            server.token = await token(server)
            await ring.look()
            assert sealing.open(sealed, identity="row") == b"theirs"
        finally:
            await opened.__aexit__(None, None, None)


async def test_a_new_data_key_seals_once_every_replica_knows_it(surroundings: World, server: OpenBao) -> None:
    clock = ManualClock()
    async with database.pool(surroundings.database_url, max_size=1) as pool:
        ring, keys, sealing, opened = await keyring(surroundings, server, clock, pool)
        try:
            await ring.load()
            first = sealing.current
            clock.advance(60)
            # OpenBao's own key is changed as well: what the older one wrapped still opens.
            await server.ask("POST", f"transit/keys/{KEY}/rotate", {})
            second = await keys.add()
            await ring.load()
            assert (sealing.current, set(sealing.ids)) == (first, {first, second})
            clock.advance(46)
            await ring.load()
            assert (sealing.current, set(sealing.ids)) == (second, {first, second})
            wrapped = {key.id: key.wrapped for key in await PostgresDataKeys(pool).list()}
            assert wrapped[second].startswith("vault:v2:")
        finally:
            await opened.__aexit__(None, None, None)


async def test_a_wrapped_key_is_good_for_its_own_id_alone(surroundings: World, server: OpenBao) -> None:
    clock = ManualClock()
    async with database.pool(surroundings.database_url, max_size=1) as pool:
        ring, keys, _sealing, opened = await keyring(surroundings, server, clock, pool)
        try:
            await ring.load()
            await keys.add()
            await pool.execute(
                "UPDATE credentials.data_keys SET wrapped = (SELECT wrapped FROM credentials.data_keys"
                " ORDER BY created_at LIMIT 1)"
            )
            with pytest.raises(EncryptionKeysUnavailable):
                await ring.load()
        finally:
            await opened.__aexit__(None, None, None)


async def test_from_keys_of_the_settings_to_the_key_service(surroundings: World, server: OpenBao) -> None:
    world = surroundings
    world.encryption_keys = made_up_keys("listed")
    await world.start()
    await world.add_user()
    ours = await world.connect()
    await world.replicas.pop().stop()
    await world.start(
        **wrapped_by(server, encryption_keys=world.encryption_keys, credentials_reseal_seconds=3600)
    )
    assert (await world.call(TOKEN)).status == 200
    settings = world.settings(**wrapped_by(server, encryption_keys=world.encryption_keys))
    async with (
        database.pool(world.database_url, max_size=1) as pool,
        transit(server.url, mount="transit", key=KEY, token=settings.transit_token_text) as client,
    ):
        unwrapped = await client.unwrap(await PostgresDataKeys(pool).list())
        sealing = SealingKeys({**unwrapped, **settings.listed_keys})
        await Resealing(rows=PostgresSealedRows(pool), sealing=sealing, randomness=Randomness()).once()
    await world.replicas.pop().stop()
    await world.start(**wrapped_by(server))
    assert (await world.call(TOKEN)).status == 200
    assert (await world.our_token(*ours)).status == 200


async def test_a_token_that_an_agent_renews_is_read_again(
    surroundings: World, server: OpenBao, tmp_path: Path
) -> None:
    file, clock = tmp_path / "token", ManualClock()
    file.write_text("not-yet")
    async with database.pool(surroundings.database_url, max_size=1) as pool:
        ring, _keys, sealing, opened = await keyring(surroundings, server, clock, pool, token=file.read_text)
        try:
            with pytest.raises(EncryptionKeysUnavailable, match="answers 403"):
                await ring.load()
            file.write_text(server.token)
            await ring.load()
            assert sealing.current
        finally:
            await opened.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"transit_token": "wrong"}, "The key service answers 403"),
        ({"transit_key": "another"}, "The key service answers 403"),
        ({"transit_mount": "nowhere"}, "The key service answers 403"),
        ({"transit_url": "http://127.0.0.1:1"}, "The key service does not answer"),
    ],
)
async def test_it_does_not_start_without_its_keys(
    surroundings: World, server: OpenBao, changes: dict[str, str], words: str
) -> None:
    with pytest.raises(StartupError, match=words):
        await surroundings.start(**wrapped_by(server, **changes))
