"""SmartRecruiters gives another master credential: replicas of credentials are restarted with it in turn."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
from local_stack import flow
from local_stack.browser import Browser
from local_stack.errors import LocalStackError
from local_stack.smartrecruiters import SmartRecruiters
from local_stack.terminal import Teller
from pydantic import SecretStr
from runtime.fencing import Fence
from runtime.http import outgoing
from runtime.smartrecruiters_tokens import CustomerTokens, TokenUnavailable

from tests.e2e.support.callers import Caller, Going, connected, goes_on, rotate
from tests.e2e.support.replicas import replica
from tests.e2e.support.world import Json, World
from tests.support.cables import Balancer, balanced
from tests.support.processes import Process, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(480)]

_REPLICAS = 2
# A load as fast as it can be is not SmartRecruiters' pace; what is proven here is not ours to keep to it.
_NO_LIMITS = {"requests_per_second": 10_000, "in_flight": 1000}
_SMARTRECRUITERS_LIMITS = {"requests_per_second": 10, "in_flight": 8}


@dataclass
class Administrators:
    """Customers' administrators, who connect one new company after the other at a gateway."""

    world: World
    gateway: str
    name: str
    rounds: int = 0
    failures: list[str] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop."""
        while not stop.is_set():
            company_id = f"{self.name}-{self.rounds}"
            await self.world.admin("POST", "/companies", {"id": company_id, "name": company_id})
            try:
                await asyncio.to_thread(self._connect, company_id)
            except LocalStackError as error:
                self.failures.append(f"{company_id}: {error}")
            self.rounds += 1

    def _connect(self, company_id: str) -> None:
        stack = self.world.stack
        sandbox = SmartRecruiters(stack.urls.sandbox)
        try:
            with Browser() as browser:
                address = sandbox.consent_url(company_id).replace(stack.urls.gateway, self.gateway, 1)
                flow.consent_as_administrator(flow.Walk(stack, sandbox, Teller()), browser, address)
        finally:
            sandbox.close()


@dataclass
class TokenUser:
    """Asks credentials for SmartRecruiters' token of a company as results-publisher does, over and over."""

    tokens: CustomerTokens
    company_id: str
    rounds: int = 0
    failures: list[str] = field(default_factory=list)

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; every other time for another token than the one before."""
        while not stop.is_set():
            try:
                token = await self.tokens.get(self.company_id)
            except TokenUnavailable as error:
                self.failures.append(str(error))
            else:
                if self.rounds % 2:
                    self.tokens.rejected(self.company_id, token)
                else:
                    self.tokens.forget(self.company_id)
            self.rounds += 1


@dataclass
class Credentials:
    """Replicas of the service behind one address."""

    world: World
    stack: AsyncExitStack
    balancer: Balancer
    running: list[tuple[Process, int]] = field(default_factory=list)

    async def add(self, master: Json) -> None:
        """Another one, with this master credential; connections lead to it once it is ready."""
        settings = {
            "MASTER_CLIENT_ID": master["client_id"],
            "MASTER_CLIENT_SECRET": master["client_secret"],
        }
        process, (port,) = replica(self.world, "credentials", "CREDENTIALS_INTERNAL_PORT", **settings)
        await self.stack.enter_async_context(running(process, within=60.0))
        self.running.append((process, port))
        self.balancer.ports.append(port)

    async def replace_oldest(self, master: Json) -> None:
        """Stops the one that runs for longest, as an orchestrator does, and starts another for it."""
        process, port = self.running.pop(0)
        assert await process.stop() == 0
        self.balancer.ports.remove(port)
        await self.add(master)


@asynccontextmanager
async def replicas_of_credentials(world: World, master: Json) -> AsyncIterator[Credentials]:
    async with AsyncExitStack() as stack, balanced([]) as balancer:
        made = Credentials(world, stack, balancer)
        for _ in range(_REPLICAS):
            await made.add(master)
        yield made


@asynccontextmanager
async def load(world: World, balancer: Balancer, company_id: str) -> AsyncIterator[Sequence[Going]]:
    """Connects, our tokens and theirs, all by way of the balancer; at its end nothing of it has failed."""
    order = await connected(world, company_id)
    url = f"http://127.0.0.1:{balancer.port}"
    process, (port, _) = replica(
        world, "gateway", "GATEWAY_PORT", "GATEWAY_INTERNAL_PORT", CREDENTIALS_URL=url
    )
    gateway = f"http://127.0.0.1:{port}"
    async with (
        running(process, within=60.0),
        outgoing.session(Fence.only(url), resend=True) as session,
    ):
        tokens = CustomerTokens(
            session=session,
            credentials_url=url,
            internal_token=SecretStr(world.stack.keys["results-publisher_token"]),
            clock=asyncio.get_running_loop().time,
        )
        users: list[Going] = [
            *(Administrators(world, gateway, f"{company_id}-{name}") for name in "ab"),
            Caller(world.http, [gateway], await rotate(world, company_id), order),
            TokenUser(tokens, company_id),
        ]
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for user in users:
                group.create_task(user.run(stop))
            try:
                yield users
            finally:
                stop.set()
    assert [failure for user in users for failure in user.failures] == []


@asynccontextmanager
async def masters_of(world: World) -> AsyncIterator[Json]:
    """The master credential of the stack; it is the only one again at the end."""
    keys = world.stack.keys
    ours = {"client_id": keys["master_client_id"], "client_secret": keys["master_client_secret"]}
    await world.admin("PUT", "/limits", _NO_LIMITS)
    try:
        yield ours
    finally:
        await world.admin("PUT", "/master-credentials", [ours])
        await world.admin("PUT", "/limits", _SMARTRECRUITERS_LIMITS)


@pytest.mark.parametrize("client_id", ["local-partner", "another-partner"])
async def test_no_call_fails_while_replicas_are_restarted_with_another(world: World, client_id: str) -> None:
    company_id = f"with-{client_id}"
    async with masters_of(world) as old, replicas_of_credentials(world, old) as credentials:
        new = {"client_id": client_id, "client_secret": secrets.token_urlsafe(24)}
        async with load(world, credentials.balancer, company_id) as users:
            await goes_on(users)
            since = await world.now()
            await world.admin("PUT", "/master-credentials", [old, new])
            for _ in range(_REPLICAS):
                await credentials.replace_oldest(new)
                await goes_on(users)
            await world.admin("PUT", "/master-credentials", [new])
            ended = await world.now()
            await goes_on(users)
    assert {call["status"] for call in await world.record(since, call="integration")} == {200}
    assert {call["status"] for call in await world.record(since, call="token")} == {200}
    assert await world.record(ended, call="integration"), "with the new one alone"
