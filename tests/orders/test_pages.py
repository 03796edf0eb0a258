"""The API, the console and the commands: what people see of orders."""

import asyncio
import base64
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import aiohttp
import pytest
from click.testing import CliRunner, Result
from orders.app import commands
from orders.domain.states import State
from orders.insights.numbers import EMPTY
from orders.insights.store import write
from orders.insights.tables import Key
from runtime.database import pool
from runtime.migrations import migrate
from runtime.process import StartupError

from tests.orders.support import events
from tests.orders.support.bench import TOKEN, Bench, Servers, running, settings
from tests.orders.support.events import T0
from tests.orders.support.smartrecruiters import SmartRecruiters

Run = Callable[..., Result]


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"support:{password}".encode()).decode()}


async def test_lists_and_refusals(bench: Bench, servers: Servers, world: SmartRecruiters) -> None:
    chosen = settings(servers, world)
    port = chosen.orders_internal_port
    async with running(chosen):
        for number, company in enumerate(["acme", "globex", "acme"]):
            await bench.say(
                events.placed(f"o-{number}", company, received_at=chosen_time(number), package_id="<i>p</i>")
            )
            await bench.requested(f"o-{number}")
        assert await _ids(bench, port, "") == ["o-2", "o-1", "o-0"]
        assert await _ids(bench, port, "?company_id=acme") == ["o-2", "o-0"]
        assert await _ids(bench, port, "?state=requested&limit=1") == ["o-2"]
        assert await _ids(bench, port, "?state=completed") == []
        for bad in ("?state=done", "?limit=0", "?limit=x", "?limit=501", "?limit=%C2%B2"):
            await bench.get(f"/api/orders{bad}", port, 400)
        await bench.get("/api/orders/none", port, 404)
        await bench.get("/api/insights", port, 400)
        for body in ({"reason": ""}, {"why": "x"}, {"reason": "x" * 201}):
            await bench.post("/api/orders/o-0/cancel", port, body, 400)
        async with aiohttp.ClientSession() as stranger:
            for path in ("/api/orders", "/api/orders/o-0", "/api/insights?company_id=acme", "/console"):
                async with stranger.get(f"http://127.0.0.1:{port}{path}") as answer:
                    assert answer.status == 401
            async with stranger.get(f"http://127.0.0.1:{port}/health/ready") as answer:
                assert await answer.json() == {"status": "ready", "checks": {"database": True, "kafka": True}}


async def test_the_console_shows_and_escapes(bench: Bench, servers: Servers, world: SmartRecruiters) -> None:
    chosen = settings(servers, world)
    base = f"http://127.0.0.1:{chosen.orders_internal_port}/console"
    async with running(chosen):
        await bench.say(events.placed("o-1", package_id="<script>alert(1)</script>"))
        await bench.requested("o-1")
        async with pool(servers.database_url) as opened:
            numbers = {**EMPTY, "orders": 3, "results": 2, "seconds_to_result": 7200.0, "timed_results": 2}
            await write(opened, {Key("acme", T0, 0): numbers, Key("acme", T0, 1): {**EMPTY, "orders": 1}})
        async with aiohttp.ClientSession() as browser:
            for path in ("", "?company_id=acme&state=requested", "/orders/o-1"):
                async with browser.get(base + path, headers=basic(TOKEN)) as answer:
                    page = await answer.text()
                    assert answer.status == 200
                    assert "o-1" in page
                    assert "<script>" not in page
                    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
                    assert ("What happens next" in page) == ("/orders/" in path)
            async with browser.get(f"{base}/companies/acme", headers=basic(TOKEN)) as answer:
                page = await answer.text()
                assert "4" in page
                assert "1.0 h" in page
            for headers in (
                basic("wrong"),
                {"Authorization": "Basic ?"},
                {"Authorization": f"Bearer {TOKEN}"},
            ):
                async with browser.get(base, headers=headers) as answer:
                    assert answer.status == 401
                    assert answer.headers["WWW-Authenticate"].startswith("Basic")
            async with browser.get(f"{base}/orders/none", headers=basic(TOKEN)) as answer:
                assert answer.status == 404


async def test_commands(
    bench: Bench, servers: Servers, world: SmartRecruiters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", servers.database_url)
    async with running(settings(servers, world)):
        await bench.say(events.placed("o-1"))
        await bench.requested("o-1")
    shown = await _run("show", "o-1")
    assert "order     o-1 of company acme" in shown.output
    assert "asked the engine to assess" in shown.output
    assert "o-1  acme  engine-skill-test  requested" in (await _run("list", "--company", "acme")).output
    assert (await _run("list", "--state", State.COMPLETED.value)).output == "no orders\n"
    assert (await _run("cancel", "o-1", "--reason", "test")).output == "o-1 is cancelled\n"
    assert (await _run("cancel", "none")).output == "Error: no order none\n"
    assert (await _run("show", "none")).exit_code == 1
    monkeypatch.delenv("DATABASE_URL")
    assert "DATABASE_URL is missing" in (await _run("list")).output


async def test_it_refuses_to_start_on_a_stale_schema(
    servers: Servers, world: SmartRecruiters, empty_database_url: str
) -> None:
    chosen = settings(servers, world, database_url=empty_database_url)
    with pytest.raises(StartupError, match="schema orders is stale"):
        async with running(chosen):
            pass
    assert await migrate(empty_database_url, "orders", "orders.storage.migrations")
    assert await migrate(empty_database_url, "orders", "orders.storage.migrations") == []


def chosen_time(number: int) -> object:
    return T0 + timedelta(days=180, minutes=number)


async def _ids(bench: Bench, port: int, query: str) -> list[str]:
    found = await bench.get(f"/api/orders{query}", port)
    return [order["order_id"] for order in found["orders"]]


async def _run(*arguments: str) -> Result:
    # The commands run a loop of their own.
    return await asyncio.to_thread(partial(CliRunner().invoke, commands, list(arguments)))
