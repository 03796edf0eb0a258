from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer
from sandbox.app import create_app
from sandbox.domain.state import Sandbox
from sandbox.http.server.keys import STATE
from sandbox.settings import Settings

from tests.sandbox.fake_vendor import FakeVendor

API = "/assessment-api/v202010"


@dataclass
class Answered:
    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Client:
    """A served sandbox and a way to call it."""

    session: ClientSession
    url: str
    state: Sandbox

    async def call(self, method: str, path: str, **arguments: Any) -> Answered:
        async with self.session.request(
            method, self.url + path, allow_redirects=False, **arguments
        ) as response:
            body = await response.json() if response.content_type == "application/json" else None
            if body is None:
                body = await response.text()
            return Answered(response.status, body, dict(response.headers))

    async def token(self, *credential: str) -> str:
        client_id, secret = credential or ("sandbox-partner", "sandbox-partner-secret")
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        answered = await self.call("POST", "/identity/oauth/token", data=form)
        assert answered.status == 200, answered
        return str(answered.body["access_token"])

    async def bearer(self, *credential: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {await self.token(*credential)}"}

    async def configure(self, configuration: dict[str, Any]) -> dict[str, str]:
        """Returns the master token's header."""
        master = await self.bearer()
        put = await self.call("PUT", f"{API}/partner/configuration", json=configuration, headers=master)
        assert put.status == 200, put
        return master

    async def connect(self, vendor: FakeVendor, company: str = "acme", **changes: Any) -> dict[str, str]:
        """Returns the header of the company's token."""
        master = await self.configure(vendor.configuration(**changes))
        pair = {"clientId": f"at-{company}", "clientSecret": "vendor-secret"}
        answered = await self.call("POST", f"{API}/integration/company/{company}", json=pair, headers=master)
        assert answered.status == 200, answered
        return await self.bearer(answered.body["clientId"], answered.body["clientSecret"])

    async def admin(self, path: str, body: Any = None, method: str = "POST") -> Any:
        answered = await self.call(method, f"/admin{path}", json=body)
        assert answered.status < 300, answered
        return answered.body

    async def order(self, company: str = "acme", **wish: Any) -> str:
        placed = await self.admin(f"/companies/{company}/orders", {"package_id": "backend", **wish})
        assert placed["status"] == 202, placed
        return str(placed["order_id"])


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[Client]:
    app = create_app(Settings(**settings))
    async with TestServer(app) as server, ClientSession() as session:
        yield Client(session, str(server.make_url("")).rstrip("/"), app[STATE])


@pytest.fixture
async def vendor() -> AsyncIterator[FakeVendor]:
    fake = FakeVendor()
    async with fake.server() as server:
        fake.url = str(server.make_url("")).rstrip("/")
        yield fake


@pytest.fixture
async def sandbox() -> AsyncIterator[Client]:
    async with served(requests_per_second=1000, in_flight=100) as client:
        yield client
