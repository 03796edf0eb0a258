"""Sign-in, ticket and denial over HTTP."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.credentials.support.world import EMAIL, PASSWORD, World

SIGN_IN = {"company_id": "acme", "email": EMAIL, "password": PASSWORD}


async def sign_in(world: World, **changes: Any) -> Any:
    return await world.call("/internal/consent/sign-ins", SIGN_IN | changes)


async def test_a_sign_in_gives_a_ticket_and_names_the_organisation(world: World) -> None:
    answer = await sign_in(world, email=EMAIL.upper())
    assert answer.status == 200
    assert set(answer.body) == {"ticket", "expires_in", "organisation"}
    assert answer.body["expires_in"] == 600
    assert answer.body["organisation"]["name"] == "Acme Ltd"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_unknown_user_and_wrong_password_are_one_answer(world: World) -> None:
    unknown = await sign_in(world, email="nobody@acme.example")
    wrong = await sign_in(world, password="wrong horse battery")
    assert (unknown.status, unknown.body["code"]) == (401, "invalid_credentials")
    assert {k: v for k, v in unknown.body.items() if k != "request_id"} == {
        k: v for k, v in wrong.body.items() if k != "request_id"
    }


@pytest.mark.parametrize("email", [EMAIL, "nobody@acme.example"])
async def test_too_many_attempts_wait_whoever_it_is(surroundings: World, email: str) -> None:
    await surroundings.start(credentials_sign_in_attempts=3)
    await surroundings.add_user()
    # At the same time: parallel guesses are each counted.
    answers = await asyncio.gather(
        *(sign_in(surroundings, email=email, password=f"guess number {n}") for n in range(6))
    )
    assert sorted(answer.status for answer in answers) == [401] * 3 + [429] * 3
    right = await sign_in(surroundings, email=email)
    assert (right.status, right.body["code"]) == (429, "too_many_attempts")
    assert 0 < int(right.headers["Retry-After"]) <= 30
    await surroundings.sql(
        "UPDATE credentials.sign_in_attempts SET blocked_until = $1", datetime.now(UTC) - timedelta(seconds=1)
    )
    assert (await sign_in(surroundings, email=email)).status == (200 if email == EMAIL else 401)


async def test_a_right_password_starts_the_count_anew(surroundings: World) -> None:
    await surroundings.start(credentials_sign_in_attempts=2)
    await surroundings.add_user()
    for _ in range(3):
        assert (await sign_in(surroundings, password="wrong horse battery")).status == 401
        assert (await sign_in(surroundings)).status == 200


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
        "/internal/consent/grants",
        "/internal/oauth/token",
        "/internal/companies/acme/disable",
        "/internal/companies/acme/smartrecruiters-token",
    ):
        assert (await world.call(path, SIGN_IN, token=token)).status == 401
    assert (await world.call("/internal/jwks", method="GET", token=token)).status == 401
    assert (await world.call("/health/ready", method="GET", token=None)).status == 200
