"""A small partner: the endpoints SmartRecruiters calls, answering what a test sets."""

import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

PACKAGES: list[dict[str, Any]] = [
    {
        "id": "backend",
        "type": "SKILL_TEST",
        "name": "Backend skills",
        "description": "Python and SQL in 40 minutes.",
        "assessments": [
            {"id": "py", "type": "SKILL_TEST", "name": "Python", "description": "20 questions"},
            {"id": "sql", "type": "SKILL_TEST", "name": "SQL", "description": "10 questions"},
        ],
    },
    {
        "id": "video",
        "type": "VIDEO_INTERVIEW",
        "name": "Video interview",
        "description": "Five questions, recorded.",
        "assessments": [],
    },
    {
        "id": "quick",
        "type": "INLINE_ASSESSMENT",
        "name": "Quick check",
        "description": "Three questions while applying.",
        "assessments": [],
    },
]


@dataclass
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class FakeVendor:
    """`answers` replaces an endpoint's answer: (status, JSON or None)."""

    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    url: str = ""
    tokens: int = 0
    dead_tokens: set[str] = field(default_factory=set)

    def server(self) -> TestServer:
        app = web.Application()
        app.router.add_get("/connect", self._connect)
        app.router.add_post("/token", self._token)
        app.router.add_get("/packages", self._packages)
        app.router.add_get("/packages/{id}", self._package)
        app.router.add_post("/orders", self._order)
        app.router.add_post("/inline", self._inline)
        app.router.add_route("*", "/integrations/{id}", self._disable)
        app.router.add_get("/test", self._test)
        return TestServer(app)

    def configuration(self, **changes: Any) -> dict[str, Any]:
        return {
            "consentUrl": f"{self.url}/connect?lang=en",
            "consentDisplayMode": "POPUP",
            "assessmentPackageListUrl": f"{self.url}/packages",
            "singleAssessmentPackageUrl": f"{self.url}/packages/{{assessmentPackageId}}",
            "packageOrderUrl": f"{self.url}/orders",
            "inlineAssessmentPackageOrderUrl": f"{self.url}/inline",
            "oauthTokenUrl": f"{self.url}/token",
            "integrationDisableUrl": f"{self.url}/integrations/{{companyId}}",
            "fields": [{"id": "team", "name": "Team", "description": "Which team"}],
            "supportedAssessmentTypes": ["SKILL_TEST", "VIDEO_INTERVIEW", "INLINE_ASSESSMENT"],
            **changes,
        }

    def calls(self, path: str) -> list[Seen]:
        return [one for one in self.seen if one.path == path]

    async def _answer(self, request: web.Request, name: str, status: int, body: Any) -> web.Response:
        text = await request.text()
        shown: Any = text
        if request.content_type == "application/json" and text:
            shown = json.loads(text)
        self.seen.append(
            Seen(request.method, request.path, dict(request.query), dict(request.headers), shown)
        )
        if name != "token" and request.headers.get("Authorization") in self.dead_tokens:
            return web.json_response({"errors": []}, status=401)
        status, body = self.answers.get(name, (status, body))
        if body is None:
            return web.Response(status=status)
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html")
        return web.json_response(body, status=status)

    async def _connect(self, request: web.Request) -> web.Response:
        return web.Response(text="<h1>Sign in to the partner</h1>", content_type="text/html")

    async def _token(self, request: web.Request) -> web.Response:
        self.tokens += 1
        body = {"access_token": f"t{self.tokens}", "token_type": "Bearer", "expires_in": 300}
        return await self._answer(request, "token", 200, body)

    async def _packages(self, request: web.Request) -> web.Response:
        return await self._answer(request, "packages", 200, PACKAGES)

    async def _package(self, request: web.Request) -> web.Response:
        found = [one for one in PACKAGES if one["id"] == request.match_info["id"]]
        return await self._answer(request, "package", 200 if found else 404, found[0] if found else None)

    async def _order(self, request: web.Request) -> web.Response:
        return await self._answer(request, "order", 202, None)

    async def _inline(self, request: web.Request) -> web.Response:
        payload = await request.json()
        back = payload["completedAssessmentCallbackUrl"]
        return await self._answer(request, "inline", 200, {"url": f"{self.url}/test?back={back}"})

    async def _disable(self, request: web.Request) -> web.Response:
        return await self._answer(request, "disable", 204, None)

    async def _test(self, request: web.Request) -> web.Response:
        raise web.HTTPSeeOther(request.query["back"])
