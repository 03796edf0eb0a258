"""Each caller proves who it is, and goes where it is admitted."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis.strategies import text
from runtime.health import Health
from runtime.http.callers import ANYONE, Callers, admit, admitted
from runtime.http.server import internal_app

TOKENS = {
    "gateway": "gateway-token-one",
    "orders": "orders-token-one-",
    "results-publisher": "publisher-token-one",
}
NEXT = "gateway-token-two"
TABLE = ",".join([*(f"{name}:{token}" for name, token in TOKENS.items()), f" gateway:{NEXT} "])
Client = TestClient[web.Request, web.Application]


async def answer(_request: web.Request) -> web.Response:
    return web.Response(text="well")


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = internal_app(Health(), callers=Callers.parse(TABLE))
    admit(app, "/internal/sign-in", "gateway", post=answer)
    admit(app, "/internal/token/{company}", "orders", "results-publisher", get=answer, put=answer)
    app.router.add_get("/internal/forgotten", answer)
    async with TestClient(TestServer(app)) as opened:
        yield opened


async def status(client: Client, method: str, path: str, token: str) -> int:
    async with client.request(method, path, headers={"Authorization": f"Bearer {token}"}) as response:
        return response.status


@pytest.mark.parametrize(
    ("method", "path", "welcome"),
    [
        ("POST", "/internal/sign-in", {"gateway"}),
        ("GET", "/internal/token/acme", {"orders", "results-publisher"}),
        ("PUT", "/internal/token/acme", {"orders", "results-publisher"}),
        ("GET", "/internal/forgotten", set()),
    ],
)
@pytest.mark.parametrize("caller", TOKENS)
async def test_a_caller_goes_where_it_is_admitted_and_nowhere_else(
    client: Client, method: str, path: str, welcome: set[str], caller: str
) -> None:
    expected = 200 if caller in welcome else 403
    assert await status(client, method, path, TOKENS[caller]) == expected


async def test_two_tokens_are_good_while_one_replaces_the_other(client: Client) -> None:
    for token in (TOKENS["gateway"], NEXT):
        assert await status(client, "POST", "/internal/sign-in", token) == 200
        assert await status(client, "GET", "/internal/token/acme", token) == 403


@pytest.mark.parametrize(
    "token", ["", "gateway", "gateway-token-on", TOKENS["gateway"] + "x", ANYONE, "gateway:x"]
)
async def test_anything_else_is_nobody(client: Client, token: str) -> None:
    assert await status(client, "POST", "/internal/sign-in", token) == 401
    assert await status(client, "POST", "/internal/not/there", token) == 401


async def test_a_token_that_is_no_text_is_nobody(client: Client) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
    writer.write(
        b"POST /internal/sign-in HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert (await reader.read()).startswith(b"HTTP/1.1 401 ")
    writer.close()


@pytest.mark.parametrize("path", ["/internal/token/a%00", "/health/live?a=%00", "/%00"])
async def test_no_address_has_a_nul(client: Client, path: str) -> None:
    """PostgreSQL could not even look for it."""
    assert await status(client, "GET", path, TOKENS["orders"]) == 400


async def test_what_is_not_there_is_said_to_who_is_known(client: Client) -> None:
    assert await status(client, "POST", "/internal/not/there", NEXT) == 404
    assert await status(client, "DELETE", "/internal/sign-in", NEXT) == 405


async def test_one_token_for_all_opens_what_somebody_is_admitted_to() -> None:
    app = internal_app(Health(), callers=Callers.one_token("shared"))
    admit(app, "/api/x", "bridge", get=answer)
    app.router.add_get("/api/forgotten", answer)
    async with TestClient(TestServer(app)) as client:
        assert await status(client, "GET", "/api/x", "shared") == 200
        assert await status(client, "GET", "/api/forgotten", "shared") == 403
        assert await status(client, "GET", "/api/x", "") == 401


def test_who_is_admitted_can_be_read(client: Any) -> None:
    app = client.app
    assert admitted(app)["POST", "/internal/sign-in"] == {"gateway"}
    assert admitted(app)["GET", "/internal/forgotten"] == set()


@pytest.mark.parametrize(
    "entry",
    [
        "gateway",
        "gateway:",
        ":0123456789abcdef",
        "gateway:short",
        "Gateway:0123456789abcdef",
        "*:0123456789abcdef",
    ],
)
def test_a_table_that_cannot_be_read_names_the_entry_and_not_the_token(entry: str) -> None:
    with pytest.raises(ValueError, match="entry 2 is not caller:token") as caught:
        Callers.parse(f"orders:{'o' * 16},{entry}")
    assert "0123456789abcdef" not in str(caught.value)


def test_one_token_is_one_callers() -> None:
    with pytest.raises(ValueError, match="entry 2 has the token of another"):
        Callers.parse(f"orders:{'o' * 16},gateway:{'o' * 16}")


@given(text())
def test_no_text_is_somebody_by_chance(token: str) -> None:
    assert Callers.parse(TABLE).who(token) is None or token in {*TOKENS.values(), NEXT}
