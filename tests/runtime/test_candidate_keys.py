"""Sealed candidates: the form, what opens it, and the pool of keys."""

import asyncio
import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from contracts.events.order import Candidate
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey
from runtime.candidate_keys.errors import KeysUnavailable, Unreadable
from runtime.candidate_keys.jwe import RECORD_BYTES, CandidateKey, header_of
from runtime.candidate_keys.person import Person
from runtime.candidate_keys.pool import Allotted, KeyPool

from tests.support.waiting import eventually

ADA = Person(Candidate(id="c-1", email="ada@example.com", first_name="Ada"), {"phone": "1", "ü": [None]})
EXAMPLES = Path(__file__).parents[2] / "libs/contracts/examples"
WRAPPING = ECKey.generate_key("P-256")


@given(st.binary(max_size=200))
def test_what_we_seal_any_jose_library_opens_and_the_other_way_round(plain: bytes) -> None:
    secret, kid = os.urandom(32), str(uuid4())
    ours, theirs = CandidateKey(kid, secret), OctKey.import_key(secret)
    opened = jwe.decrypt_compact(ours.seal(plain), theirs)
    assert opened.plaintext == plain
    assert opened.headers() == {"alg": "dir", "enc": "A256GCM", "kid": kid}
    sealed = jwe.encrypt_compact({"alg": "dir", "enc": "A256GCM", "kid": kid}, plain, theirs)
    assert ours.open(sealed) == plain
    assert header_of(sealed)["kid"] == kid


def test_a_key_seals_the_same_twice_differently() -> None:
    key = CandidateKey("k", os.urandom(32))
    assert key.seal(b"Ada") != key.seal(b"Ada")


@pytest.mark.parametrize("place", range(5))
def test_no_part_of_it_can_be_changed(place: int) -> None:
    key = CandidateKey("k", os.urandom(32))
    parts = key.seal(b"Ada Byron").split(".")
    parts[place] = parts[place][:-2] + ("AA" if parts[place][-2:] != "AA" else "BB")
    with pytest.raises(Unreadable):
        key.open(".".join(parts))


HEADERS = (
    b'{"alg":"dir","enc":"A128GCM","kid":"k"}',
    b'{"alg":"none","enc":"A256GCM","kid":"k"}',
    b'{"alg":"dir","enc":"A256GCM"}',
    b'{"alg":"dir","enc":"A256GCM","kid":5}',
    b"[]",
)


@pytest.mark.parametrize(
    "sealed",
    ["", "a.b.c", "ü....", "....", "e30....", *(f"{urlsafe_b64encode(one).decode()}...." for one in HEADERS)],
)
def test_what_is_no_sealed_candidate_is_refused(sealed: str) -> None:
    with pytest.raises(Unreadable):
        header_of(sealed)


def test_another_key_opens_nothing() -> None:
    sealed = CandidateKey("k", os.urandom(32)).seal(b"Ada")
    with pytest.raises(Unreadable):
        CandidateKey("k", os.urandom(32)).open(sealed)


def test_a_person_comes_back_whole() -> None:
    assert Person.of_plain(ADA.to_plain()) == ADA
    for bad in (b"", b"[]", b'{"email": 5}'):
        with pytest.raises(Unreadable):
            Person.of_plain(bad)


class _Source:
    """Allots keys, or says it is away."""

    def __init__(self) -> None:
        self.away = False
        self.asked: list[int] = []

    async def allot(self, count: int) -> Allotted:
        if self.away:
            raise KeysUnavailable("away")
        self.asked.append(count)
        return Allotted(
            os.urandom(count * RECORD_BYTES),
            {**WRAPPING.as_dict(private=False), "kid": WRAPPING.thumbprint()},
        )


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _pool(source: _Source, clock: _Clock | None = None, size: int = 4) -> KeyPool:
    return KeyPool(source=source, size=size, clock=clock or _Clock(), max_age=100)


def _kids(sealed: Sequence[str]) -> set[str]:
    return {header_of(one)["kid"] for one in sealed}


async def test_each_order_gets_a_key_of_its_own() -> None:
    pool = _pool(_Source())
    await pool.refill()
    assert len(_kids([pool.seal(b"Ada") for _ in range(4)])) == 4


async def test_a_dry_pool_seals_to_the_public_key() -> None:
    source = _Source()
    pool = _pool(source)
    at_first = pool.ready
    with pytest.raises(KeysUnavailable):
        pool.seal(b"Ada")
    await pool.refill()
    source.away = True
    for _ in range(4):
        assert header_of(pool.seal(b"Ada"))["alg"] == "dir"
    assert (at_first, pool.ready) == (False, True)
    sealed = pool.seal(b"Ada")
    assert header_of(sealed)["alg"] == "ECDH-ES"
    assert header_of(sealed)["kid"] == WRAPPING.thumbprint()
    assert jwe.decrypt_compact(sealed, WRAPPING).plaintext == b"Ada"


async def test_it_fills_up_behind_the_orders_and_after_an_outage() -> None:
    source = _Source()
    pool = _pool(source)
    source.away = True
    running = asyncio.create_task(pool.run())
    try:
        await asyncio.sleep(0)
        source.away = False
        await eventually(lambda: len(pool) == 4)
        for _ in range(2):
            pool.seal(b"Ada")
        await eventually(lambda: len(pool) == 4)
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert source.asked == [4, 2]


async def test_old_keys_are_dropped_for_credentials_forgets_those_never_bound() -> None:
    source, clock = _Source(), _Clock()
    pool = _pool(source, clock)
    await pool.refill()
    clock.now = 101
    await pool.refill()
    assert source.asked == [4, 4]
    clock.now, source.away = 202, True
    with pytest.raises(KeysUnavailable):
        await pool.refill()
    assert header_of(pool.seal(b"Ada"))["alg"] == "ECDH-ES"


@pytest.mark.parametrize("event", ["order.placed", "assessment.requested"])
def test_the_published_examples_open_with_the_published_key(event: str) -> None:
    """The key of the examples is the bytes 0 to 31."""
    value = json.loads((EXAMPLES / event / "1/sealed.json").read_text())["value"]
    plain = json.loads((EXAMPLES / event / "1/standard.json").read_text())["value"]
    sealed = value.pop("candidate")
    key = CandidateKey(header_of(sealed["sealed"])["kid"], bytes(range(32)))
    person = Person.of_plain(key.open(sealed["sealed"]))
    assert sealed.keys() == {"sealed"}
    assert {**value, "candidate": person.candidate.model_dump(exclude_none=True)} == plain
