"""A person who owns several organisations chooses which one to connect for."""

from typing import Any
from uuid import uuid4

import pytest

from tests.credentials.support.world import EMAIL, PASSWORD, Answer, World

SIGN_IN = {"company_id": "acme", "email": EMAIL, "password": PASSWORD}


@pytest.fixture
async def two(surroundings: World) -> World:
    """One replica, one user of Acme and Globex."""
    await surroundings.start()
    await surroundings.add_user(EMAIL, PASSWORD, "Globex", "Acme Ltd")
    return surroundings


async def sign_in(world: World) -> tuple[str, dict[str, str]]:
    answer = await world.call("/internal/consent/sign-ins", SIGN_IN)
    assert answer.status == 200, answer
    return answer.body["ticket"], {one["name"]: one["id"] for one in answer.body["organisations"]}


async def choose(world: World, ticket: str, organisation_id: str, company_id: str = "acme") -> Answer:
    body = {"ticket": ticket, "company_id": company_id, "organisation_id": organisation_id}
    return await world.call("/internal/consent/choices", body)


async def owner(world: World, company_id: str = "acme") -> Any:
    (row,) = await world.sql(
        "SELECT o.name FROM credentials.integrations i JOIN credentials.organisations o"
        " ON o.id = i.organisation_id WHERE company_id = $1",
        company_id,
    )
    return row["name"]


async def test_they_are_told_by_name_and_the_chosen_one_is_connected(two: World) -> None:
    ticket, organisations = await sign_in(two)
    assert list(organisations) == ["Acme Ltd", "Globex"]
    chosen = await choose(two, ticket, organisations["Globex"])
    assert (chosen.status, chosen.body) == (
        200,
        {"organisation": {"id": organisations["Globex"], "name": "Globex"}},
    )
    assert (await two.grant(ticket)).status == 200
    assert await owner(two) == "Globex"


async def test_another_choice_counts_until_the_grant(two: World) -> None:
    ticket, organisations = await sign_in(two)
    assert (await choose(two, ticket, organisations["Globex"])).status == 200
    assert (await choose(two, ticket, organisations["Acme Ltd"])).status == 200
    assert (await two.grant(ticket)).status == 200
    assert await owner(two) == "Acme Ltd"
    assert (await choose(two, ticket, organisations["Globex"])).body["code"] == "ticket_invalid"


async def test_without_a_choice_nothing_is_connected(two: World) -> None:
    ticket, _ = await sign_in(two)
    answer = await two.grant(ticket)
    assert (answer.status, answer.body["code"]) == (401, "ticket_invalid")
    assert two.calls("integration") == []


async def test_only_ones_own_for_ones_own_company(two: World) -> None:
    await two.add_user("eve@initech.example", organisation="Initech")
    initech = await two.sql("SELECT id FROM credentials.organisations WHERE name = 'Initech'")
    ticket, organisations = await sign_in(two)
    for organisation_id, company_id in (
        (str(initech[0]["id"]), "acme"),
        (str(uuid4()), "acme"),
        (organisations["Globex"], "globex"),
    ):
        answer = await choose(two, ticket, organisation_id, company_id)
        assert (answer.status, answer.body["code"]) == (401, "ticket_invalid")
    assert (await choose(two, "made-up", organisations["Globex"])).status == 401
    assert (await two.grant(ticket)).status == 401


async def test_an_organisation_taken_away_before_the_grant_connects_nothing(two: World) -> None:
    ticket, organisations = await sign_in(two)
    assert (await choose(two, ticket, organisations["Globex"])).status == 200
    await two.sql(
        "DELETE FROM credentials.memberships WHERE organisation_id = $1::uuid", organisations["Globex"]
    )
    assert (await two.grant(ticket)).body["code"] == "ticket_invalid"
    assert two.calls("integration") == []


async def test_users_of_the_release_before_keep_their_organisation(world: World) -> None:
    """It adds users with their organisation in a column, while both releases run."""
    (acme,) = await world.sql("SELECT id FROM credentials.organisations")
    (ada,) = await world.sql("SELECT * FROM credentials.users")
    await world.sql(
        "INSERT INTO credentials.users (id, organisation_id, email, login, name, password_hash, created_at)"
        " VALUES ($1, $2, 'bo@acme.example', 'bo@acme.example', 'Bo', $3, now())",
        uuid4(),
        acme["id"],
        ada["password_hash"],
    )
    ticket = await world.ticket(email="bo@acme.example")
    assert (await world.grant(ticket)).status == 200
