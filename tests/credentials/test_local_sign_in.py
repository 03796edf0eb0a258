"""Sign-in with a password: one answer for unknown and wrong, waits by account and by address."""

import asyncio
import statistics
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.credentials.support.world import EMAIL, PASSWORD, World

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.9"
SIGN_IN = {"company_id": "acme", "email": EMAIL, "password": PASSWORD, "address": HERE}


async def sign_in(world: World, **changes: Any) -> Any:
    return await world.call("/internal/consent/sign-ins", SIGN_IN | changes)


async def wait_is_over(world: World) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    await world.sql("UPDATE credentials.sign_in_attempts SET blocked_until = $1", past)


async def test_a_sign_in_gives_a_ticket_and_names_the_organisation(world: World) -> None:
    answer = await sign_in(world, email=EMAIL.upper())
    assert answer.status == 200
    assert set(answer.body) == {"ticket", "expires_in", "organisations"}
    assert answer.body["expires_in"] == 600
    assert [one["name"] for one in answer.body["organisations"]] == ["Acme Ltd"]
    assert answer.headers["Cache-Control"] == "no-store"


async def test_unknown_user_and_wrong_password_are_one_answer(world: World) -> None:
    unknown = await sign_in(world, email="nobody@acme.example")
    wrong = await sign_in(world, password="wrong horse battery")
    assert (unknown.status, unknown.body["code"]) == (401, "invalid_credentials")
    assert {k: v for k, v in unknown.body.items() if k != "request_id"} == {
        k: v for k, v in wrong.body.items() if k != "request_id"
    }


async def test_unknown_user_and_wrong_password_cost_the_same(surroundings: World) -> None:
    await surroundings.start(credentials_sign_in_attempts=1000, credentials_sign_in_lockout_attempts=1000)
    await surroundings.add_user()

    async def seconds(email: str) -> float:
        began = time.perf_counter()
        assert (await sign_in(surroundings, email=email, password="wrong horse", address=None)).status == 401
        return time.perf_counter() - began

    # Taken in turns, so that whatever else the machine does befalls both alike.
    pairs = [(await seconds(EMAIL), await seconds("nobody@acme.example")) for _ in range(9)]
    known, unknown = (statistics.median(each) for each in zip(*pairs, strict=True))
    # Without its Argon2id an answer comes some ten times sooner.
    assert 0.5 < known / unknown < 2


@pytest.mark.parametrize("email", [EMAIL, "nobody@acme.example"])
async def test_too_many_attempts_wait_whoever_it_is(surroundings: World, email: str) -> None:
    await surroundings.start(credentials_sign_in_attempts=3)
    await surroundings.add_user()
    # At the same time: parallel guesses are each counted.
    answers = await asyncio.gather(
        *(sign_in(surroundings, email=email, password=f"guess number {n}") for n in range(6))
    )
    assert sorted(answer.status for answer in answers) == [401] * 3 + [429] * 3
    right = await sign_in(surroundings, email=email, address=ELSEWHERE)
    assert (right.status, right.body["code"]) == (429, "too_many_attempts")
    assert 0 < int(right.headers["Retry-After"]) <= 30
    await wait_is_over(surroundings)
    assert (await sign_in(surroundings, email=email)).status == (200 if email == EMAIL else 401)


async def test_a_locked_account_stays_so_for_a_day_even_for_the_right_password(surroundings: World) -> None:
    await surroundings.start(credentials_sign_in_attempts=2, credentials_sign_in_lockout_attempts=3)
    await surroundings.add_user()
    for _ in range(3):
        await wait_is_over(surroundings)
        assert (await sign_in(surroundings, password="wrong horse battery")).status == 401
    locked = await sign_in(surroundings, address=ELSEWHERE)
    assert (locked.status, locked.body["code"]) == (429, "too_many_attempts")
    assert int(locked.headers["Retry-After"]) > 23 * 3600


async def test_guesses_elsewhere_lock_nobody_out_where_they_signed_in_before(surroundings: World) -> None:
    await surroundings.start(credentials_sign_in_attempts=2, credentials_sign_in_lockout_attempts=3)
    await surroundings.add_user()
    assert (await sign_in(surroundings)).status == 200
    for _ in range(3):
        await wait_is_over(surroundings)
        assert (await sign_in(surroundings, password="wrong horse", address=ELSEWHERE)).status == 401
    assert (await sign_in(surroundings, address=ELSEWHERE)).status == 429
    assert (await sign_in(surroundings, address="203.0.113.1")).status == 429
    assert (await sign_in(surroundings)).status == 200
    assert (await sign_in(surroundings, address=ELSEWHERE)).status == 429, "the lock elsewhere goes on"
    for _ in range(2):
        assert (await sign_in(surroundings, password="wrong horse")).status == 401
    assert (await sign_in(surroundings)).status == 429, "counted here, too"
    await surroundings.sql("UPDATE credentials.known_addresses SET known_until = now()")
    await surroundings.sql("DELETE FROM credentials.sign_in_attempts WHERE failures = 2")
    assert (await sign_in(surroundings)).status == 429, "known for some time only"


async def test_a_right_password_starts_the_accounts_count_anew(surroundings: World) -> None:
    await surroundings.start(credentials_sign_in_attempts=2)
    await surroundings.add_user()
    for _ in range(3):
        assert (await sign_in(surroundings, password="wrong horse battery")).status == 401
        assert (await sign_in(surroundings)).status == 200


async def test_an_address_that_tries_many_accounts_waits_and_others_do_not(surroundings: World) -> None:
    await surroundings.start(credentials_sign_in_address_attempts=4)
    await surroundings.add_user()
    answers = await asyncio.gather(
        *(sign_in(surroundings, email=f"guess-{n}@acme.example") for n in range(8))
    )
    assert Counter(answer.status for answer in answers) == {401: 4, 429: 4}
    assert (await sign_in(surroundings)).status == 429
    assert (await sign_in(surroundings, address="::ffff:" + HERE)).status == 429, "the same, in IPv6's form"
    assert (await sign_in(surroundings, address=ELSEWHERE)).status == 200
    counted = await surroundings.sql("SELECT * FROM credentials.sign_in_attempts WHERE failures > 3")
    assert len(counted) == 1


async def test_a_right_password_does_not_wash_an_address_clean(surroundings: World) -> None:
    await surroundings.start(credentials_sign_in_address_attempts=4)
    await surroundings.add_user()
    for n in range(3):
        assert (await sign_in(surroundings, email=f"guess-{n}@acme.example")).status == 401
        assert (await sign_in(surroundings)).status == 200
    assert (await sign_in(surroundings, email="guess-4@acme.example")).status == 401
    assert (await sign_in(surroundings)).status == 429


async def test_what_is_counted_tells_neither_account_nor_address(world: World) -> None:
    await sign_in(world)
    await sign_in(world, password="wrong horse battery")
    rows = await world.sql("SELECT * FROM credentials.sign_in_attempts")
    assert len(rows) == 2
    known = await world.sql("SELECT * FROM credentials.known_addresses")
    assert {len(row["pair"]) for row in known} == {32}
    kept = str([dict(row) for row in (*rows, *known)]).lower()
    assert HERE not in kept
    assert "acme" not in kept
    assert {len(row["account"]) for row in rows} == {32}


async def test_sixty_sign_ins_at_once_leave_the_loop_free(world: World) -> None:
    """Argon2id runs in threads: what needs no password is answered meanwhile."""
    guesses = [
        asyncio.create_task(sign_in(world, email=f"guess-{n}@acme.example", address=None)) for n in range(60)
    ]
    await asyncio.sleep(0)
    longest = 0.0
    while not all(guess.done() for guess in guesses):
        began = time.perf_counter()
        assert (await world.call("/internal/jwks", method="GET")).status == 200
        longest = max(longest, time.perf_counter() - began)
    assert {(await guess).status for guess in guesses} == {401}
    # Hashed on the loop, one after the other, they would hold it for seconds.
    assert longest < 1
