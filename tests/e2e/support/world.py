"""The whole stack as its tests see it: SmartRecruiters' side, the database, and hands that kill."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import asyncpg
from local_stack import flow
from local_stack.browser import Browser
from local_stack.smartrecruiters import SmartRecruiters
from local_stack.stack import Stack
from local_stack.terminal import Teller

Json = dict[str, Any]

STANDARD = "engine-skill-test"
INLINE = "engine-inline"
_PARTS = (
    *("kafka", "postgres", "gateway", "credentials", "orders", "orders-insights", "results-publisher"),
    *("sandbox", "reference-engine"),
)

COMPANIES = ("acme", "globex", "umbrella", "hooli")

# What a restart costs on a loaded machine: start-up, and Kafka noticing that a member of a group is gone.
SETTLED_WITHIN = 75.0


@dataclass(frozen=True)
class Placed:
    """One order, and what SmartRecruiters was answered; status None: no answer came."""

    order_id: str
    company_id: str
    kind: str
    status: int | None
    answer: Any

    @property
    def accepted(self) -> bool:
        """Whether SmartRecruiters was told that we have it."""
        return self.status in {200, 202}


class World:
    """All addresses and clicks of one stack."""

    def __init__(self, stack: Stack, http: aiohttp.ClientSession) -> None:
        self.stack = stack
        self.http = http
        self.autopilot = stack.environment["REFERENCE_ENGINE_AUTOPILOT"] == "true"
        self.killed: set[str] = set()

    async def admin(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """A call of the sandbox's admin API."""
        url = f"{self.stack.urls.sandbox}/admin{path}"
        async with self.http.request(method, url, json=body, params=query) as answer:
            assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
            return None if answer.status == 204 else await answer.json()

    async def record(self, after: int = 0, **only: str) -> list[Json]:
        """The calls in either direction after number `after`."""
        found: list[Json] = (await self.admin("GET", "/record", after=str(after), **only))["entries"]
        return found

    async def now(self) -> int:
        """The number of the newest call."""
        entries = await self.record()
        return int(entries[-1]["n"]) if entries else 0

    async def faults(self, *faults: Json) -> None:
        """SmartRecruiters does these things wrong from now on, and no others."""
        await self.admin("PUT", "/faults", list(faults))

    async def order(self, company_id: str, package_id: str = STANDARD, **wish: Any) -> Placed:
        """A recruiter orders."""
        return await self._place("standard", f"/companies/{company_id}/orders", company_id, package_id, wish)

    async def inline_order(self, company_id: str, **wish: Any) -> Placed:
        """A candidate comes to the assessment while applying."""
        return await self._place("inline", f"/companies/{company_id}/inline-orders", company_id, INLINE, wish)

    async def _place(self, kind: str, path: str, company_id: str, package_id: str, wish: Json) -> Placed:
        said = await self.admin("POST", path, {"package_id": package_id, **wish})
        return Placed(said["order_id"], company_id, kind, said["status"], said["answer"])

    async def orders(self, count: int, companies: Iterable[str] = COMPANIES) -> list[Placed]:
        """So many at once, in turn for each company; every fifth is an inline one."""
        turn = list(companies)
        waiting = [
            self.inline_order(turn[n % len(turn)]) if n % 5 == 4 else self.order(turn[n % len(turn)])
            for n in range(count)
        ]
        return list(await asyncio.gather(*waiting))

    async def shown(self, order_id: str) -> Json:
        """The order as SmartRecruiters holds it."""
        found: Json = await self.admin("GET", f"/orders/{order_id}")
        return found

    async def statuses(self) -> Mapping[str, str | None]:
        """Each order's status at SmartRecruiters."""
        return {each["order_id"]: each["status"] for each in (await self.admin("GET", "/orders"))["orders"]}

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """A query of the services' database; over a new connection, as the server may have been killed."""
        connection = await asyncpg.connect(self.stack.database_url, timeout=10)
        try:
            return list(await connection.fetch(query, *arguments, timeout=20))
        finally:
            await connection.close()

    async def kill(self, part: str) -> None:
        """SIGKILL, and gone."""
        self.killed.add(part)
        await asyncio.to_thread(self.stack.kill, part)

    async def restart(self, part: str) -> None:
        """Started again, and ready."""
        await asyncio.to_thread(self.stack.restart, part)
        self.killed.discard(part)

    def check(self) -> None:
        """Fails when a part has ended that nobody killed."""
        for part in _PARTS:
            if part not in self.killed:
                self.stack.child(part).check()

    async def engine(self, *, autopilot: bool) -> None:
        """Whether tests finish by themselves."""
        if autopilot is not self.autopilot:
            self.stack.environment["REFERENCE_ENGINE_AUTOPILOT"] = str(autopilot).lower()
            await self.restart("reference-engine")
            self.autopilot = autopilot

    async def connect(self, company_id: str) -> None:
        """The company's administrator signs in and allows it (SPEC §1.3)."""
        await asyncio.to_thread(self._connect, company_id)

    def _connect(self, company_id: str) -> None:
        sandbox = SmartRecruiters(self.stack.urls.sandbox)
        walk = flow.Walk(self.stack, sandbox, Teller())
        try:
            flow.add_administrator(walk)
            with Browser() as browser:
                flow.consent_as_administrator(walk, browser, sandbox.consent_url(company_id))
        finally:
            sandbox.close()
