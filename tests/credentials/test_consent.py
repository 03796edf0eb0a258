"""Ticket and denial over HTTP."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.credentials.support.world import EMAIL, PASSWORD, World

SIGN_IN = {"company_id": "acme", "email": EMAIL, "password": PASSWORD}


async def test_a_denial_uses_the_ticket_up(world: World) -> None:
    body = {"ticket": await world.ticket(), "company_id": "acme"}
    assert (await world.call("/internal/consent/denials", body)).status == 204
    again = await world.call("/internal/consent/denials", body)
    assert (again.status, again.body["code"]) == (401, "ticket_invalid")
    assert (await world.grant(body["ticket"])).body["code"] == "ticket_invalid"
    assert world.calls("integration") == []


async def test_a_ticket_is_for_its_company_and_its_time(world: World) -> None:
    ticket = await world.ticket("acme")
    assert (await world.grant(ticket, "globex")).body["code"] == "ticket_invalid"
    assert (await world.grant("made-up")).body["code"] == "ticket_invalid"
    await world.sql("UPDATE credentials.consent_tickets SET expires_at = $1", datetime.now(UTC))
    assert (await world.grant(ticket)).body["code"] == "ticket_invalid"
    assert world.calls("integration") == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("sign-ins", SIGN_IN | {"email": ""}, "email"),
        ("sign-ins", SIGN_IN | {"email": "a\x00@b"}, "email"),
        ("sign-ins", SIGN_IN | {"company_id": "a/b"}, "company_id"),
        ("sign-ins", SIGN_IN | {"password": "x" * 2000}, "password"),
        ("sign-ins", {}, "company_id"),
        ("sign-ins", SIGN_IN | {"address": "not an address"}, "address"),
        ("choices", {"ticket": "t", "company_id": "acme", "organisation_id": "x"}, "organisation_id"),
        ("grants", {"company_id": "acme"}, "ticket"),
        ("grants", ["x"], "body"),
        ("denials", {"ticket": "t"}, "company_id"),
    ],
)
async def test_malformed_bodies_name_the_field_not_the_value(
    world: World, path: str, body: Any, field: str
) -> None:
    answer = await world.call(f"/internal/consent/{path}", body)
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert field in [error["field"] for error in answer.body["errors"]]
    assert "xxxx" not in str(answer.body)


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_everything_internal_needs_the_internal_token(world: World, token: str | None) -> None:
    for path in (
        "/internal/consent/sign-ins",
        "/internal/consent/choices",
        "/internal/consent/grants",
        "/internal/oauth/token",
        "/internal/companies/acme/disable",
        "/internal/companies/acme/smartrecruiters-token",
    ):
        assert (await world.call(path, SIGN_IN, token=token)).status == 401
    assert (await world.call("/internal/jwks", method="GET", token=token)).status == 401
    assert (await world.call("/health/ready", method="GET", token=None)).status == 200
