"""No secret and nothing personal in PostgreSQL as plain text, in the logs, or in events."""

import json
from typing import Any

import pytest
from contracts import codec
from sandbox.domain.clients import Client

from tests.credentials.support.world import EMAIL, MASTER_SECRET, PASSWORD, World

PATH = "/internal/companies/acme/smartrecruiters-token"
USERS_OWN = {"users"}


async def dump(world: World) -> dict[str, bytes]:
    """Every row of every table, as bytes as they are."""
    tables = await world.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'credentials'")
    found = {}
    for table in (row["tablename"] for row in tables):
        rows = await world.sql(f'SELECT * FROM credentials."{table}"')  # noqa: S608 - names of the catalogue
        found[table] = b"\n".join(_raw(value) for row in rows for value in row.values())
    return found


def _raw(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


async def test_no_secret_is_stored_logged_or_told_in_plain_text(
    surroundings: World, logs: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = surroundings
    await world.start()
    await world.add_user()
    created: list[Client] = []
    create = world.sandbox.clients.create

    def remembered(company_id: str) -> Client:
        created.append(create(company_id))
        return created[-1]

    monkeypatch.setattr(world.sandbox.clients, "create", remembered)
    ticket = await world.ticket()
    assert (await world.grant(ticket)).status == 200
    client_id, ours = world.issued()
    theirs = created[0].secret
    issued = (await world.our_token(client_id, ours)).body["access_token"]
    given = (await world.call(PATH)).body["access_token"]
    await world.our_token(client_id, "wrong-secret-of-somebody")
    await world.call(
        "/internal/consent/sign-ins", {"company_id": "acme", "email": EMAIL, "password": "nope nope"}
    )
    events = b"".join(codec.encode(event)[0] for event in await world.events())

    secrets = [ours, theirs, ticket, issued, given, PASSWORD, MASTER_SECRET, world.pepper, "PRIVATE KEY"]
    secrets += ["wrong-secret-of-somebody", "nope nope", world.encryption_keys.split(":")[1]]
    personal = [EMAIL, EMAIL.lower(), "Ada Admin"]
    tables = await dump(world)
    said = json.dumps(logs, default=str).encode()
    for secret in map(str.encode, secrets):
        assert [name for name, rows in tables.items() if secret in rows] == []
        assert secret not in said
        assert secret not in events
    for word in map(str.encode, personal):
        assert {name for name, rows in tables.items() if word in rows} <= USERS_OWN
        assert word not in said
        assert word not in events


async def test_failures_do_not_show_secrets_either(surroundings: World, logs: list[dict[str, Any]]) -> None:
    world = surroundings
    await world.start(credentials_outbound_timeout_seconds=0.5)
    await world.add_user()
    for fault in ("hang", "drop", "status"):
        world.fault("*", fault)
        ticket = await world.ticket()
        answer = await world.grant(ticket)
        assert answer.status == 502
        whole = json.dumps([logs, answer.body], default=str)
        for secret in (ticket, MASTER_SECRET, PASSWORD, EMAIL):
            assert secret not in whole
