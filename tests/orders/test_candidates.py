"""Candidates' data in orders: sealed everywhere, opened for engines, erased, exported, outlived."""

from uuid import uuid4

import asyncpg
import pytest
from contracts.events.order import Candidate
from joserfc import jwe
from runtime.candidate_keys.jwe import CandidateKey

from tests.orders.support import events
from tests.orders.support.bench import ENGINE_TOKEN, TOKEN, Bench, Servers
from tests.orders.support.people import ABOUT_ADA, ADA, ERASE, MARKS, OPEN, sealed
from tests.orders.support.service import Service
from tests.orders.support.smartrecruiters import SmartRecruiters
from tests.support import guards
from tests.support.waiting import eventually


async def rows(servers: Servers) -> str:
    connection = await asyncpg.connect(servers.database_url)
    try:
        tables = ("orders", "timeline", "enrichments", "outbox", "inbox", "companies")
        texts = [
            # bytea as text is hexadecimal: what stands in it is to be seen, too.
            await connection.fetchval(f"SELECT string_agg(t::text, ' ') FROM orders.{name} t")  # noqa: S608
            for name in tables
        ]
        works = await connection.fetch("SELECT work FROM orders.enrichments")
        return str(texts) + "".join(row["work"].decode() for row in works)
    finally:
        await connection.close()


async def test_nothing_of_a_candidate_is_written_in_the_clear_at_any_time(
    service: Service, bench: Bench, servers: Servers, world: SmartRecruiters
) -> None:
    world.answers["acme", "job"] = [503]
    await bench.say(sealed(world, "o-1"))
    await bench.say(events.placed("o-2"))  # a gateway of the release before: in the clear
    await eventually(lambda: world.asked("acme", "job") >= 4)
    assert [mark for mark in MARKS if mark in await rows(servers)] == []
    world.answers["acme", "job"] = [200]
    requests = [await bench.requested(order_id) for order_id in ("o-1", "o-2")]
    assert [mark for mark in MARKS if mark in await rows(servers)] == []
    for request in requests:
        assert request.candidate.model_dump(exclude_none=True).keys() == {"sealed"}
        person = world.candidate_keys.opened(request.candidate.sealed)
        assert (person.candidate.first_name, person.candidate.last_name) == ("Ada", "Byron")
    assert world.candidate_keys.opened(requests[0].candidate.sealed).unknown_fields == {
        "phone": "+44 555 0199"
    }


@pytest.mark.parametrize("changes", [{"orders_enrichment_give_up": 1.5}])
async def test_credentials_knows_whose_key_it_is_before_the_engine_is_asked(
    service: Service, bench: Bench, world: SmartRecruiters, logs: guards.Lines
) -> None:
    key = world.candidate_keys.key()
    world.candidate_keys.away = True
    await bench.say(sealed(world, "o-1", key))
    await service.post(OPEN, {"sealed": key.seal(b"{}")}, 503, token=ENGINE_TOKEN)
    await eventually(lambda: any(line["event"] == "enrichment waits for keys" for line in logs))
    assert (await service.order("o-1"))["state"] == "placed"
    assert bench.requests == []
    world.candidate_keys.away = False
    request = await bench.requested("o-1")
    assert request.missing == (), "waiting for keys took nothing off the patience with SmartRecruiters"
    bound = world.candidate_keys.bound[key.id]
    assert (bound["order_id"], bound["candidate_id"], bound["email"]) == ("o-1", "cand-1", "ada@example.com")


async def test_an_order_sealed_to_the_public_key_gets_a_key_of_its_own(
    service: Service, bench: Bench, world: SmartRecruiters
) -> None:
    wrapping = world.candidate_keys.wrapping_key
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": wrapping.thumbprint()}
    token = jwe.encrypt_compact(header, ADA.to_plain(), wrapping)
    await bench.say(events.placed("o-1", candidate=Candidate(sealed=token)))
    request = await bench.requested("o-1")
    (key_id,) = world.candidate_keys.bound
    assert world.candidate_keys.opened(request.candidate.sealed).candidate.id == "cand-1"
    world.candidate_keys.keys[key_id] = None
    with pytest.raises(AssertionError, match="erased"):
        world.candidate_keys.opened(request.candidate.sealed)


async def test_a_repeats_own_key_is_bound_too(service: Service, bench: Bench, world: SmartRecruiters) -> None:
    first, second = world.candidate_keys.key(), world.candidate_keys.key()
    await bench.say(sealed(world, "o-1", first))
    await bench.requested("o-1")
    await bench.say(sealed(world, "o-1", second))
    await eventually(lambda: {first.id, second.id} <= world.candidate_keys.bound.keys())
    await service.later("o-2")
    assert [one.subject for one in bench.requests] == ["o-1", "o-2"]


async def test_an_engine_opens_a_candidate_until_the_erasure(
    service: Service, world: SmartRecruiters
) -> None:
    (request,) = await service.asked("o-1")
    body = {"sealed": request.candidate.sealed}
    assert await service.post(OPEN, body, token=ENGINE_TOKEN) == {
        "id": "cand-1",
        "email": "ada@example.com",
        "first_name": "Ada",
        "last_name": "Byron",
    }
    for token in ("", TOKEN, "x"):
        await service.post(OPEN, body, 401, token=token)
    await service.post(ERASE, ABOUT_ADA, 401, token=ENGINE_TOKEN)
    await service.post(OPEN, {"sealed": "x"}, 400, token=ENGINE_TOKEN)
    await service.post(OPEN, {"sealed": 5}, 400, token=ENGINE_TOKEN)
    strange = CandidateKey(str(uuid4()), b"k" * 32).seal(b"{}")
    await service.post(OPEN, {"sealed": strange}, 404, token=ENGINE_TOKEN)
    world.candidate_keys.away = True
    await service.post(OPEN, body, 503, token=ENGINE_TOKEN)
    world.candidate_keys.away = False
    await service.post(ERASE, ABOUT_ADA)
    await service.post(OPEN, body, 410, token=ENGINE_TOKEN)


@pytest.mark.parametrize("changes", [{"engine_api_token": None}])
async def test_without_a_token_set_no_engine_opens_anything(service: Service) -> None:
    await service.post(OPEN, {"sealed": "x"}, 401, token="")
