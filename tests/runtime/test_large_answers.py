"""A server of others may say more than anybody asked for: it is not read."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from runtime.fencing import Fence
from runtime.http import outgoing

PLAIN = httpx.Timeout(5)
LARGE = 64 * 1024 * 1024


@pytest.fixture
async def hostile() -> AsyncIterator[str]:
    async def packed(_request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(bytes(LARGE)), headers={"Content-Encoding": "gzip"})

    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:  # the client ends it
            await answer.write(bytes(65536))

    async def said(request: web.Request) -> web.Response:
        answer = web.json_response([request.headers.get("Cookie"), request.headers.get("Accept-Encoding")])
        answer.set_cookie("known", "again")
        return answer

    app = web.Application()
    app.router.add_get("/packed", packed)
    app.router.add_get("/endless", endless)
    app.router.add_get("/said", said)
    async with TestServer(app) as running:
        yield str(running.make_url("/"))


@pytest.mark.parametrize("path", ["packed", "endless"])
async def test_an_answer_of_any_size_is_not_read(hostile: str, path: str) -> None:
    async with outgoing.client(Fence.only(hostile), timeout=PLAIN, max_connections=2) as client:
        with pytest.raises(httpx.ReadError, match=r"packed|too large"):
            async with asyncio.timeout(5):
                await client.get(hostile + path)
        assert (await client.get(hostile + "said")).status_code == 200, "the connection is given back"


async def test_what_a_session_unpacks_comes_in_pieces(hostile: str) -> None:
    async with (
        outgoing.session(Fence.only(hostile)) as session,
        session.get(hostile + "packed", allow_redirects=False) as answer,
    ):
        assert 0 < len(await answer.content.readany()) <= LARGE // 16


async def test_no_cookie_is_kept_and_nothing_packed_is_asked_for(hostile: str) -> None:
    async with outgoing.client(Fence.only(hostile), timeout=PLAIN, max_connections=2) as client:
        for _ in range(2):
            assert (await client.get(hostile + "said")).json() == [None, "identity"]
