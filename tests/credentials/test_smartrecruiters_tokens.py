"""Tokens SmartRecruiters gives us: the master's and the customers'."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from contracts.smartrecruiters import TokenAnswer
from credentials.errors import (
    MasterCredentialRefused,
    SmartRecruitersError,
    SmartRecruitersUnavailable,
    TokenRejected,
)
from credentials.http.client import smartrecruiters
from credentials.service.smartrecruiters_tokens import MasterTokens
from credentials.service.token_cache import TokenCache
from pydantic import SecretStr
from runtime.fencing import Fence
from sandbox.domain.seed import new_company

from tests.credentials.support.world import MASTER_ID, MASTER_SECRET, World
from tests.support.clock import ManualClock
from tests.support.waiting import eventually

PATH = "/internal/companies/acme/smartrecruiters-token"


def answering(*lifetimes: int) -> tuple[Callable[[], Awaitable[TokenAnswer]], list[int]]:
    """A token endpoint: token-1, token-2…; the list shows how often it was asked."""
    asked: list[int] = []

    async def fetch() -> TokenAnswer:
        asked.append(len(asked) + 1)
        await asyncio.sleep(0)
        lifetime = lifetimes[min(len(asked), len(lifetimes)) - 1]
        if not lifetime:
            raise SmartRecruitersUnavailable
        return TokenAnswer(access_token=SecretStr(f"token-{len(asked)}"), expires_in=lifetime)

    return fetch, asked


async def test_one_fetch_serves_all_who_ask() -> None:
    cache: TokenCache[str] = TokenCache(ManualClock().monotonic)
    fetch, asked = answering(600)
    held = await asyncio.gather(*(cache.get("k", fetch) for _ in range(50)))
    assert {one.value.get_secret_value() for one in held} == {"token-1"}
    assert asked == [1]


async def test_a_token_is_renewed_before_it_runs_out() -> None:
    clock = ManualClock()
    cache: TokenCache[str] = TokenCache(clock.monotonic)
    fetch, asked = answering(1000)
    assert cache.seconds_left(await cache.get("k", fetch)) == 1000
    clock.advance(939)
    await cache.get("k", fetch)
    assert asked == [1]
    clock.advance(1)
    assert (await cache.get("k", fetch)).value.get_secret_value() == "token-2"


async def test_while_smartrecruiters_is_away_a_living_token_goes_on() -> None:
    clock = ManualClock()
    cache: TokenCache[str] = TokenCache(clock.monotonic)
    fetch, _ = answering(100, 0)
    await cache.get("k", fetch)
    clock.advance(95)
    assert (await cache.get("k", fetch)).value.get_secret_value() == "token-1"
    clock.advance(5)
    with pytest.raises(SmartRecruitersUnavailable):
        await cache.get("k", fetch)


async def test_a_failure_goes_to_all_who_wait_and_is_not_kept() -> None:
    cache: TokenCache[str] = TokenCache(ManualClock().monotonic)
    fetch, asked = answering(0, 100)
    failed = await asyncio.gather(*(cache.get("k", fetch) for _ in range(5)), return_exceptions=True)
    assert {type(one) for one in failed} == {SmartRecruitersUnavailable}
    assert (await cache.get("k", fetch)).value.get_secret_value() == "token-2"
    assert asked == [1, 2]


async def test_a_waiter_that_gives_up_does_not_take_the_token_from_the_others() -> None:
    cache: TokenCache[str] = TokenCache(ManualClock().monotonic)
    fetch, asked = answering(600)
    waiting = [asyncio.create_task(cache.get("k", fetch)) for _ in range(2)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    assert (await waiting[1]).value.get_secret_value() == "token-1"
    assert asked == [1]


async def test_only_the_named_token_is_dropped() -> None:
    cache: TokenCache[str] = TokenCache(ManualClock().monotonic)
    fetch, asked = answering(600)
    held = await cache.get("k", fetch)
    cache.drop("k", "of another one")
    await cache.get("k", fetch)
    assert asked == [1]
    cache.drop("k", held.digest)
    await cache.get("k", fetch)
    assert asked == [1, 2]


async def test_closing_ends_what_is_being_fetched() -> None:
    cache: TokenCache[str] = TokenCache(ManualClock().monotonic)

    async def never() -> TokenAnswer:
        await asyncio.Event().wait()
        raise AssertionError

    waiting = asyncio.create_task(cache.get("k", never))
    await asyncio.sleep(0)
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_fifty_calls_need_one_master_token_and_a_401_brings_a_new_one(surroundings: World) -> None:
    async with smartrecruiters(
        surroundings.sandbox_url, fence=Fence.only(surroundings.sandbox_url), timeout_seconds=5
    ) as client:
        master = MasterTokens(
            smartrecruiters=client,
            client_id=MASTER_ID,
            secret=lambda: SecretStr(MASTER_SECRET),
            clock=asyncio.get_running_loop().time,
        )
        held = await asyncio.gather(*(master.call(client.get_configuration) for _ in range(50)))
        assert all(held)
        assert len(surroundings.calls("token")) == 1
        surroundings.fault("configuration_get", "status", status=401, times=1)
        assert await master.call(client.get_configuration) is not None
        assert len(surroundings.calls("token")) == 2
        surroundings.fault("configuration_get", "status", status=401)
        with pytest.raises(TokenRejected):
            await master.call(client.get_configuration)
        assert len(surroundings.calls("token")) == 3
        await master.close()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 400}, MasterCredentialRefused),
        ({"kind": "status", "status": 401}, MasterCredentialRefused),
        ({"kind": "status", "status": 404}, MasterCredentialRefused),
        ({"kind": "status", "status": 500}, SmartRecruitersUnavailable),
        ({"kind": "drop"}, SmartRecruitersUnavailable),
        ({"kind": "status", "status": 451}, SmartRecruitersError),
    ],
)
async def test_what_the_token_endpoints_answers_mean(
    surroundings: World, fault: dict[str, object], error: type[SmartRecruitersError]
) -> None:
    surroundings.fault("token", **fault)  # type: ignore[arg-type] # the table's values are the fault's own
    async with smartrecruiters(
        surroundings.sandbox_url, fence=Fence.only(surroundings.sandbox_url), timeout_seconds=5
    ) as client:
        master = MasterTokens(
            smartrecruiters=client,
            client_id=MASTER_ID,
            secret=lambda: SecretStr(MASTER_SECRET),
            clock=lambda: 0.0,
        )
        with pytest.raises(error) as raised:
            await master.call(client.get_configuration)
    assert MASTER_SECRET not in repr(raised.value)


async def test_nobody_at_the_address_is_smartrecruiters_being_away() -> None:
    async with smartrecruiters("http://127.0.0.1:1", fence=Fence(["127.0.0.1"]), timeout_seconds=5) as client:
        with pytest.raises(SmartRecruitersUnavailable, match="ConnectError"):
            await client.token("a", SecretStr("b"))


async def test_customer_tokens_are_kept_until_they_are_rejected(world: World) -> None:
    await world.connect()
    fetched = len(world.calls("token"))
    answers = await asyncio.gather(*(world.call(PATH) for _ in range(20)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["access_token"] for answer in answers}) == 1
    assert len(world.calls("token")) == fetched + 1
    token = answers[0].body["access_token"]
    assert 0 < answers[0].body["expires_in"] <= 1800
    assert answers[0].headers["Cache-Control"] == "no-store"
    digest = hashlib.sha256(token.encode()).hexdigest()
    renewed = await world.call(PATH, {"rejected": digest})
    assert renewed.body["access_token"] != token
    again = await world.call(PATH, {"rejected": digest})
    assert again.body["access_token"] == renewed.body["access_token"]
    assert len(world.calls("token")) == fetched + 2


async def test_a_company_that_never_connected(world: World) -> None:
    for company in ("acme", "a%2Fb"):
        answer = await world.call(f"/internal/companies/{company}/smartrecruiters-token")
        assert (answer.status, answer.body["code"]) == (404, "not_connected")
    assert (await world.call(PATH, {"rejected": "no digest"})).status == 400


async def test_a_disable_on_one_replica_counts_on_the_other(world: World) -> None:
    await world.start()
    await world.connect()
    assert (await world.call(PATH, replica=1)).status == 200
    await world.call("/internal/companies/acme/disable", replica=0)
    assert (await world.call(PATH, replica=1)).body["code"] == "disabled"


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "customer_credential_refused"), (503, "smartrecruiters_unavailable")],
)
async def test_a_customers_token_that_cannot_be_had(world: World, status: int, code: str) -> None:
    await world.connect()
    world.fault("token", "status", status=status)
    answer = await world.call(PATH)
    assert (answer.status, answer.body["code"]) == (502, code)


async def test_one_companys_hanging_token_does_not_hold_up_another(world: World) -> None:
    await world.connect("acme")
    await world.connect("globex")
    world.fault("token", "hang", seconds=5, times=1)
    hanging = asyncio.create_task(world.call(PATH))
    try:
        await eventually(lambda: not world.sandbox.faults.listed())  # taken by acme's
        async with asyncio.timeout(4):
            await asyncio.gather(
                *(world.call("/internal/companies/globex/smartrecruiters-token") for _ in range(2))
            )
    finally:
        world.sandbox.faults.replace([])
        await hanging


async def test_the_master_secret_is_changed_without_a_failed_connect(
    surroundings: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """SmartRecruiters takes both for a while; then the old one ends, and its tokens with it."""
    world, file = surroundings, tmp_path / "secret"
    file.write_text(MASTER_SECRET)
    monkeypatch.setenv("MASTER_CLIENT_SECRET_FILE", str(file))
    await world.start()
    await world.add_user()
    clients = world.sandbox.clients
    one_alone, both = clients.authenticate, {MASTER_SECRET, "the-new-secret"}
    monkeypatch.setattr(
        clients,
        "authenticate",
        lambda name, secret: one_alone(
            name, MASTER_SECRET if name == MASTER_ID and secret in both else secret
        ),
    )
    stop = asyncio.Event()

    async def connects(place: int) -> int:
        count = 0
        while not stop.is_set():
            company_id = f"company-{place}-{count}"
            world.sandbox.companies[company_id] = new_company(company_id, company_id, consented=True)
            await world.connect(company_id)
            count += 1
        return count

    going = [asyncio.create_task(connects(place)) for place in range(3)]
    await eventually(lambda: len(world.calls("integration")) >= 3)
    file.write_text("the-new-secret")
    both.discard(MASTER_SECRET)
    clients._tokens.clear()
    before = len(world.calls("integration"))
    await eventually(lambda: len(world.calls("integration")) >= before + 6)
    stop.set()
    assert min(await asyncio.gather(*going)) >= 1
