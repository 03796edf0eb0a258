"""SmartRecruiters' three resources, and what orders asks of our own services, over real HTTP."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from runtime.http.server import serving

from tests.support.candidate_keys import CandidateKeysStub

BODIES: dict[str, dict[str, Any]] = {
    "candidate": {"id": "cand-1", "firstName": "Ada", "lastName": "Byron", "email": "ada@example.com"},
    "job": {
        "id": "job-1",
        "title": "Analyst",
        "refNumber": "REF1",
        "department": {"id": "d", "label": "Engines"},
        "location": {"country": "United Kingdom", "countryCode": "gb", "remote": False},
    },
    "hiring_team": {"content": [{"id": "u1", "role": "RECRUITER", "email": "rita@example.com"}]},
}
HANG = "hang"
DROP = "drop"

Answer = int | str | bytes


@dataclass
class SmartRecruiters:
    """`answers[company, resource]` are used up one by one, the last one stays; without any it is 200."""

    url: str = ""
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    tokens: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    calls: list[tuple[str, str, int]] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    retry_after: str | None = None
    in_flight: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    most_in_flight: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    released: asyncio.Event = field(default_factory=asyncio.Event)
    candidate_keys: CandidateKeysStub = field(default_factory=CandidateKeysStub)
    results_away: bool = False
    results_erased: list[str] = field(default_factory=list)
    _tokens_given: int = 0

    def asked(self, company_id: str, resource: str) -> int:
        return sum(1 for call in self.calls if call[:2] == (company_id, resource))

    async def token(self, request: web.Request) -> web.Response:
        company_id = request.match_info["company_id"]
        told = self.tokens.get(company_id)
        status = told[0] if told else 200
        if told and len(told) > 1:
            told.pop(0)
        body = await request.json()
        if "rejected" in body:
            self.rejected.append(company_id)
        if status != 200:
            return web.json_response(
                {"code": {404: "not_connected", 409: "disabled"}.get(status, "x")}, status=status
            )
        self._tokens_given += 1
        return web.json_response({"access_token": f"{company_id}:{self._tokens_given}", "expires_in": 3600})

    async def erase_results(self, request: web.Request) -> web.Response:
        if self.results_away:
            return web.json_response({}, status=503)
        order_ids = (await request.json())["order_ids"]
        new = set(order_ids) - set(self.results_erased)
        self.results_erased += order_ids
        orders = {
            one: {"deleted": 2, "dropped": 1} if one in new else {"deleted": 0, "dropped": 0}
            for one in order_ids
        }
        return web.json_response({"orders": orders})

    async def export_results(self, request: web.Request) -> web.Response:
        order_ids = (await request.json())["order_ids"]
        return web.json_response({"orders": {one: {"deliveries": []} for one in order_ids}})

    async def resource(self, request: web.Request, name: str) -> web.StreamResponse:
        company_id = request.headers["Authorization"].removeprefix("Bearer ").split(":")[0]
        self.in_flight[company_id] += 1
        self.most_in_flight[company_id] = max(self.most_in_flight[company_id], self.in_flight[company_id])
        try:
            return await self._answer(request, company_id, name)
        finally:
            self.in_flight[company_id] -= 1

    async def _answer(self, request: web.Request, company_id: str, name: str) -> web.StreamResponse:
        told = self.answers.get((company_id, name), [200])
        answer = told.pop(0) if len(told) > 1 else told[0]
        self.calls.append((company_id, name, answer if isinstance(answer, int) else 0))
        if answer == HANG:
            await self.released.wait()
            answer = 200
        if answer == DROP:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if isinstance(answer, bytes):
            return web.Response(body=answer)
        headers = {"Retry-After": self.retry_after} if self.retry_after and answer in {429, 503} else {}
        # Refusals say who was asked for, and by whom: nobody may be told.
        repeated = {"message": f"{request.path} {request.headers['Authorization']} {BODIES[name]}"}
        body = BODIES[name] if answer == 200 else repeated
        return web.json_response(body, status=int(answer), headers=headers)


@asynccontextmanager
async def smartrecruiters() -> AsyncIterator[SmartRecruiters]:
    world = SmartRecruiters()

    async def candidate(request: web.Request) -> web.StreamResponse:
        return await world.resource(request, "candidate")

    async def job(request: web.Request) -> web.StreamResponse:
        return await world.resource(request, "job")

    async def team(request: web.Request) -> web.StreamResponse:
        return await world.resource(request, "hiring_team")

    app = web.Application()
    app.router.add_post("/internal/companies/{company_id}/smartrecruiters-token", world.token)
    app.router.add_post("/api/orders/erase", world.erase_results)
    app.router.add_post("/api/orders/export", world.export_results)
    world.candidate_keys.add_to(app)
    app.router.add_get("/candidates/{id}", candidate)
    app.router.add_get("/jobs/{id}", job)
    app.router.add_get("/jobs/{id}/hiring-team", team)
    async with serving(app, "127.0.0.1", 0, name="smartrecruiters", shutdown_timeout=0.1) as port:
        world.url = f"http://127.0.0.1:{port}"
        yield world
        world.released.set()
