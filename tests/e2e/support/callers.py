"""A client of ours that goes on calling while something changes."""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from tests.e2e.support import checks
from tests.e2e.support.world import STANDARD, Json, World
from tests.support.waiting import eventually

Client = tuple[str, str]


@dataclass
class Caller:
    """A client of ours that goes on calling: a new token, packages, and an order it has sent before."""

    http: aiohttp.ClientSession
    gateways: list[str]
    client: Client
    order: Json
    rounds: int = 0
    failures: list[str] = field(default_factory=list)
    key_ids: set[str] = field(default_factory=set)

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; each round at the other gateway."""
        while not stop.is_set():
            gateway = self.gateways[self.rounds % len(self.gateways)]
            token = await self.token(gateway)
            headers = {"Authorization": f"Bearer {token}"}
            for other in self.gateways:
                await self._call("GET", f"{other}/packages", 200, headers=headers)
            await self._call("POST", f"{gateway}/packages/orders", 202, headers=headers, json=self.order)
            self.rounds += 1

    async def token(self, gateway: str) -> str:
        """A new one."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client[0],
            "client_secret": self.client[1],
        }
        answer = await self._call("POST", f"{gateway}/oauth/token", 200, data=form)
        token = str(json.loads(answer)["access_token"])
        header = token.partition(".")[0]
        self.key_ids.add(json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"])
        return token

    async def _call(self, method: str, url: str, wanted: int, **given: object) -> str:
        async with self.http.request(method, url, **given) as response:  # type: ignore[arg-type]
            text = await response.text()
            if response.status != wanted:
                self.failures.append(f"{method} {url}: {response.status} {text[:200]}")
            return text


class Going(Protocol):
    """Does one round after the other, until told to stop."""

    rounds: int
    failures: list[str]

    async def run(self, stop: asyncio.Event) -> None: ...


async def goes_on(callers: Sequence[Going]) -> None:
    """Each caller gets three more rounds done."""
    goal = {id(caller): caller.rounds + 3 for caller in callers}
    await eventually(lambda: all(caller.rounds >= goal[id(caller)] for caller in callers), 120.0)


async def rotate(world: World, company_id: str, *more: str) -> Client:
    """What an operator is told once."""
    said = await asyncio.to_thread(world.stack.bridge, "integrations", "rotate", company_id, *more)
    _, client_id, _, secret = said.split()
    return client_id, secret


async def connected(world: World, company_id: str) -> Json:
    """A company of its own, with an order that SmartRecruiters has placed; returns the order's payload."""
    await world.admin("POST", "/companies", {"id": company_id, "name": company_id.title()})
    await world.connect(company_id)
    since = await world.now()
    placed = await world.order(company_id)
    assert placed.accepted
    await checks.all_settle(world, [placed])
    (call,) = await world.record(since, call="order", company_id=company_id)
    return {
        "resultCallbackURL": call["request"]["resultCallbackURL"],
        "candidate": {"id": "c", "email": "c@example.com", "firstName": "C", "lastName": "C"},
        "assessmentPackageId": STANDARD,
        "jobId": "job",
        "companyId": company_id,
    }
