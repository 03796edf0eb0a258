"""What a connection is answered and how long it may stay, before there is a request."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from runtime.health import Health
from runtime.http.problems import Handler
from runtime.http.server import internal_app, serving

from tests.support.guards import Lines

NAME = "Grace Hopper"
ALIVE = b"GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n"


@asynccontextmanager
async def connected(
    first_request_within: float = 30.0,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    app = internal_app(Health())
    async with serving(app, "127.0.0.1", 0, name="tests", first_request_within=first_request_within) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield reader, writer
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    "sent", [b"", b"GET /health/live HTTP/1.1\r\nHost: h"], ids=["nothing", "a beginning"]
)
async def test_a_connection_without_a_request_is_closed(sent: bytes) -> None:
    async with connected(first_request_within=0.1) as (reader, writer), asyncio.timeout(5):
        writer.write(sent)
        assert await reader.read() == b""


async def test_one_with_a_request_stays() -> None:
    async with connected(first_request_within=0.1) as (reader, writer), asyncio.timeout(5):
        for _ in range(2):
            writer.write(ALIVE)
            assert b" 200 " in await reader.readuntil(b'{"status": "live"}')
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.2)


async def test_what_is_not_http_is_neither_repeated_nor_cried_about(logs: Lines) -> None:
    async with connected() as (reader, writer), asyncio.timeout(5):
        writer.write(ALIVE[:-2] + f"candidate {NAME}\r\n\r\n".encode())
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert b"application/problem+json" in answer
    assert b"X-Request-Id: " in answer
    assert NAME.encode() not in answer
    assert NAME not in str(logs)
    assert [line["error"] for line in logs if line["event"] == "not a request"] == ["BadHttpMessage"]


async def test_what_fails_outside_of_all_handlers_says_nothing_of_its_cause(expected_errors: Lines) -> None:
    @web.middleware
    async def guilty(request: web.Request, handler: Handler) -> web.StreamResponse:
        raise RuntimeError(NAME)

    app = web.Application(middlewares=[guilty])
    async with serving(app, "127.0.0.1", 0, name="tests") as port, asyncio.timeout(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(ALIVE)
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert NAME.encode() not in answer
    assert "request failed outside of its handler" in [line["event"] for line in expected_errors]
