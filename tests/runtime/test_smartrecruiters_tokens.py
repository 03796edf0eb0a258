import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr
from runtime.http.server import serving
from runtime.smartrecruiters_tokens import CustomerTokens, IntegrationDisabled, NotConnected, TokenUnavailable

from tests.support.clock import ManualClock
from tests.support.ports import free_port
from tests.support.waiting import eventually


class Credentials:
    """The one call of the credentials service that is asked here, with its answers counted."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.hold = asyncio.Event()
        self.hold.set()

    async def answer(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer t0ken"
        assert request.headers["traceparent"].startswith("00-")
        self.asked.append(await request.json())
        await self.hold.wait()
        match request.match_info["company"]:
            case "unknown":
                return web.json_response({"code": "not_connected"}, status=404)
            case "disabled":
                return web.json_response({"code": "disabled"}, status=409)
            case "down":
                return web.json_response({"code": "smartrecruiters_unavailable"}, status=502)
            case "odd":
                return web.Response(text="<html>")
            case company:
                return web.json_response({"access_token": f"{company}-{len(self.asked)}", "expires_in": 600})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def credentials() -> Credentials:
    return Credentials()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as one:
        yield one


@pytest.fixture
async def tokens(
    credentials: Credentials, clock: ManualClock, session: aiohttp.ClientSession
) -> AsyncIterator[CustomerTokens]:
    app = web.Application()
    app.router.add_post("/internal/companies/{company}/smartrecruiters-token", credentials.answer)
    async with serving(app, "127.0.0.1", 0, name="credentials") as port:
        yield CustomerTokens(
            session=session,
            credentials_url=f"http://127.0.0.1:{port}/",
            internal_token=SecretStr("t0ken"),
            clock=clock.monotonic,
        )


async def test_many_at_once_ask_once(tokens: CustomerTokens, credentials: Credentials) -> None:
    assert set(await asyncio.gather(*(tokens.get("acme") for _ in range(20)))) == {"acme-1"}
    assert len(credentials.asked) == 1


async def test_one_that_gives_up_takes_it_from_no_other(
    tokens: CustomerTokens, credentials: Credentials
) -> None:
    credentials.hold.clear()
    impatient, patient = (asyncio.create_task(tokens.get("acme")) for _ in range(2))
    await eventually(lambda: credentials.asked)
    impatient.cancel()
    credentials.hold.set()
    assert await patient == "acme-1"
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_a_token_is_kept_until_shortly_before_its_end(
    tokens: CustomerTokens, clock: ManualClock
) -> None:
    assert await tokens.get("acme") == "acme-1"
    clock.advance(569)
    assert await tokens.get("acme") == "acme-1"
    clock.advance(2)
    assert await tokens.get("acme") == "acme-2"


async def test_a_rejected_token_is_told_of_and_replaced(
    tokens: CustomerTokens, credentials: Credentials
) -> None:
    token = await tokens.get("acme")
    tokens.rejected("acme", token)
    assert await tokens.get("acme") == "acme-2"
    assert credentials.asked == [{}, {"rejected": hashlib.sha256(token.encode()).hexdigest()}]
    tokens.rejected("acme", token)  # a late answer to the old one
    assert await tokens.get("acme") == "acme-2"
    tokens.forget("acme")
    assert await tokens.get("acme") == "acme-3"
    assert credentials.asked[-1] == {}


@pytest.mark.parametrize(
    ("company", "error"),
    [
        ("unknown", NotConnected),
        ("disabled", IntegrationDisabled),
        ("down", TokenUnavailable),
        ("odd", TokenUnavailable),
    ],
)
async def test_each_failure_has_its_own_name_and_is_not_kept(
    tokens: CustomerTokens, credentials: Credentials, company: str, error: type[Exception]
) -> None:
    for _ in range(2):
        with pytest.raises(error):
            await tokens.get(company)
    assert len(credentials.asked) == 2


async def test_no_credentials_service_is_a_passing_fault(session: aiohttp.ClientSession) -> None:
    tokens = CustomerTokens(
        session=session,
        credentials_url=f"http://127.0.0.1:{free_port()}",
        internal_token=SecretStr("t0ken"),
        clock=ManualClock().monotonic,
    )
    with pytest.raises(TokenUnavailable, match="does not answer") as caught:
        await tokens.get("acme")
    assert caught.value.retry_after > 0
