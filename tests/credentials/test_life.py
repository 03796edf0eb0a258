"""After the exchange: disabling, reconnecting, rotating; and what everyone is told of it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from credentials.domain import clients
from credentials.errors import IntegrationDisabled, NotConnected, OrganisationUnknown
from credentials.service.integrations import IntegrationService
from credentials.service.randomness import Randomness
from credentials.storage.integrations import PostgresIntegrations
from pydantic import SecretStr
from runtime import database

from tests.credentials.support.world import World


async def test_disabling_ends_every_token_at_once_and_a_repeat_changes_nothing(world: World) -> None:
    client_id, secret = await world.connect()
    assert (await world.call("/internal/companies/acme/smartrecruiters-token")).status == 200
    for _ in range(2):
        assert (await world.call("/internal/companies/acme/disable")).status == 204
    assert (await world.our_token(client_id, secret)).body["error"] == "invalid_client"
    theirs = await world.call("/internal/companies/acme/smartrecruiters-token")
    assert (theirs.status, theirs.body["code"]) == (409, "disabled")
    assert await world.usable() == {"state": "disabled", "ours": [], "theirs": []}
    events = await world.events(2)
    assert [event.type for event in events] == ["integration.connected", "integration.disabled"]
    assert events[1].data.credential_versions == ()


async def test_disabling_an_unknown_company_is_no_event(world: World) -> None:
    assert (await world.call("/internal/companies/nobody/disable")).status == 204
    assert await world.sql("SELECT 1 FROM credentials.outbox") == []


async def test_disables_at_the_same_time_are_one(world: World) -> None:
    await world.connect()
    answers = await asyncio.gather(*(world.call("/internal/companies/acme/disable") for _ in range(5)))
    assert {answer.status for answer in answers} == {204}
    entries = await world.sql("SELECT 1 FROM credentials.connection_events WHERE what = 'disabled'")
    assert len(entries) == 1


async def test_a_reconnect_has_a_new_version_and_keeps_the_history(world: World) -> None:
    old = await world.connect()
    await world.call("/internal/companies/acme/disable")
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    new = await world.connect()
    assert new[0] == old[0]
    assert (await world.our_token(*old)).status == 401
    assert (await world.our_token(*new)).status == 200
    assert await world.usable() == {"state": "connected", "ours": [2], "theirs": [2]}
    what = await world.sql("SELECT what, version FROM credentials.connection_events ORDER BY id")
    assert [(row["what"], row["version"]) for row in what] == [
        ("connect_started", 1),
        ("connected", 1),
        ("disabled", None),
        ("connect_started", 2),
        ("connected", 2),
    ]
    assert [event.data.credential_versions for event in await world.events(3)] == [(1,), (), (2,)]


async def test_two_secrets_are_good_while_one_replaces_the_other(world: World) -> None:
    client_id, first = await world.connect()
    now = datetime.now(UTC)
    async with database.pool(world.database_url, max_size=2) as pool:
        store = PostgresIntegrations(pool)
        service = IntegrationService(
            integrations=store,
            pepper=world.pepper.encode(),
            randomness=Randomness(),
            now=lambda: now,
            wake_relay=lambda: None,
        )
        changed, second = await service.rotate("acme", timedelta(hours=1))
        assert changed.versions == (1, 2)
        for secret in (first, second.get_secret_value()):
            assert (await world.our_token(client_id, secret)).status == 200
        await service.end_overdue()
        assert (await world.usable())["ours"] == [1, 2]
        now += timedelta(hours=2)
        await service.end_overdue()
        await service.end_overdue()
    assert (await world.our_token(client_id, first)).status == 401
    assert (await world.our_token(client_id, second.get_secret_value())).status == 200
    events = await world.events(3)
    assert [event.data.credential_versions for event in events] == [(1,), (1, 2), (2,)]
    assert [event.type for event in events[1:]] == ["integration.rotated"] * 2


async def test_a_third_secret_ends_the_first(world: World) -> None:
    await world.connect()
    async with database.pool(world.database_url, max_size=1) as pool:
        store, now = PostgresIntegrations(pool), datetime.now(UTC)
        hashes = [clients.digest(b"p", SecretStr(secret)) for secret in ("two", "three")]
        rotated = [await store.rotate("acme", one, now, timedelta(hours=1)) for one in hashes]
        assert [one.versions for one in rotated] == [(1, 2), (2, 3)]


async def test_only_what_is_connected_can_be_rotated_or_moved(world: World) -> None:
    async with database.pool(world.database_url, max_size=1) as pool:
        store, now = PostgresIntegrations(pool), datetime.now(UTC)
        with pytest.raises(NotConnected):
            await store.rotate("acme", b"x", now, timedelta())
        with pytest.raises(NotConnected):
            await store.move("acme", "Acme Ltd")
        await world.connect()
        await world.call("/internal/companies/acme/disable")
        with pytest.raises(IntegrationDisabled):
            await store.rotate("acme", b"x", now, timedelta())
        with pytest.raises(OrganisationUnknown):
            await store.move("acme", "Nobody Ltd")
        await world.add_user("eve@globex.example", organisation="Globex")
        await store.move("acme", "Globex")
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    assert (await world.grant(await world.ticket(email="eve@globex.example"))).status == 200


async def test_who_asks_is_told_what_the_last_event_says(world: World) -> None:
    path = "/internal/companies/acme/integration"
    for unknown in (path, "/internal/companies/a%2Fb/integration"):
        answer = await world.call(unknown, method="GET")
        assert (answer.status, answer.body["code"]) == (404, "not_connected")
    world.fault("integration", "status", status=403)
    assert (await world.grant(await world.ticket())).status == 403
    assert (await world.call(path, method="GET")).status == 404, "nothing was told of it yet"
    world.sandbox.faults.replace([])
    told = []
    await world.connect()
    told.append((await world.call(path, method="GET")).body)
    async with database.pool(world.database_url, max_size=1) as pool:
        await PostgresIntegrations(pool).rotate("acme", b"x", datetime.now(UTC), timedelta(hours=1))
    told.append((await world.call(path, method="GET")).body)
    await world.call("/internal/companies/acme/disable")
    told.append((await world.call(path, method="GET")).body)
    assert [one["credential_versions"] for one in told] == [[2], [2, 3], []]
    for one, event in zip(told, await world.events(3), strict=True):
        assert one["client_id"] == event.data.client_id
        assert one["credential_versions"] == list(event.data.credential_versions)
        apart = datetime.fromisoformat(one["changed_at"]) - event.data.changed_at
        assert timedelta() <= apart < timedelta(milliseconds=1), "events tell whole milliseconds"
