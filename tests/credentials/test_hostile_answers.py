"""What others answer may be anything: none of it is an error of ours."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from contracts.smartrecruiters import CredentialPair
from credentials.domain.openid import read_metadata
from credentials.domain.sealing import DataKey
from credentials.errors import EncryptionKeysUnavailable, SmartRecruitersError
from credentials.http.client import smartrecruiters
from credentials.http.transit import transit
from pydantic import SecretStr
from runtime.fencing import Fence

ANSWERS = [
    b"",
    b"{",
    b"[" * 100_000,
    b"1" * 5000,
    b'"\xff"',
    b"null",
    b"[]",
    b'{"access_token": 1}',
    b'{"access_token": "a", "expires_in": 1' + b"0" * 400 + b"}",
    b'{"access_token": "a\\nb", "expires_in": 60, "clientId": "a\\u0000", "clientSecret": "b"}',
    b'{"access_token": "\\ud800", "expires_in": 60, "clientId": "a", "clientSecret": "b\\r\\n"}',
    b'{"data": {"batch_results": [{"plaintext": "A"}]}}',
    b'{"data": {"batch_results": [{"plaintext": "\\u00e9"}]}}',
    b" " * 2_000_000,
]
SECRET = SecretStr("a secret")


@pytest.fixture
async def serve() -> AsyncIterator[Callable[..., Any]]:
    """Starts a server that has one answer to everything."""
    async with AsyncExitStack() as stack:

        async def start(**answer: Any) -> str:
            async def handle(_request: web.Request) -> web.Response:
                return web.Response(**answer)

            app = web.Application()
            app.router.add_route("*", "/{any:.*}", handle)
            server = await stack.enter_async_context(TestServer(app))
            return str(server.make_url("/"))

        yield start


@pytest.mark.parametrize("body", ANSWERS)
@pytest.mark.parametrize("status", [200, 400])
async def test_smartrecruiters_may_answer_anything(
    serve: Callable[..., Any], body: bytes, status: int
) -> None:
    url = await serve(body=body, status=status)
    async with smartrecruiters(url, fence=Fence.only(url), timeout_seconds=5) as client:
        with pytest.raises(SmartRecruitersError):
            await client.token("id", SECRET)
        with pytest.raises(SmartRecruitersError):
            await client.exchange(SECRET, "acme", CredentialPair(client_id="a", client_secret=SECRET))
        if not body.startswith(b'{"') or status != 200:  # of a configuration, any object is one
            with pytest.raises(SmartRecruitersError):
                await client.get_configuration(SECRET)


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ("7", 7),
        ("9" * 400, None),
        ("1e300", 86_400),
        ("-5", 0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("", None),
    ],
)
async def test_how_long_smartrecruiters_says_to_wait(
    serve: Callable[..., Any], told: str, heard: float | None
) -> None:
    url = await serve(status=429, headers={"Retry-After": told})
    async with smartrecruiters(url, fence=Fence.only(url), timeout_seconds=5) as client:
        with pytest.raises(SmartRecruitersError) as busy:
            await client.token("id", SECRET)
    assert busy.value.retry_after == heard


@pytest.mark.parametrize("body", ANSWERS)
async def test_a_key_service_may_answer_anything(serve: Callable[..., Any], body: bytes) -> None:
    url = await serve(body=body)
    async with transit(url, mount="transit", key="key", token=lambda: "token") as client:
        with pytest.raises(EncryptionKeysUnavailable):
            await client.unwrap([DataKey("k1", "vault:v1:x", datetime.now(UTC))])


async def test_a_key_service_that_answers_byte_by_byte_is_not_waited_for() -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0)

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with (
        server,
        transit(url, mount="transit", key="key", token=lambda: "token", timeout_seconds=0.2) as client,
    ):
        with pytest.raises(EncryptionKeysUnavailable, match="does not answer"):
            async with asyncio.timeout(5):
                await client.wrap("k1", bytes(32))


def test_people_are_sent_to_sign_in_over_https() -> None:
    issuer = "https://id.example"
    described = {"issuer": issuer, "token_endpoint": f"{issuer}/t", "jwks_uri": f"{issuer}/k"}
    with pytest.raises(ValueError, match="it lacks authorization_endpoint"):
        read_metadata(described | {"authorization_endpoint": "http://id.example/a"}, issuer)
    described |= {
        "authorization_endpoint": f"{issuer}/a",
        "token_endpoint_auth_methods_supported": "nonsense",
    }
    assert not read_metadata(described, issuer).secret_in_body
