"""The clients of both libraries go where the fence allows: to the address that was checked."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from runtime.fencing import Fence
from runtime.http import outgoing

from tests.support.certificates import certificate_of

PLAIN = httpx.Timeout(5)
Call = Callable[[Fence, str], Any]


async def by_aiohttp(fence: Fence, url: str) -> int:
    async with (
        outgoing.session(fence) as session,
        session.get(url, headers={"Authorization": "Bearer t"}, allow_redirects=False) as answer,
    ):
        return answer.status


async def by_httpx(fence: Fence, url: str) -> int:
    async with outgoing.client(fence, timeout=PLAIN, max_connections=2) as client:
        return (await client.get(url, headers={"Authorization": "Bearer t"})).status_code


each_client = pytest.mark.parametrize("call", [by_aiohttp, by_httpx])
REFUSED = (aiohttp.ClientError, httpx.ConnectError)


@dataclass
class Server:
    """One that redirects /away to /here, and remembers who called."""

    port: int
    called: list[str] = field(default_factory=list)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    found = Server(0)

    async def answer(request: web.Request) -> web.Response:
        found.called.append(request.path)
        if request.path == "/away":
            return web.Response(status=307, headers={"Location": "/here"})
        return web.Response(text="well")

    app = web.Application()
    app.router.add_get("/{any}", answer)
    async with TestServer(app) as running:
        found.port = running.port or 0
        yield found


class Names:
    """Stands where the machine's resolver does: each question about a name is answered by the next list."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.asked: list[str] = []
        self._real = asyncio.base_events.BaseEventLoop.getaddrinfo
        names = self

        async def getaddrinfo(loop: Any, host: Any, port: Any, **given: Any) -> Any:
            return await names._answer(loop, host, port, given)

        monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)

    async def _answer(self, loop: Any, host: Any, port: Any, given: dict[str, Any]) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in self.answers:
            return await self._real(loop, host, port, **given)
        self.asked.append(name)
        left = self.answers[name]
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [
            (
                socket.AF_INET6 if ":" in each else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (each, port, 0, 0)[: 4 if ":" in each else 2],
            )
            for each in addresses
        ]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    return Names(monkeypatch)


@each_client
async def test_an_allowed_host_is_called(call: Call, server: Server, names: Names) -> None:
    names.answers["engine.example"] = [["127.0.0.1"]]
    url = f"http://engine.example:{server.port}/here"
    assert await call(Fence.only(url), url) == 200
    assert server.called == ["/here"]


@each_client
@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - nobody listens there
        "224.0.0.1",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
    ],
)
async def test_a_public_name_that_points_inward_is_not_connected_to(
    call: Call, names: Names, address: str
) -> None:
    names.answers["api.smartrecruiters.com"] = [[address]]
    with pytest.raises(REFUSED, match=r"private|nobody"):
        await call(Fence(["*.smartrecruiters.com"]), "https://api.smartrecruiters.com/x")


@each_client
async def test_the_address_that_was_checked_is_the_one_connected_to(
    call: Call, server: Server, names: Names
) -> None:
    """The second answer would be somebody else's: nobody asks for it."""
    names.answers["engine.example"] = [["127.0.0.1"], ["127.0.0.2"]]
    url = f"http://engine.example:{server.port}/here"
    assert await call(Fence.only(url), url) == 200
    assert names.asked == ["engine.example"]


@each_client
async def test_no_call_without_the_fence_even_where_nobody_checked_before(call: Call, server: Server) -> None:
    with pytest.raises(REFUSED, match="not an allowed one"):
        await call(Fence(["api.smartrecruiters.com"]), f"http://127.0.0.1:{server.port}/here")
    assert server.called == []


@each_client
async def test_a_redirect_is_an_answer(call: Call, server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/away"
    assert await call(Fence.only(url), url) == 307
    assert server.called == ["/away"]


async def test_a_session_told_to_follow_redirects_does_not(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}/away"
    async with outgoing.session(Fence.only(url)) as session:
        with pytest.raises(aiohttp.ClientOSError, match="redirect"):
            await session.get(url)
    assert server.called == ["/away"]


async def test_an_address_that_does_not_answer_gives_way_to_the_next(server: Server, names: Names) -> None:
    names.answers["engine.example"] = [["127.0.0.3", "127.0.0.1"]]
    url = f"http://engine.example:{server.port}/here"
    assert await by_httpx(Fence.only(url), url) == 200


@each_client
async def test_a_proxy_of_the_environment_is_not_used(
    call: Call, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    url = f"http://127.0.0.1:{server.port}/here"
    assert await call(Fence.only(url), url) == 200


@asynccontextmanager
async def closing(*answers: bool) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that answers a request or closes its connection, as told for each in turn; and what came."""
    left, came = list(answers), []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                came.append(head.split()[0] + b" " + await reader.readexactly(2))
                if not left.pop(0):
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", came


async def test_a_call_whose_connection_ends_before_an_answer_is_sent_once_more() -> None:
    async with closing(True, False, True, False, False) as (url, came):
        async with outgoing.session(Fence.only(url), resend=True) as session:
            for _ in range(2):
                async with session.post(url, json={}) as answer:
                    assert await answer.text() == "well"
            assert came == [b"POST {}"] * 3
            with pytest.raises(aiohttp.ServerDisconnectedError):
                await session.post(url, json={})
        assert came == [b"POST {}"] * 5, "once more, and no more"


async def test_others_than_services_of_ours_get_no_call_twice() -> None:
    async with closing(False, True) as (url, came), outgoing.session(Fence.only(url)) as session:
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await session.post(url, json={})
        assert came == [b"POST {}"]


@pytest.fixture
async def private(tmp_path: Path) -> AsyncIterator[str]:
    """A server that an authority of our own vouches for: its certificate is `ca.pem`."""
    key, certificate = certificate_of("a private one")
    (tmp_path / "key.pem").write_text(key)
    (tmp_path / "ca.pem").write_text(certificate)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    server = TestServer(web.Application(), host="127.0.0.1", scheme="https")
    await server.start_server(ssl=context)
    yield str(server.make_url("/"))
    await server.close()


@each_client
async def test_a_certificate_nobody_vouches_for_is_refused(call: Call, private: str) -> None:
    with pytest.raises(REFUSED, match="certificate"):
        await call(Fence.only(private), private)


async def test_an_authority_the_machine_trusts_is_good(
    private: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp reads them once, at the start of the process."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    assert await by_httpx(Fence.only(private), private) == 404
