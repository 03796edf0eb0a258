"""`bridge users` against a real database and a running service."""

from pathlib import Path

import pytest
from credentials import app

from tests.credentials.conftest import Run
from tests.credentials.support.world import EMAIL, PASSWORD, World


async def test_people_come_and_go(world: World, run: Run, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("a password of a file\n")
    named = ["--name", "Bo", "--organisation", "Globex"]
    added = await run(app.users, "add", "bo@globex.example", *named, "--password-file", str(secret))
    assert (added.exit_code, added.output) == (0, "added bo@globex.example to Globex\n")
    await world.ticket(email="BO@globex.example", password="a password of a file")
    stdin = await run(
        app.users, "add", "cy@globex.example", *named, "--password-stdin", given="password-of-cy\n"
    )
    assert stdin.exit_code == 0
    await world.ticket(email="cy@globex.example", password="password-of-cy")
    listed = (await run(app.users, "list")).output.splitlines()
    assert [line.split("\t")[:2] for line in listed] == [
        ["Acme Ltd", EMAIL],
        ["Globex", "bo@globex.example"],
        ["Globex", "cy@globex.example"],
    ]
    assert (await run(app.users, "remove", "Bo@Globex.example")).exit_code == 0
    gone = await run(app.users, "remove", "bo@globex.example")
    assert (gone.exit_code, "No user has this" in gone.output) == (1, True)


async def test_a_new_password_ends_the_old_one_and_open_sign_ins(world: World, run: Run) -> None:
    ticket = await world.ticket()
    changed = await run(app.users, "password", EMAIL, "--password-stdin", given="another long one\n")
    assert (changed.exit_code, changed.output) == (0, f"{EMAIL} has a new password\n")
    assert (await world.grant(ticket)).body["code"] == "ticket_invalid"
    old = {"company_id": "acme", "email": EMAIL, "password": PASSWORD}
    assert (await world.call("/internal/consent/sign-ins", old)).status == 401
    await world.ticket(password="another long one")
    unknown = await run(
        app.users, "password", "no@acme.example", "--password-stdin", given="another long one\n"
    )
    assert (unknown.exit_code, "No user has this" in unknown.output) == (1, True)


@pytest.mark.parametrize("password", ["password1", "ada admin 2026", "Globex!Acme!1", "short"])
async def test_a_new_password_that_is_easily_guessed_changes_nothing(
    world: World, run: Run, password: str
) -> None:
    ticket = await world.ticket()
    assert (await run(app.users, "join", EMAIL, "--organisation", "Globex")).exit_code == 0
    refused = await run(app.users, "password", EMAIL, "--password-stdin", given=f"{password}\n")
    words = "at least 8 characters" if password == "short" else "Choose another one: four"
    assert (refused.exit_code, words in refused.output) == (1, True)
    assert password not in refused.output
    assert (await world.grant(ticket)).status == 200
    await world.ticket()


async def test_organisations_of_a_person(world: World, run: Run) -> None:
    joined = await run(app.users, "join", EMAIL, "--organisation", "Globex")
    assert (joined.exit_code, joined.output) == (0, f"{EMAIL} belongs to Globex\n")
    assert (await run(app.users, "join", EMAIL, "--organisation", "Globex")).exit_code == 0
    listed = (await run(app.users, "list")).output.splitlines()
    assert [line.split("\t")[0] for line in listed] == ["Acme Ltd", "Globex"]
    assert (await run(app.users, "leave", EMAIL, "--organisation", "Acme Ltd")).exit_code == 0
    for organisation, words in (
        ("Acme Ltd", "no organisation of this name"),
        ("Globex", "only organisation"),
    ):
        refused = await run(app.users, "leave", EMAIL, "--organisation", organisation)
        assert (refused.exit_code, words in refused.output) == (1, True)
    assert (await run(app.users, "list")).output.startswith("Globex\t")
    assert (await run(app.users, "join", "no@acme.example", "--organisation", "Acme Ltd")).exit_code == 1


async def test_a_locked_account_and_a_locked_address_are_unlocked(surroundings: World, run: Run) -> None:
    await surroundings.start(credentials_sign_in_attempts=1)
    await surroundings.add_user()
    body = {"company_id": "acme", "email": EMAIL, "password": PASSWORD}
    path = "/internal/consent/sign-ins"
    assert (await surroundings.call(path, body | {"password": "wrong horse"})).status == 401
    assert (await surroundings.call(path, body)).status == 429
    assert (await run(app.users, "unlock", EMAIL.upper())).exit_code == 0
    assert (await surroundings.call(path, body)).status == 200

    await surroundings.replicas.pop().stop()
    await surroundings.start(credentials_sign_in_address_attempts=1)
    body |= {"address": "192.0.2.7"}
    assert (await surroundings.call(path, body | {"password": "wrong horse"})).status == 401
    assert (await surroundings.call(path, body)).status == 429
    assert (await run(app.users, "unlock", "--address", "192.0.2.7")).exit_code == 0
    assert (await surroundings.call(path, body)).status == 200
    for arguments in (["unlock"], ["unlock", EMAIL, "--address", "x"], ["unlock", "--address", "x"]):
        assert (await run(app.users, *arguments)).exit_code != 0


async def test_an_account_under_attack_is_let_in_at_its_own_address(surroundings: World, run: Run) -> None:
    await surroundings.start(credentials_sign_in_attempts=1)
    await surroundings.add_user()
    body = {"company_id": "acme", "email": EMAIL, "password": PASSWORD, "address": "192.0.2.7"}
    attack = body | {"address": "198.51.100.9", "password": "wrong horse"}
    path = "/internal/consent/sign-ins"
    assert (await surroundings.call(path, attack)).status == 401
    assert (await surroundings.call(path, body)).status == 429
    done = await run(app.users, "unlock", EMAIL, "--address", "192.0.2.7")
    assert (done.exit_code, done.output) == (0, f"{EMAIL} may try again at 192.0.2.7\n")
    assert (await surroundings.call(path, attack)).status == 401
    assert (await surroundings.call(path, body)).status == 200


async def test_a_person_without_a_password_cannot_sign_in_with_one(world: World, run: Run) -> None:
    named = ("--name", "Di", "--organisation", "Acme Ltd", "--organisation", "Globex")
    added = await run(app.users, "add", "di@acme.example", *named, "--no-password")
    assert (added.exit_code, added.output) == (0, "added di@acme.example to Acme Ltd, Globex\n")
    body = {"company_id": "acme", "email": "di@acme.example", "password": "no-password"}
    assert (await world.call("/internal/consent/sign-ins", body)).status == 401
    both = await run(app.users, "add", "ed@acme.example", *named, "--no-password", "--password-stdin")
    assert both.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "given", "words"),
    [
        (["new@acme.example", "--password-stdin"], "short\n", "at least 8 characters"),
        (["new@acme.example", "--password-stdin"], "sunshine1\n", "easily guessed"),
        (["new@acme.example", "--password-stdin"], "Acme-Assessments-2026\n", "easily guessed"),
        # Of our own host, bridge.example.
        (["new@acme.test", "--password-stdin"], "exampleKqzv7w\n", "easily guessed"),
        ([EMAIL, "--password-stdin"], PASSWORD, "exists already"),
        (["new@acme.example"], "long enough\nnot the same\n", "do not match"),
    ],
)
async def test_people_who_cannot_be_added(
    world: World, run: Run, arguments: list[str], given: str, words: str
) -> None:
    done = await run(app.users, "add", *arguments, "--name", "x", "--organisation", "Acme Ltd", given=given)
    assert done.exit_code == 1
    assert words in done.output
    assert len((await run(app.users, "list")).output.splitlines()) == 1
