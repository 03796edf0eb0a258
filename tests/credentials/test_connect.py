"""The exchange with SmartRecruiters: whatever goes wrong, a whole connection or none."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from credentials.service import connect

from tests.credentials.support.world import NOTHING_USABLE, World
from tests.support.waiting import eventually

WAITING = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
"""
WHOLE = {"state": "connected", "ours": [1], "theirs": [1]}


async def test_a_grant_exchanges_credentials_and_tells_of_it(world: World) -> None:
    answer = await world.grant(await world.ticket())
    assert (answer.status, answer.body) == (200, {"company_id": "acme"})
    assert await world.usable() == WHOLE
    client_id, secret = world.issued()
    assert (await world.our_token(client_id, secret)).status == 200
    theirs = await world.call("/internal/companies/acme/smartrecruiters-token", {})
    assert theirs.status == 200
    (event,) = await world.events()
    assert event.type == "integration.connected"
    assert (event.data.company_id, event.data.client_id) == ("acme", client_id)
    assert event.data.credential_versions == (1,)


@pytest.mark.parametrize(
    ("fault", "status", "code", "whose_move"),
    [
        ({"kind": "status", "status": 400}, 502, "smartrecruiters_refused", "operator"),
        ({"kind": "status", "status": 401}, 502, "smartrecruiters_token_rejected", "operator"),
        ({"kind": "status", "status": 403}, 403, "not_consented_at_smartrecruiters", "administrator"),
        ({"kind": "status", "status": 404}, 502, "partner_configuration_missing", "operator"),
        ({"kind": "status", "status": 409}, 409, "already_integrated", "disable"),
        ({"kind": "status", "status": 418}, 502, "smartrecruiters_answer_not_understood", "418"),
        ({"kind": "status", "status": 429, "retry_after": 7}, 502, "smartrecruiters_unavailable", "slow"),
        ({"kind": "status", "status": 500}, 502, "smartrecruiters_answer_lost", "disable the integration"),
        ({"kind": "hang"}, 502, "smartrecruiters_answer_lost", "disable the integration"),
        ({"kind": "drop"}, 502, "smartrecruiters_answer_lost", "disable the integration"),
        ({"kind": "lose_answer"}, 502, "smartrecruiters_answer_lost", "disable the integration"),
    ],
)
async def test_a_failed_exchange_leaves_nothing_usable(
    surroundings: World, fault: dict[str, Any], status: int, code: str, whose_move: str
) -> None:
    await surroundings.start(credentials_outbound_timeout_seconds=0.7)
    await surroundings.add_user()
    surroundings.fault("integration", **fault)
    answer = await surroundings.grant(await surroundings.ticket())
    assert (answer.status, answer.body["code"]) == (status, code)
    assert whose_move in answer.body["detail"]
    assert await surroundings.usable() == NOTHING_USABLE
    hashes = await surroundings.sql("SELECT secret_hash FROM credentials.client_credentials")
    assert [row["secret_hash"] for row in hashes] == [None]
    assert await surroundings.sql("SELECT 1 FROM credentials.outbox") == []


@pytest.mark.parametrize("status", [400, 403, 404, 409, 418, 500])
async def test_nobody_is_told_what_an_error_repeats_of_the_exchange(world: World, status: int) -> None:
    world.fault("integration", "status", status=status, message="Not so:", echo=True)
    answer = await world.grant(await world.ticket())
    (said,) = [entry.response["message"] for entry in world.sandbox.record.entries(call="integration")]
    assert "clientSecret" in said
    assert "Not so" not in str(answer.body)


@pytest.mark.parametrize("call", ["token", "integration"])
@pytest.mark.parametrize("status", [429, 503])
async def test_after_a_passing_fault_the_same_sign_in_connects(world: World, call: str, status: int) -> None:
    ticket = await world.ticket()
    world.fault(call, "status", status=status, times=1)
    assert (await world.grant(ticket)).status == 502
    assert (await world.grant(ticket)).status == 200
    assert await world.usable() == {"state": "connected", "ours": [2], "theirs": [2]}


async def test_after_a_lasting_fault_the_sign_in_is_used_up(world: World) -> None:
    ticket = await world.ticket("initech")
    assert (await world.grant(ticket, "initech")).body["code"] == "not_consented_at_smartrecruiters"
    assert (await world.grant(ticket, "initech")).body["code"] == "ticket_invalid"


async def test_a_refused_master_credential_is_the_operators_move(world: World) -> None:
    world.fault("token", "status", status=401)
    answer = await world.grant(await world.ticket())
    assert (answer.status, answer.body["code"]) == (502, "master_credential_refused")
    assert "MASTER_CLIENT_ID" in answer.body["detail"]
    assert await world.usable() == NOTHING_USABLE


async def test_an_answer_without_a_secret_is_no_connection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = world.sandbox.clients.create
    # Empty, as the simulator itself answers by its documents.
    monkeypatch.setattr(world.sandbox.clients, "create", lambda company: replace(create(company), secret=""))
    answer = await world.grant(await world.ticket())
    assert answer.body["code"] == "smartrecruiters_answer_not_understood"
    assert "clientSecret" in answer.body["detail"]
    assert await world.usable() == NOTHING_USABLE


async def test_after_a_lost_answer_the_administrator_is_told_to_disable_it_there(world: World) -> None:
    ticket = await world.ticket()
    world.fault("integration", "lose_answer", times=1)
    assert (await world.grant(ticket)).status == 502
    again = await world.grant(ticket)
    assert (again.status, again.body["code"]) == (409, "already_integrated")
    assert "disable the integration at SmartRecruiters and connect again" in again.body["detail"]
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    assert (await world.grant(await world.ticket())).status == 200
    assert (await world.usable())["state"] == "connected"


async def test_a_standing_connection_outlives_a_second_attempt(world: World) -> None:
    client_id, secret = await world.connect()
    again = await world.grant(await world.ticket())
    assert (again.status, again.body["code"]) == (409, "already_integrated")
    assert "nothing has to be done" in again.body["detail"]
    assert "disable the integration at SmartRecruiters first" in again.body["detail"]
    assert await world.usable() == WHOLE
    assert (await world.our_token(client_id, secret)).status == 200


async def test_a_connection_lost_at_smartrecruiters_alone_is_replaced(world: World) -> None:
    old = await world.connect()
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    new = await world.connect()
    assert new[0] == old[0]
    # Nobody disabled it here: what SmartRecruiters has under way with the old secret goes on for a while.
    assert await world.usable() == {"state": "connected", "ours": [1, 2], "theirs": [2]}
    assert (await world.our_token(*old)).status == 200
    assert (await world.our_token(*new)).status == 200
    assert [event.data.credential_versions for event in await world.events(2)] == [(1,), (1, 2)]
    (until,) = await world.sql(
        "SELECT valid_until - created_at AS good FROM credentials.client_credentials WHERE version = 1"
    )
    assert timedelta(minutes=59) < until["good"] < timedelta(minutes=61), "as long as its tokens live"
    assert (await world.call("/internal/companies/acme/disable")).status == 204
    assert {(await world.our_token(*one)).status for one in (old, new)} == {401}


async def test_a_connection_whose_renewal_got_lost_is_not_said_to_be_well(world: World) -> None:
    """SmartRecruiters has the new one, and here the old one stands: nothing but a new start helps."""
    await world.connect()
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    world.fault("integration", "lose_answer", times=1)
    assert (await world.grant(await world.ticket())).body["code"] == "smartrecruiters_answer_lost"
    assert await world.usable() == WHOLE
    again = await world.grant(await world.ticket())
    assert (again.status, again.body["code"]) == (409, "already_integrated")
    assert "has to disable the integration at SmartRecruiters and connect again" in again.body["detail"]
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    await world.connect()
    stands = await world.grant(await world.ticket())
    assert "nothing has to be done" in stands.body["detail"]


async def test_reconnects_leave_no_more_than_two_secrets(world: World) -> None:
    secrets = []
    for _ in range(3):
        secrets.append(await world.connect())
        world.sandbox.forget_integration(world.sandbox.company("acme"))
    assert [(await world.our_token(*one)).status for one in secrets] == [401, 200, 200]
    assert (await world.usable())["ours"] == [2, 3]


async def test_concurrent_connects_on_two_replicas_end_in_one(world: World) -> None:
    await world.start()
    tickets = [await world.ticket() for _ in range(6)]
    world.fault("integration", "latency", seconds=0.5)
    answers = await asyncio.gather(
        *(world.grant(ticket, replica=place % 2) for place, ticket in enumerate(tickets))
    )
    assert [answer.status for answer in answers] == [200] * 6
    assert len(world.calls("integration")) == 1
    assert await world.usable() == WHOLE
    assert (await world.our_token(*world.issued())).status == 200


async def test_a_double_click_connects_once_and_both_are_told_yes(world: World) -> None:
    ticket = await world.ticket()
    world.fault("integration", "latency", seconds=0.4)
    answers = await asyncio.gather(world.grant(ticket), world.grant(ticket))
    assert [answer.status for answer in answers] == [200, 200]
    assert (await world.grant(ticket)).status == 200
    assert len(world.calls("integration")) == 1


async def test_when_the_first_of_two_fails_the_second_goes_on(world: World) -> None:
    tickets = [await world.ticket(), await world.ticket()]
    world.sandbox.faults.replace([])
    world.fault("integration", "hang", seconds=0.5, times=1)
    answers = await asyncio.gather(*(world.grant(ticket) for ticket in tickets))
    assert sorted(answer.status for answer in answers) == [200, 502]
    assert (await world.usable())["state"] == "connected"


async def test_whoever_waits_too_long_is_told_to_try_again(surroundings: World) -> None:
    await surroundings.start(credentials_connect_wait_seconds=0)
    await surroundings.add_user()
    tickets = [await surroundings.ticket(), await surroundings.ticket()]
    surroundings.fault("integration", "latency", seconds=1)
    first = asyncio.create_task(surroundings.grant(tickets[0]))
    await eventually(lambda: surroundings.calls("token"))
    second = await surroundings.grant(tickets[1])
    assert (second.status, second.body["code"]) == (503, "connection_in_progress")
    assert (await first).status == 200


async def test_no_transaction_is_open_while_smartrecruiters_thinks(world: World) -> None:
    ticket = await world.ticket()
    world.fault("integration", "latency", seconds=1)
    granting = asyncio.create_task(world.grant(ticket))
    await eventually(lambda: world.calls("token"))
    open_ones = await world.sql(
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
        " AND pid <> pg_backend_pid()"
    )
    assert open_ones == []
    assert (await granting).status == 200


async def test_postgresql_lost_right_before_the_commit_costs_a_moment_not_the_connection(
    world: World,
) -> None:
    ticket = await world.ticket()
    world.fault("integration", "latency", seconds=0.5)
    granting = asyncio.create_task(world.grant(ticket))
    await eventually(lambda: world.calls("token"))
    lock = await asyncpg.connect(world.database_url)
    async with lock.transaction():
        await lock.execute("SELECT 1 FROM credentials.integrations FOR UPDATE")
        await eventually(lambda: world.sandbox.company("acme").integration)
        (blocked,) = await eventually(lambda: lock.fetch(WAITING))
        await lock.execute("SELECT pg_terminate_backend($1)", blocked["pid"])
    await lock.close()
    assert (await granting).status == 200
    assert await world.usable() == WHOLE


async def test_a_connection_that_cannot_be_saved_at_all_is_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "SAVE_WITHIN", timedelta())
    ticket = await world.ticket()
    world.fault("integration", "latency", seconds=0.5)
    granting = asyncio.create_task(world.grant(ticket))
    await eventually(lambda: world.calls("token"))
    lock = await asyncpg.connect(world.database_url)
    async with lock.transaction():
        await lock.execute("SELECT 1 FROM credentials.integrations FOR UPDATE")
        (blocked,) = await eventually(lambda: lock.fetch(WAITING))
        await lock.execute("SELECT pg_terminate_backend($1)", blocked["pid"])
    await lock.close()
    answer = await granting
    assert (answer.status, answer.body["code"]) == (502, "connection_not_saved")
    assert await world.usable() == NOTHING_USABLE


async def test_another_organisation_cannot_take_a_company_over(world: World) -> None:
    await world.connect()
    world.sandbox.forget_integration(world.sandbox.company("acme"))
    await world.call("/internal/companies/acme/disable")
    await world.add_user("eve@globex.example", organisation="Globex")
    answer = await world.grant(await world.ticket(email="eve@globex.example"))
    assert (answer.status, answer.body["code"]) == (403, "company_of_another_organisation")
    assert len(world.calls("integration")) == 1
    assert (await world.usable())["state"] == "disabled"


async def test_a_company_nobody_has_connected_yet_is_anybodys(world: World) -> None:
    world.fault("integration", "status", status=403, times=1)
    assert (await world.grant(await world.ticket())).status == 403
    await world.add_user("eve@globex.example", organisation="Globex")
    assert (await world.grant(await world.ticket(email="eve@globex.example"))).status == 200
