"""An answer without a body, as it is on the wire."""

import asyncio
from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime

import pytest
from aiohttp import web
from gateway.http.server.boundary import Boundary
from gateway.http.server.brief import Brief
from runtime.http.server import serving

ASKED = b"POST / HTTP/1.1\r\nHost: here\r\nX-Request-Id: mine\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async def accepted(request: web.Request) -> web.Response:
        await request.read()
        return Brief(status=202)

    app = web.Application()
    app.router.add_post("/", Boundary(5).around(accepted, "/"))
    async with serving(app, "127.0.0.1", 0, name="tests") as taken:
        yield taken


async def heads(port: int, sent: bytes, count: int) -> list[list[str]]:
    """The heads of so many answers, a list of lines each."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(5):
        writer.write(sent)
        found = [(await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2] for _ in range(count)]
        writer.write_eof()
        assert await reader.read() == b"", "nothing but the heads"
    writer.close()
    await writer.wait_closed()
    return found


async def test_a_connection_that_stays_gets_one_after_the_other(port: int) -> None:
    for *lines, date in await heads(port, ASKED * 3, 3):
        assert lines == ["HTTP/1.1 202 Accepted", "X-Request-Id: mine", "Server: bridge", "Content-Length: 0"]
        assert date.startswith("Date: ")
        assert parsedate_to_datetime(date[6:]).utcoffset() is not None


@pytest.mark.parametrize(
    ("sent", "version", "told"),
    [
        (ASKED.replace(b"Host:", b"Connection: close\r\nHost:"), "HTTP/1.1", "Connection: close"),
        (ASKED.replace(b"HTTP/1.1", b"HTTP/1.0"), "HTTP/1.0", "Server: bridge"),
    ],
)
async def test_one_that_ends_is_told_so(port: int, sent: bytes, version: str, told: str) -> None:
    ((status, *headers),) = await heads(port, sent, 1)
    assert status == f"{version} 202 Accepted"
    assert {"X-Request-Id: mine", "Content-Length: 0", told} <= set(headers)
