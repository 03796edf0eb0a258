"""Credentials in this process, on real PostgreSQL and Kafka, with the sandbox as SmartRecruiters."""

import base64
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import aiohttp
import asyncpg
from aiohttp.test_utils import TestServer
from contracts.envelope import Event
from contracts.topics import CREDENTIALS_INTEGRATIONS
from credentials.app import start
from credentials.app.sign_in import now
from credentials.domain.attempts import AttemptRule
from credentials.service.attempting import Attempting
from credentials.service.passwords import Passwords
from credentials.service.randomness import Randomness
from credentials.service.users import UserService
from credentials.settings import Settings
from credentials.storage.attempts import PostgresAttempts
from credentials.storage.users import PostgresUsers
from pydantic import SecretStr
from runtime import database
from runtime.database import Pool
from runtime.kafka.view import CompactedView
from runtime.process import Supervisor
from sandbox.app import create_app
from sandbox.domain.faults import Fault
from sandbox.domain.state import Sandbox
from sandbox.http.server.keys import STATE
from sandbox.settings import Settings as SandboxSettings

from tests.support.ports import free_port
from tests.support.waiting import eventually

MASTER_ID, MASTER_SECRET = "the-master", "the-master-secret-of-the-partner"
INTERNAL_TOKEN = "internal-token-of-the-tests"
EMAIL, PASSWORD, ORGANISATION = "Ada.Admin@Acme.example", "correct horse battery", "Acme Ltd"
PUBLIC_URL = "https://bridge.example"
NOTHING_USABLE = {"state": "pending", "ours": [], "theirs": []}


@dataclass(frozen=True)
class Answer:
    """What a call got."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Replica:
    """One process's worth of credentials, started inside this one."""

    url: str
    stack: AsyncExitStack

    @classmethod
    def of_process(cls, url: str) -> "Replica":
        """One that runs in a process of its own, which the test ends."""
        return cls(url, AsyncExitStack())

    async def stop(self) -> None:
        await self.stack.aclose()


@dataclass
class World:
    """Credentials and what is around it."""

    bootstrap: str
    prefix: str
    database_url: str
    session: aiohttp.ClientSession
    sandbox_url: str
    sandbox: Sandbox
    encryption_keys: str
    pepper: str = "the-pepper-of-the-tests"
    replicas: list[Replica] = field(default_factory=list)

    def environment(self, **changes: Any) -> dict[str, str]:
        """The service's settings, as in its environment."""
        given = {
            "kafka_bootstrap_servers": self.bootstrap,
            "kafka_topic_prefix": self.prefix,
            "database_url": self.database_url,
            "smartrecruiters_api_url": self.sandbox_url,
            "public_url": PUBLIC_URL,
            "internal_api_token": INTERNAL_TOKEN,
            "encryption_keys": self.encryption_keys,
            "secret_pepper": self.pepper,
            "master_client_id": MASTER_ID,
            "master_client_secret": MASTER_SECRET,
            "credentials_outbound_timeout_seconds": 10,
        }
        return {name.upper(): str(value) for name, value in (given | changes).items()}

    def settings(self, **changes: Any) -> Settings:
        return Settings.model_validate(
            {name.lower(): value for name, value in self.environment(**changes).items()}
        )

    async def start(self, **changes: Any) -> Replica:
        port = free_port()
        stack = AsyncExitStack()
        try:
            await start(self.settings(credentials_internal_port=port, **changes), stack, Supervisor(stack))
        except BaseException:
            await stack.aclose()
            raise
        replica = Replica(f"http://127.0.0.1:{port}", stack)
        self.replicas.append(replica)
        return replica

    async def call(
        self,
        path: str,
        body: Any = None,
        *,
        method: str = "POST",
        replica: int = 0,
        token: str | None = INTERNAL_TOKEN,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self.replicas[replica].url + path
        async with self.session.request(method, url, json=body, headers=headers) as response:
            json_ = "json" in (response.content_type or "")
            content = await response.json(content_type=None) if json_ else await response.text()
            return Answer(response.status, content, dict(response.headers))

    async def add_user(
        self, email: str = EMAIL, password: str = PASSWORD, organisation: str = ORGANISATION, *more: str
    ) -> None:
        async with database.pool(self.database_url, max_size=1) as pool:
            users = UserService(
                users=PostgresUsers(pool),
                passwords=Passwords(),
                attempting=self.attempting(pool),
                randomness=Randomness(),
                now=now,
                host="bridge.example",
            )
            await users.add(
                email=email,
                name="Ada Admin",
                organisations=(organisation, *more),
                password=SecretStr(password),
            )

    def attempting(self, pool: Pool) -> Attempting:
        rule = AttemptRule(free=5, first_delay=timedelta(seconds=30), forgotten_after=timedelta(hours=1))
        return Attempting(
            attempts=PostgresAttempts(pool),
            account_rule=rule,
            address_rule=rule,
            pepper=self.pepper.encode(),
            now=now,
        )

    async def ticket(self, company_id: str = "acme", *, email: str = EMAIL, password: str = PASSWORD) -> str:
        body = {"company_id": company_id, "email": email, "password": password}
        answer = await self.call("/internal/consent/sign-ins", body)
        assert answer.status == 200, answer
        return str(answer.body["ticket"])

    async def grant(self, ticket: str, company_id: str = "acme", *, replica: int = 0) -> Answer:
        body = {"ticket": ticket, "company_id": company_id}
        return await self.call("/internal/consent/grants", body, replica=replica)

    async def connect(self, company_id: str = "acme") -> tuple[str, str]:
        """Connects a company; returns the credential SmartRecruiters got from us."""
        answer = await self.grant(await self.ticket(company_id), company_id)
        assert answer.status == 200, answer
        return self.issued(company_id)

    def issued(self, company_id: str = "acme") -> tuple[str, str]:
        """What SmartRecruiters holds of us for a company."""
        integration = self.sandbox.company(company_id).integration
        assert integration is not None
        return integration.client_id, integration.client_secret

    async def our_token(self, client_id: str, client_secret: str, **changes: Any) -> Answer:
        body = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
        return await self.call("/internal/oauth/token", body | changes)

    def fault(self, call: str, kind: str, **given: Any) -> None:
        self.sandbox.faults.replace([Fault.model_validate({"call": call, "kind": kind, **given})])

    def calls(self, name: str) -> list[dict[str, Any]]:
        """What SmartRecruiters has recorded of one kind of call."""
        return [one.to_json() for one in self.sandbox.record.entries(call=name)]

    async def sql(self, statement: str, *arguments: Any) -> list[Any]:
        connection = await asyncpg.connect(self.database_url, timeout=5)
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()

    async def usable(self, company_id: str = "acme") -> dict[str, Any]:
        """Everything of a connection anyone could use: all of it is there, or nothing."""
        state = await self.sql("SELECT state FROM credentials.integrations WHERE company_id = $1", company_id)
        versions = await self.sql(
            "SELECT version FROM credentials.client_credentials WHERE company_id = $1 AND state = 'active'",
            company_id,
        )
        theirs = await self.sql(
            "SELECT version FROM credentials.smartrecruiters_credentials WHERE company_id = $1", company_id
        )
        return {
            "state": state[0]["state"] if state else None,
            "ours": [row["version"] for row in versions],
            "theirs": [row["version"] for row in theirs],
        }

    async def events(self, at_least: int = 1) -> Sequence[Event[Any]]:
        """Every event of this world's integrations, when there are at least so many."""
        ours = {row["client_id"] for row in await self.sql("SELECT client_id FROM credentials.integrations")}
        found: list[Event[Any]] = []
        view = CompactedView(
            bootstrap_servers=self.bootstrap,
            prefix=self.prefix,
            topic=CREDENTIALS_INTEGRATIONS,
            apply=lambda _key, event: found.append(event) if event and event.data.client_id in ours else None,
        )
        async with AsyncExitStack() as stack:
            _ = Supervisor(stack).spawn("view of the events", view.run())
            await eventually(lambda: len(found) >= at_least, 15)
        return found


def made_up_keys(*ids: str) -> str:
    return ",".join(f"{one}:{base64.b64encode(secrets.token_bytes(32)).decode()}" for one in ids or ("k1",))


CONFIGURATION = {
    "consentUrl": f"{PUBLIC_URL}/connect",
    "consentDisplayMode": "POPUP",
    "assessmentPackageListUrl": f"{PUBLIC_URL}/packages",
    "singleAssessmentPackageUrl": f"{PUBLIC_URL}/packages/{{assessmentPackageId}}",
    "oauthTokenUrl": f"{PUBLIC_URL}/oauth/token",
    "supportedAssessmentTypes": ["SKILL_TEST"],
}


@asynccontextmanager
async def fresh_world(bootstrap: str, prefix: str, database_url: str) -> AsyncIterator[World]:
    """A world without a running service; those started in it are stopped at its end."""
    settings = SandboxSettings.model_validate(
        {
            "master_client_id": MASTER_ID,
            "master_client_secret": MASTER_SECRET,
            "requests_per_second": 1000,
            "in_flight": 100,
        }
    )
    app = create_app(settings)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        app[STATE].configuration = dict(CONFIGURATION)
        world = World(
            bootstrap=bootstrap,
            prefix=prefix,
            database_url=database_url,
            session=session,
            sandbox_url=str(server.make_url("")).rstrip("/"),
            sandbox=app[STATE],
            encryption_keys=made_up_keys(),
        )
        try:
            yield world
        finally:
            world.sandbox.faults.replace([])
            for replica in world.replicas:
                await replica.stop()
