"""HTTP clients that go where a fence allows: the only place that makes any.

Each call's address is checked as it is written, and each address its host resolves to before the connection
goes to that very address: a name that resolves anew in between (DNS rebinding) gains nothing. No redirect is
followed, no proxy of the environment used, no cookie kept.

How long a call may take in all, its caller says: a time-out of httpx's is of each read, and an answer that
comes byte by byte never meets it.
"""

import asyncio
import socket
import ssl
import typing
from collections.abc import AsyncIterator, Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy

import aiohttp
import httpcore
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from runtime.fencing import Fence, ForbiddenUrl

LARGEST_ANSWER_BYTES = 1024 * 1024


def session(
    fence: Fence,
    *,
    limit: int = 0,
    timeout: aiohttp.ClientTimeout | None = None,
    ttl_dns_cache: int = 60,
    resend: bool = False,
) -> aiohttp.ClientSession:
    """Returns aiohttp's client; whoever asks for it closes it.

    A call outside the fence, or a redirect that would be followed, raises aiohttp.ClientOSError. `limit` is
    of connections, 0 for none: a shared one lets a company that hangs hold up the others. With `resend` a
    call whose connection ends before any answer is made once more, within the same time-out: for services
    of ours, whose calls bear a repeat. A replica that stops closes its idle connections, perhaps at the
    very moment a call goes out on one; the next connection leads to another replica.

    How much of an answer is read, its caller says: aiohttp hands it over in pieces, what it unpacks, too.
    """

    async def fenced(request: aiohttp.ClientRequest, go: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        fence.check(str(request.url))
        return await go(request)

    redirects = aiohttp.TraceConfig()
    redirects.on_request_redirect.append(_refuse_redirect)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=limit, resolver=_Resolver(fence), ttl_dns_cache=ttl_dns_cache),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout or aiohttp.ClientTimeout(total=300, sock_connect=10),
        middlewares=[fenced, _sent_once_more] if resend else [fenced],
        trace_configs=[redirects],
        trust_env=False,
    )


def client(
    fence: Fence, *, base_url: str = "", timeout: httpx.Timeout, max_connections: int
) -> httpx.AsyncClient:
    """Returns httpx's client; whoever asks for it closes it.

    A call outside the fence raises httpx.ConnectError. A redirect is an answer like another. One that is
    larger than LARGEST_ANSWER_BYTES, or packed (a small one may unpack to any size), raises httpx.ReadError.
    """
    return httpx.AsyncClient(
        transport=_Transport(fence, max_connections),
        base_url=base_url,
        headers={"Accept-Encoding": "identity"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
    )


async def _sent_once_more(
    request: aiohttp.ClientRequest, go: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    try:
        return await go(request)
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
        return await go(request)


async def _refuse_redirect(*_: object) -> None:
    raise aiohttp.ClientOSError("a redirect is not followed")


class _Resolver(AbstractResolver):
    # aiohttp connects to the addresses it got from here, and to no other.
    def __init__(self, fence: Fence) -> None:
        self._fence = fence
        self._inner = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for result in found:
            self._fence.check_address(host, result["host"], port)
        return found

    async def close(self) -> None:
        await self._inner.close()


class _Transport(httpx.AsyncHTTPTransport):
    def __init__(self, fence: Fence, max_connections: int) -> None:
        super().__init__(trust_env=False)
        self._fence = fence
        # httpx has no parameter for it: https://www.encode.io/httpcore/network-backends/
        self._pool = httpcore.AsyncConnectionPool(
            # The authorities the machine trusts, as aiohttp has it; httpx's own list knows no private one.
            ssl_context=ssl.create_default_context(),
            max_connections=max_connections,
            keepalive_expiry=5.0,
            network_backend=_Backend(fence),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            self._fence.check(str(request.url))
        except ForbiddenUrl as error:
            raise httpx.ConnectError(error.reason) from error
        answer = await super().handle_async_request(request)
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            await answer.aclose()
            raise httpx.ReadError("the answer is packed, which nobody asked for")
        answer.stream = _Bounded(answer.stream)
        return answer


class _Bounded(httpx.AsyncByteStream):
    # httpx reads an answer as a whole.
    def __init__(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> None:
        self._stream = typing.cast("httpx.AsyncByteStream", stream)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST_ANSWER_BYTES:
                raise httpx.ReadError("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Backend(httpcore.AnyIOBackend):
    def __init__(self, fence: Fence) -> None:
        self._fence = fence

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[typing.Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._resolved(host, port, timeout)
        for address in addresses[:-1]:
            try:
                return await super().connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue  # the next one may answer; what the last one says is what the caller hears
        return await super().connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    async def _resolved(self, host: str, port: int, within: float | None) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(within):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
            for address in addresses:
                self._fence.check_address(host, address, port)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("the host does not resolve in time") from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error
        return addresses
