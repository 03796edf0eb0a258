"""Bytes nobody should send: each has its answer, which repeats nothing of them; none places an order."""

import asyncio
import base64
import re

import pytest

from tests.gateway.support.hostile.wire import CASES, MARK, SIZE, Wire, body
from tests.gateway.support.world import World
from tests.support.guards import Lines
from tests.support.waiting import eventually

_STATUS = re.compile(rb"HTTP/[\d.]+ (\d{3}) ")


async def exchange(world: World, sent: bytes) -> bytes:
    """Everything that comes back until the gateway closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.ports.public)
    writer.write(sent)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_hostile_bytes(shared_world: World, logs: Lines, case: Wire) -> None:
    before = await shared_world.offsets()
    token = shared_world.credentials.sign().encode()
    answer = await exchange(shared_world, case.sent.replace(b"TOKEN", token))
    assert tuple(map(int, _STATUS.findall(answer))) == case.statuses, answer
    assert MARK.encode() not in answer.lower()
    assert b"aiohttp" not in answer.lower()
    assert MARK not in str(logs).lower()
    assert await shared_world.offsets() == before


async def test_a_good_order_over_the_wire_is_placed(shared_world: World) -> None:
    """The table's own frame is good: what is refused is refused for its difference."""
    before = await shared_world.offsets()
    good = body("good", f"Content-Length: {SIZE}".encode())
    token = shared_world.credentials.sign().encode()
    assert (await exchange(shared_world, good.sent.replace(b"TOKEN", token))).startswith(b"HTTP/1.1 202 ")
    assert await shared_world.offsets() == before + 1


@pytest.mark.parametrize("path", ["/packages/orders", "/oauth/token", "/connect/sign-in", "/integrations"])
async def test_a_body_that_does_not_come_is_not_waited_for(shared_world: World, path: str) -> None:
    waiting = _to(path, body("slow", b"Content-Length: 100000", b"{"))
    reader, writer = await asyncio.open_connection("127.0.0.1", shared_world.ports.public)
    writer.write(waiting.replace(b"TOKEN", shared_world.credentials.sign().encode()))
    async with asyncio.timeout(10):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")
    writer.close()


@pytest.mark.parametrize("path", ["/packages/orders", "/oauth/token", "/connect/sign-in", "/integrations"])
async def test_a_client_that_goes_in_the_middle_is_no_error_of_ours(
    shared_world: World, logs: Lines, path: str
) -> None:
    before = await shared_world.offsets()
    cut = _to(path, body("cut", f"Content-Length: {SIZE + 1}".encode()))
    _, writer = await asyncio.open_connection("127.0.0.1", shared_world.ports.public)
    writer.write(cut.replace(b"TOKEN", shared_world.credentials.sign().encode()))
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await eventually(lambda: [line for line in logs if line.get("route") == path])
    assert await shared_world.offsets() == before


def _to(path: str, wire: Wire) -> bytes:
    """The bytes for another path; what is no order is a form."""
    sent = wire.sent.replace(b"/packages/orders", path.encode(), 1)
    form = b"application/x-www-form-urlencoded"
    return sent if path == "/packages/orders" else sent.replace(b"application/json", form)


@pytest.mark.parametrize(
    ("request_line", "headers", "status", "error"),
    [
        ("GET /packages", ["Bearer TOKEN"], 200, b""),
        ("GET /packages", ["bEARER TOKEN"], 200, b""),
        ("GET /packages", ["Bearer TOKEN", "Bearer TOKEN"], 401, b'error="invalid_token"'),
        ("GET /packages/skills", ["Bearer TOKEN", "Basic YTpi"], 401, b'error="invalid_token"'),
        ("GET /packages", ["Basic YTpi", "Bearer TOKEN"], 401, b'realm="assessments"'),
        ("DELETE /integrations?companyId=acme", ["Bearer TOKEN"] * 2, 401, b'error="invalid_token"'),
        ("POST /oauth/token", ["Basic RIGHT"], 200, b"access_token"),
        ("POST /oauth/token", ["Basic RIGHT", "Basic RIGHT"], 400, b'"invalid_request"'),
        ("POST /oauth/token", ["Basic RIGHT", "Bearer TOKEN"], 400, b'"invalid_request"'),
        ("POST /oauth/revoke", ["Bearer TOKEN", "Basic RIGHT"], 400, b'"invalid_request"'),
    ],
)
async def test_two_authorizations_are_none(
    shared_world: World, request_line: str, headers: list[str], status: int, error: bytes
) -> None:
    form = "grant_type=client_credentials&token=a"
    lines = [f"{request_line} HTTP/1.1", "Host: gateway", "Connection: close", f"Content-Length: {len(form)}"]
    lines += [
        "Content-Type: application/x-www-form-urlencoded",
        *(f"Authorization: {one}" for one in headers),
    ]
    sent = "\r\n".join([*lines, "", form])
    sent = sent.replace("TOKEN", shared_world.credentials.sign())
    sent = sent.replace("RIGHT", base64.b64encode(b"client-acme:secret+of+acme%2B%25").decode())
    answer = await exchange(shared_world, sent.encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
    assert error in answer
