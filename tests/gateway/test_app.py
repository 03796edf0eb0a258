"""Starting and stopping: refusing to start, readiness, metrics, a real process and SIGTERM."""

import asyncio
import base64
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from gateway.app import start
from gateway.http.server.boundary import Boundary
from gateway.http.server.pages import origins_of
from gateway.settings import Settings
from pydantic import SecretStr, ValidationError
from runtime.process import StartupError, Supervisor

from tests.gateway.support.credentials import INTERNAL_TOKEN, FakeCredentials
from tests.gateway.support.world import ISSUER, World, settings_for
from tests.support.ports import free_port
from tests.support.processes import Process, running
from tests.support.waiting import eventually


async def refused(settings: Settings) -> str:
    with pytest.raises(StartupError) as error:
        async with AsyncExitStack() as stack:
            _ = await start(settings, stack, Supervisor(stack))
    return str(error.value)


async def test_a_stale_schema(kafka: str, topics: str, empty_database_url: str) -> None:
    settings = settings_for(
        bootstrap=kafka, prefix=topics, database_url=empty_database_url, credentials_url="http://127.0.0.1:1"
    )
    assert "schema gateway is stale" in await refused(settings)


async def test_missing_topics(kafka: str, database_url: str) -> None:
    settings = settings_for(
        bootstrap=kafka, prefix="never.", database_url=database_url, credentials_url="http://127.0.0.1:1"
    )
    assert "topics are missing" in await refused(settings)


@pytest.mark.parametrize("name", ["smartrecruiters_hosts", "gateway_return_hosts"])
async def test_hosts_that_are_none(kafka: str, topics: str, database_url: str, name: str) -> None:
    settings = settings_for(
        bootstrap=kafka,
        prefix=topics,
        database_url=database_url,
        credentials_url="http://127.0.0.1:1",
        **{name: "not a host/"},
    )
    assert name.upper() in await refused(settings)


@pytest.mark.parametrize(
    "keys",
    ["a", "a:b", "a:" + base64.b64encode(bytes(32)).decode(), "a b:" + base64.b64encode(bytes(64)).decode()],
)
def test_hand_off_keys_that_are_none(keys: str) -> None:
    with pytest.raises(ValidationError, match="HANDOFF_KEYS"):
        _ = settings(handoff_keys=SecretStr(keys))


def test_hand_off_keys() -> None:
    one, two = (base64.b64encode(bytes([number]) * 64).decode() for number in (1, 2))
    assert list(settings(handoff_keys=SecretStr(f"a:{one}, b:{two}")).handoff_keyring) == ["a", "b"]
    with pytest.raises(ValidationError, match="twice"):
        _ = settings(handoff_keys=SecretStr(f"a:{one},a:{two}"))
    with pytest.raises(ValidationError, match="HANDOFF_KEYS is missing"):
        _ = settings(handoff_keys=SecretStr(""))
    (derived,) = settings(
        handoff_keys=SecretStr(""), encryption_keys=SecretStr("k:abc")
    ).handoff_keyring.values()
    assert len(derived) == 64


def settings(**changes: Any) -> Settings:
    return settings_for(bootstrap="x:1", prefix="", database_url="x", credentials_url="http://x", **changes)


def test_who_may_frame() -> None:
    assert origins_of(["a.example", "*.a.example", "a.example:8443", "http://sandbox:8090", "localhost"]) == [
        "https://a.example",
        "https://*.a.example",
        "https://a.example:8443",
        "http://sandbox:8090",
        "https://localhost:*",
        "http://localhost:*",
    ]


async def test_health_and_metrics(shared_world: World) -> None:
    _ = await shared_world.place({})
    for url in (shared_world.url, shared_world.internal_url):
        for path in ("/health/live", "/health/ready"):
            async with shared_world.session.get(url + path) as response:
                assert response.status == 200
    async with shared_world.session.get(f"{shared_world.internal_url}/metrics") as response:
        text = await response.text()
    assert 'gateway_orders_total{kept="broker"}' in text
    assert 'route="/packages/orders",status="400"' in text


async def test_no_answer_takes_too_long() -> None:
    boundary = Boundary(1.0)
    from aiohttp import web  # noqa: PLC0415
    from aiohttp.test_utils import TestClient, TestServer  # noqa: PLC0415

    async def hangs(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    app = web.Application()
    _ = app.router.add_get("/hangs", boundary.around(hangs, "/hangs"))
    async with TestClient(TestServer(app)) as client:
        began = asyncio.get_running_loop().time()
        for _ in range(2):
            async with client.get("/hangs") as response:
                assert response.status == 503
                assert "Retry-After" in response.headers
        assert asyncio.get_running_loop().time() - began < 2.5


async def test_the_process_waits_for_its_keys_serves_and_ends_on_sigterm(
    kafka: str, topics: str, database_url: str, tmp_path: Path
) -> None:
    credentials = FakeCredentials(issuer=ISSUER)
    credentials.away = True
    port, internal = free_port(), free_port()
    async with credentials.serving() as credentials_url:
        process = Process(
            ["-m", "gateway"],
            env={
                "KAFKA_BOOTSTRAP_SERVERS": kafka,
                "KAFKA_TOPIC_PREFIX": topics,
                "DATABASE_URL": database_url,
                "CREDENTIALS_URL": credentials_url,
                "PUBLIC_URL": ISSUER,
                "INTERNAL_API_TOKEN": INTERNAL_TOKEN,
                "HANDOFF_KEYS": "h1:" + base64.b64encode(bytes(64)).decode(),
                "GATEWAY_PORT": str(port),
                "GATEWAY_INTERNAL_PORT": str(internal),
            },
            log=tmp_path / "log",
            ready_url=f"http://127.0.0.1:{port}/health/live",
        )
        async with running(process):
            await process.says("keys cannot be fetched")
            credentials.away = False
            await eventually(lambda: _ready(internal), 20)
            assert await process.stop() == 0
        assert INTERNAL_TOKEN not in process.output


async def _ready(port: int) -> bool:
    import aiohttp  # noqa: PLC0415

    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/health/ready") as response,
    ):
        return response.status == 200
