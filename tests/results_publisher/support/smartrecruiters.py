"""SmartRecruiters' results API, the credentials service's tokens and a file host, on one loopback port."""

import asyncio
import contextlib
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from runtime.http.server import serving

INTERNAL_TOKEN = "internal-token-of-tests"
BASE = "/assessment-api/v202010/orders"


@dataclass(frozen=True)
class Answer:
    """What the next call gets; `hang` never answers, `lost` takes the body and breaks the connection."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = field(default_factory=dict)
    hang: bool = False
    lost: bool = False


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    method: str
    order_id: str
    company_id: str
    token: str
    at: float
    body: Any
    content_type: str
    field_name: str = ""
    file_name: str = ""


class FakeSmartRecruiters:
    """Takes everything, unless told otherwise per order or company; the first matching answer is used up."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        self.always: dict[str, Answer] = {}
        self.refused_tokens: set[str] = set()
        self.disabled: set[str] = set()
        self.not_connected: set[str] = set()
        self.token_requests: list[str] = []
        self.files: dict[str, tuple[bytes, str]] = {}
        self.in_flight: dict[str, int] = defaultdict(int)
        self.most_in_flight: dict[str, int] = defaultdict(int)
        self.credentials_down = False
        self._issued = 0
        self._end = asyncio.Event()

    def of(self, order_id: str, method: str = "PATCH") -> list[Call]:
        return [call for call in self.calls if call.order_id == order_id and call.method == method]

    def callback(self, order_id: str) -> str:
        return f"{self.url}{BASE}/{order_id}/results"

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["FakeSmartRecruiters"]:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_patch(f"{BASE}/{{order}}/results", self._patch)
        app.router.add_post(f"{BASE}/{{order}}/results/attachment", self._attachment)
        app.router.add_post("/internal/companies/{company}/smartrecruiters-token", self._token)
        app.router.add_get("/files/{name}", self._file)
        async with serving(app, "127.0.0.1", 0, name="fake SmartRecruiters", shutdown_timeout=0.1) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield self
            self._end.set()

    async def _token(self, request: web.Request) -> web.Response:
        company = request.match_info["company"]
        assert request.headers["Authorization"] == f"Bearer {INTERNAL_TOKEN}"
        self.token_requests.append(company)
        if self.credentials_down:
            return web.json_response({"code": "unavailable"}, status=503)
        if company in self.disabled:
            return web.json_response({"code": "disabled"}, status=409)
        if company in self.not_connected:
            return web.json_response({"code": "not_connected"}, status=404)
        self._issued += 1
        return web.json_response({"access_token": f"{company}:{self._issued}", "expires_in": 3600})

    async def _patch(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        return await self._answer(request, body, 200, {})

    async def _attachment(self, request: web.Request) -> web.StreamResponse:
        part = await (await request.multipart()).next()
        assert part is not None
        content = await part.read()  # type: ignore[call-arg,union-attr,unused-ignore]  # one part, no nesting
        order = request.match_info["order"]
        names = {"field_name": part.name or "", "file_name": part.filename or ""}  # type: ignore[union-attr]  # as above
        url = f"https://files.smartrecruiters.example/{order}/{names['file_name']}"
        return await self._answer(request, bytes(content), 201, {"url": url}, **names)

    async def _file(self, request: web.Request) -> web.Response:
        found = self.files.get(request.match_info["name"])
        if found is None:
            return web.Response(status=404)
        if found[1] == "redirect":
            return web.Response(status=302, headers={"Location": found[0].decode()})
        return web.Response(body=found[0], content_type=found[1])

    async def _answer(
        self, request: web.Request, body: Any, status: int, answer: Any, **names: str
    ) -> web.StreamResponse:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        company, order = token.partition(":")[0], request.match_info["order"]
        content_type = request.content_type
        self.calls.append(
            Call(request.method, order, company, token, time.monotonic(), body, content_type, **names)
        )
        self.in_flight[company] += 1
        self.most_in_flight[company] = max(self.most_in_flight[company], self.in_flight[company])
        try:
            return await self._scripted(request, order, company, token) or web.json_response(
                answer, status=status
            )
        finally:
            self.in_flight[company] -= 1

    async def _scripted(
        self, request: web.Request, order: str, company: str, token: str
    ) -> web.StreamResponse | None:
        if token in self.refused_tokens:
            return web.json_response({"message": "token"}, status=401)
        queued = self.answers[order] or self.answers[company]
        told = queued.popleft() if queued else self.always.get(order) or self.always.get(company)
        if told is None:
            return None
        if told.hang:
            await self._end.wait()
        if told.lost:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(told.body, status=told.status, headers=told.headers)
