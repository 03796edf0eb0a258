"""How often one may ask at the token endpoint: guesses end, and lock nobody else out."""

import asyncio
import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from gateway.domain.rates import Rates
from gateway.domain.token_requests import read_token_request
from gateway.errors import TokenRequestRefused, TooManyTokenRequests
from gateway.service.token_limits import TokenLimits
from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.support.world import World, fresh_world
from tests.support.clock import ManualClock

GUESSER, SR = "198.51.100.9", "203.0.113.7"


@given(st.integers(1, 600), st.lists(st.floats(0, 30), max_size=40))
def test_no_minute_has_more_than_twice_its_share(per_minute: int, pauses: list[float]) -> None:
    rates: Rates[str] = Rates(per_minute=per_minute)
    now, taken = 0.0, []
    for pause in pauses:
        now += pause
        if wait := rates.wait("k", now):
            assert rates.wait("k", now + wait + 1e-6) == 0
        else:
            rates.take("k", now)
            taken.append(now)
    for began in taken:
        assert sum(began <= one < began + 60 for one in taken) <= 2 * per_minute


@pytest.mark.parametrize("length", [256, 257, 500_000])
def test_an_id_that_is_counted_has_an_end(length: int) -> None:
    form = urlencode({"grant_type": "client_credentials", "client_id": "c" * length, "client_secret": "s"})
    pair = base64.b64encode(b"c" * length + b":s").decode()
    asked = [(form, None), ("grant_type=client_credentials", f"Basic {pair}")]
    for body, authorization in asked:
        kind = "application/x-www-form-urlencoded"
        if length <= 256:
            assert read_token_request(kind, body.encode(), authorization).client_id == "c" * length
            continue
        with pytest.raises(TokenRequestRefused) as refused:
            read_token_request(kind, body.encode(), authorization)
        assert (refused.value.status, refused.value.error) == (401, "invalid_client")


def test_a_minutes_worth_at_once_then_one_at_a_time() -> None:
    rates: Rates[str] = Rates(per_minute=3, remembered=2)
    for _ in range(3):
        assert rates.wait("k", 0.0) == 0
        rates.take("k", 0.0)
    assert rates.wait("k", 0.0) == pytest.approx(20)
    rates.give_back("k")
    assert rates.wait("k", 0.0) == 0
    rates.take("k", 0.0)
    rates.take("other", 0.0)
    assert rates.wait("k", 0.0) == pytest.approx(20)
    rates.take("third", 0.0)
    assert rates.wait("k", 0.0) == 0, "forgotten: the memory is bounded"


class Endpoint:
    """The limits, with a client whose secret is `right`."""

    def __init__(self, **changes: int) -> None:
        self.clock = ManualClock()
        given = {"requests": 10, "failures": 3, "failures_per_address": 6} | changes
        self.limits = TokenLimits(**given, clock=self.clock.monotonic)

    def ask(self, client_id: str, address: str, secret: str) -> str:
        try:
            with self.limits.admit(client_id, address):
                check(secret)
        except TooManyTokenRequests as refused:
            return "too many" if refused.retry_after > 0 else "too many, for no time"
        except TokenRequestRefused:
            return "refused"
        return "given"


def check(secret: str) -> None:
    if secret != "right":
        raise TokenRequestRefused(401, "invalid_client", "")


def test_guesses_at_a_client_end_and_its_owner_elsewhere_goes_on() -> None:
    endpoint = Endpoint()
    assert [endpoint.ask("acme", GUESSER, "guess") for _ in range(4)] == ["refused"] * 3 + ["too many"]
    assert [endpoint.ask("acme", SR, "right") for _ in range(5)] == ["given"] * 5
    endpoint.clock.advance(20.1)
    assert [endpoint.ask("acme", GUESSER, "guess") for _ in range(2)] == ["refused", "too many"]


def test_many_clients_from_one_address_end_too() -> None:
    endpoint = Endpoint()
    answers = [endpoint.ask(f"client-{number}", GUESSER, "guess") for number in range(8)]
    assert answers == ["refused"] * 6 + ["too many"] * 2
    assert endpoint.ask("client-0", SR, "right") == "given"


def test_one_companys_stale_secret_stops_no_other_company_at_the_same_address() -> None:
    """SmartRecruiters calls for all companies from the same addresses."""
    endpoint = Endpoint()
    assert endpoint.ask("globex", SR, "right") == "given"
    for number in range(20):
        endpoint.ask(f"stale-{number}", SR, "old")
    assert endpoint.ask("initech", SR, "right") == "too many", "never seen here, at an address that guesses"
    assert [endpoint.ask("globex", SR, "right") for _ in range(5)] == ["given"] * 5
    endpoint.clock.advance(10.1)
    assert endpoint.ask("initech", SR, "right") == "given"


def test_a_client_whose_secret_has_ended_is_a_guesser() -> None:
    endpoint = Endpoint()
    assert endpoint.ask("acme", SR, "right") == "given"
    assert [endpoint.ask("acme", SR, "old") for _ in range(4)] == ["refused"] * 3 + ["too many"]


def test_a_right_client_has_its_own_rate() -> None:
    endpoint = Endpoint()
    assert [endpoint.ask("acme", SR, "right") for _ in range(12)] == ["given"] * 10 + ["too many"] * 2
    assert endpoint.ask("globex", SR, "right") == "given"
    endpoint.clock.advance(6.1)
    assert endpoint.ask("acme", SR, "right") == "given"


def test_an_answer_that_did_not_come_counts_for_nothing() -> None:
    endpoint = Endpoint(failures=1)
    for _ in range(3):
        with pytest.raises(ConnectionError), endpoint.limits.admit("acme", SR):
            raise ConnectionError
    assert endpoint.ask("acme", SR, "right") == "given"


async def ask(
    world: World, path: str, form: dict[str, str], **headers: str
) -> tuple[int, Any, dict[str, str]]:
    async with world.session.post(world.url + path, data=form, headers=headers) as response:
        return response.status, await response.json(), dict(response.headers)


async def test_guesses_over_http(kafka: str, postgres_url: str, topic_prefix: str) -> None:
    changes = {
        "gateway_token_failures_per_minute": 5,
        "gateway_token_failures_per_address": 20,
        "gateway_trusted_proxies": "127.0.0.1",
    }
    async with fresh_world(kafka=kafka, postgres_url=postgres_url, prefix=topic_prefix, **changes) as world:
        guess = {"grant_type": "client_credentials", "client_id": "client-acme", "client_secret": "guess"}
        right = guess | {"client_secret": "secret of acme+%"}
        at_once = [ask(world, "/oauth/token", guess, **{"X-Forwarded-For": GUESSER}) for _ in range(40)]
        answers = await asyncio.gather(*at_once)
        assert sorted({status for status, _, _ in answers}) == [401, 429]
        assert sum(status == 401 for status, _, _ in answers) == world.credentials.token_calls == 5
        _, body, headers = next(answer for answer in answers if answer[0] == 429)
        assert set(body) == {"error", "error_description"}
        assert body["error"] == "temporarily_unavailable"
        assert 1 <= int(headers["Retry-After"]) <= 12
        assert headers["Cache-Control"] == "no-store"
        status, _, _ = await ask(
            world, "/oauth/revoke", guess | {"token": "t"}, **{"X-Forwarded-For": GUESSER}
        )
        assert status == 429, "the same guesses at another door"
        for _ in range(3):
            status, _, _ = await ask(world, "/oauth/token", right, **{"X-Forwarded-For": SR})
            assert status == 200


async def test_giving_a_token_up(shared_world: World) -> None:
    world = shared_world
    client = {"client_id": "client-acme", "client_secret": "secret of acme+%"}
    hinted = client | {"token": "a.b.c", "token_type_hint": "refresh_token"}
    status, body, headers = await ask(world, "/oauth/revoke", hinted)
    assert (status, body, headers["Cache-Control"]) == (200, {}, "no-store")
    basic = base64.b64encode(b"client-acme:secret+of+acme%2B%25").decode()
    status, _, _ = await ask(world, "/oauth/revoke", {"token": "d"}, Authorization=f"Basic {basic}")
    assert status == 200
    assert world.credentials.revoked == ["a.b.c", "d"]
    for form, expected in (
        (client, (400, "invalid_request")),
        (client | {"token": "x", "client_secret": "wrong"}, (401, "invalid_client")),
        ({"token": "x"}, (401, "invalid_client")),
    ):
        status, body, _ = await ask(world, "/oauth/revoke", form)
        assert (status, body["error"]) == expected
    assert world.credentials.revoked == ["a.b.c", "d"]
