"""Candidate keys over the real service: allotted, bound, erased; and those who come after the erasure."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from contracts.events.order import Candidate
from credentials.storage.candidate_keys import KEPT, PostgresCandidateKeys
from pydantic import SecretStr
from runtime import database
from runtime.candidate_keys.client import Binding, CandidateKeys, Subject
from runtime.candidate_keys.errors import Erased, KeysUnavailable, UnknownKey, Unreadable
from runtime.candidate_keys.jwe import KEY_BYTES, CandidateKey
from runtime.candidate_keys.person import Person
from runtime.candidate_keys.pool import KeyPool

from tests.credentials.support.world import INTERNAL_TOKEN, World

ADA = Person(Candidate(id="c-1", email="Ada@Example.com", first_name="Ada"))
PATH = "/internal/candidate-keys"


@pytest.fixture
async def keys(world: World) -> AsyncIterator[CandidateKeys]:
    """A service's view of them."""
    async with aiohttp.ClientSession() as session:
        yield CandidateKeys(
            session=session, credentials_url=world.replicas[0].url, token=SecretStr(INTERNAL_TOKEN)
        )


async def sealed(keys: CandidateKeys, person: Person = ADA) -> tuple[str, str]:
    """A person sealed with a fresh key: its id, and the JWE."""
    (key,) = map(CandidateKey.of_record, (await keys.allot(1)).apart())
    return key.id, key.seal(person.to_plain())


def binding(key_id: str, order_id: str = "o-1", **changes: Any) -> Binding:
    given = {"company_id": "acme", "candidate_id": "c-1", "email": "ada@example.com"}
    return Binding(key_id, order_id=order_id, **{"received_at": datetime.now(UTC), **given, **changes})


async def test_a_key_opens_until_its_candidate_is_erased(keys: CandidateKeys) -> None:
    key_id, token = await sealed(keys)
    await keys.bind(binding(key_id))
    person, key = await keys.open(token)
    assert person == ADA
    assert key is not None
    assert key.id == key_id
    assert await keys.erase(Subject("acme", candidate_id="c-1")) == (1, ["o-1"])
    with pytest.raises(Erased):
        await keys.open(token)
    # Again: nothing is left to destroy, and the orders are named still, so that the rest can go on.
    assert await keys.erase(Subject("acme", candidate_id="c-1")) == (0, ["o-1"])


@pytest.mark.parametrize(
    "who", [{"email": " ADA@example.COM "}, {"order_ids": ("o-1",)}, {"candidate_id": "c-1"}], ids=str
)
async def test_whom_one_asks_for_is_found_in_that_company_alone(
    keys: CandidateKeys, who: dict[str, Any]
) -> None:
    ours, theirs = await sealed(keys), await sealed(keys)
    await keys.bind(binding(ours[0]))
    await keys.bind(binding(theirs[0], company_id="globex"))
    assert await keys.orders(Subject("acme", **who)) == ["o-1"]
    assert await keys.erase(Subject("acme", **who)) == (1, ["o-1"])
    assert (await keys.open(theirs[1]))[0] == ADA


async def test_a_candidates_inline_orders_go_by_the_address_and_another_candidates_stay(
    keys: CandidateKeys,
) -> None:
    standard, inline, colleague = [(await sealed(keys))[0] for _ in range(3)]
    await keys.bind(binding(standard, "o-1"))
    await keys.bind(binding(inline, "o-2", candidate_id=None))
    await keys.bind(binding(colleague, "o-3", candidate_id="c-2"))  # an agency's address
    assert await keys.erase(Subject("acme", candidate_id="c-1")) == (2, ["o-1", "o-2"])
    late = (await sealed(keys))[0]
    with pytest.raises(Erased):
        await keys.bind(binding(late, "o-4", candidate_id=None, received_at=_ago(1)))
    assert await keys.erase(Subject("acme", email="ada@example.com")) == (1, ["o-1", "o-2", "o-3", "o-4"])


@pytest.mark.parametrize(
    "who", [{"candidate_id": "c-1"}, {"email": "ada@example.com"}, {"order_ids": ("o-1",)}], ids=str
)
async def test_an_order_that_is_read_after_the_erasure_is_erased_at_once(
    keys: CandidateKeys, who: dict[str, Any]
) -> None:
    key_id, token = await sealed(keys)
    received_at = datetime.now(UTC)
    assert await keys.erase(Subject("acme", **who)) == (0, [])
    with pytest.raises(Erased):
        await keys.bind(binding(key_id, received_at=received_at))
    with pytest.raises(Erased):
        await keys.open(token)


async def test_who_applies_anew_after_the_erasure_is_not_erased(keys: CandidateKeys) -> None:
    await keys.erase(Subject("acme", candidate_id="c-1"))
    key_id, token = await sealed(keys)
    await keys.bind(binding(key_id, received_at=datetime.now(UTC) + timedelta(seconds=1)))
    assert (await keys.open(token))[0] == ADA


async def test_bindings_and_erasures_at_the_same_time_leave_no_key(keys: CandidateKeys) -> None:
    fresh = [CandidateKey.of_record(record) for record in (await keys.allot(40)).apart()]
    received_at = datetime.now(UTC)

    async def bind(key: CandidateKey, number: int) -> None:
        with suppress(Erased):
            await keys.bind(binding(key.id, f"o-{number}", received_at=received_at))

    work = [bind(key, number) for number, key in enumerate(fresh)]
    await asyncio.gather(*work[:20], keys.erase(Subject("acme", candidate_id="c-1")), *work[20:])
    for key in fresh:
        with pytest.raises(Erased):
            await keys.open(key.seal(b"{}"))


async def test_a_key_is_one_orders_for_ever(keys: CandidateKeys) -> None:
    key_id, _ = await sealed(keys)
    await keys.bind(binding(key_id))
    await keys.bind(binding(key_id, "o-9", company_id="globex", candidate_id="c-9"))
    assert await keys.orders(Subject("globex", candidate_id="c-9")) == []
    assert await keys.orders(Subject("acme", candidate_id="c-1")) == ["o-1"]


async def test_what_was_never_allotted_is_unknown_and_not_erased(keys: CandidateKeys) -> None:
    with pytest.raises(UnknownKey):
        await keys.open(CandidateKey(str(uuid4()), b"k" * 32).seal(b"{}"))


async def test_an_order_sealed_to_the_public_key_is_opened(keys: CandidateKeys) -> None:
    pool = KeyPool(source=keys, size=1, clock=lambda: 0.0)
    await pool.refill()
    pool.seal(b"{}")
    token = pool.seal(ADA.to_plain())
    assert await keys.open(token) == (ADA, None)
    head, _, rest = token.partition("..")
    with pytest.raises(Unreadable):
        await keys.open(f"{head}..A{rest[1:]}" if rest[0] != "A" else f"{head}..B{rest[1:]}")


async def test_nothing_of_a_person_is_in_the_tables_and_no_key_in_the_clear(
    world: World, keys: CandidateKeys
) -> None:
    record = base64.b64decode((await world.call(f"{PATH}/allot", {"count": 1})).body["keys"])
    await keys.bind(binding(CandidateKey.of_record(record).id, candidate_id="candidate-of-acme"))
    await keys.erase(Subject("acme", email="nobody@example.com"))
    rows = [
        str(row)
        for table in ("candidate_keys", "candidate_erasures", "wrapping_keys")
        for row in await world.sql(f"SELECT t::text FROM credentials.{table} t")  # noqa: S608 - names above
    ]
    assert len(rows) == 3
    secret = record[-KEY_BYTES:].hex()
    assert [
        mark for mark in ("candidate-of-acme", "ada@", "nobody", secret) if any(mark in row for row in rows)
    ] == []


async def test_a_key_moved_to_another_row_does_not_open(
    world: World, keys: CandidateKeys, expected_errors: Any
) -> None:
    one, two = await sealed(keys), await sealed(keys)
    await world.sql(
        "UPDATE credentials.candidate_keys SET sealed = (SELECT sealed FROM credentials.candidate_keys"
        " WHERE id = $1) WHERE id = $2",
        UUID(one[0]),
        UUID(two[0]),
    )
    with pytest.raises(KeysUnavailable):
        await keys.open(two[1])
    assert (await keys.open(one[1]))[0] == ADA
    assert expected_errors is not None


async def test_keys_nobody_used_and_traces_of_erasures_go_in_time(world: World, keys: CandidateKeys) -> None:
    used, erased = await sealed(keys), await sealed(keys)
    await sealed(keys)
    await keys.bind(binding(used[0]))
    await keys.bind(binding(erased[0], "o-2", candidate_id="c-2", email=None))
    await keys.erase(Subject("acme", candidate_id="c-2"))
    async with database.pool(world.database_url, max_size=1) as pool:
        for days in (-1, 1):
            await PostgresCandidateKeys(pool).tidy(datetime.now(UTC) + KEPT + timedelta(days=days))
            left = await world.sql("SELECT id FROM credentials.candidate_keys")
            assert len(left) == (3 if days < 0 else 1)
    assert (await keys.open(used[1]))[0] == ADA
    assert await world.sql("SELECT 1 FROM credentials.candidate_erasures") == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("allot", {"count": 0}),
        ("allot", {"count": 5001}),
        ("find", {"ids": ["x"]}),
        ("bind", {"bindings": [{}]}),
        ("erase", {"candidate_id": "c-1"}),
        ("unwrap", {}),
    ],
)
async def test_a_bad_body_is_400(world: World, path: str, body: Any) -> None:
    assert (await world.call(f"{PATH}/{path}", body)).status == 400
    assert (await world.call(f"{PATH}/{path}", body, token=None)).status == 401


def _ago(seconds: float) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)
