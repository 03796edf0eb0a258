"""Marked secrets and persons through every door, and with parts of the stack away: none is written down."""

import asyncio
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from local_stack import flow
from yarl import URL

from tests.e2e.support import checks, marks
from tests.e2e.support.marks import Sent
from tests.e2e.support.world import World
from tests.support.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_COMPANY, _ECHOED = "marked", "echoed"
# SmartRecruiters' side holds its people, and the engine's page its candidates: neither is ours.
_NOT_OURS = {"sandbox"}
_DEAD_LETTERS = "engines.updates.dlq"


async def test_no_mark_is_written_down(world: World) -> None:
    mark = f"zq{secrets.token_hex(6)}"
    token = await _token(world)
    said = await _knock(world, mark, token)
    await _sign_in(world, mark)
    buried = await _bury(world, mark)
    for part in ("credentials", "postgres", "kafka"):
        await world.kill(part)
        try:
            said += await _knock(world, mark, token)
        finally:
            await world.restart(part)
    placed = [
        await world.order(_COMPANY, candidate=_person(mark), **_requester(mark)),
        await world.inline_order(_COMPANY, candidate=_person(mark)),
    ]
    await checks.all_settle(world, placed)

    found = {"answers": marks.named("\n".join(said), mark)}
    found |= {
        f"{path.stem}.log": marks.named(path.read_text(errors="replace"), mark) for path in _logs(world)
    }
    found |= {f"{name} /metrics": marks.named(text, mark) for name, text in (await _metrics(world)).items()}
    found |= {"dead letters' headers": marks.named(str(buried), mark)}
    found |= {table: marks.named(text, mark) for table, text in (await _tables(world, mark)).items()}
    assert {place: what for place, what in found.items() if what} == {}
    assert len(found) > 30


async def test_what_smartrecruiters_repeats_of_ours_is_not_written_down(world: World) -> None:
    """Its errors name a person and secrets, and repeat what was sent, with our real tokens and secrets."""
    mark = f"zq{secrets.token_hex(6)}"
    since = await world.now()
    await world.admin("POST", "/companies", {"id": _ECHOED, "name": "Echoed"})
    await world.faults(_echo(mark, "integration", 400))
    said = await _consent(world)
    await world.faults()
    await world.connect(_ECHOED)
    await world.admin("DELETE", f"/companies/{_ECHOED}/tokens")
    refused = [("token", 500), ("candidate", 404), ("job", 403), ("hiring_team", 500), ("result_patch", 503)]
    await world.faults(*(_echo(mark, *one) for one in (*refused, ("result_patch", 400))))
    order = await world.order(_ECHOED)
    await eventually(lambda: _is_dead(world, order.order_id), 60)
    assert await world.admin("GET", "/faults") == [], "each of them was met"

    told = [entry["response"]["message"] for entry in await world.record(since) if entry["fault"]]
    ours = {found for text in told for found in marks.secrets(text) if mark not in found}
    assert len(told) == len(refused) + 2
    assert len(ours) >= 4, "tokens of both kinds, the customer's secret and one of ours"
    logs = {path.name: path.read_text(errors="replace") for path in _logs(world)}
    places = {"the consent page": said, **logs, **await _metrics(world)}
    for one in (mark, *ours):
        assert [place for place, text in places.items() if one in text] == []
        assert [table for table, text in (await _tables(world, one)).items() if one in text] == []
    rows = await world.rows(
        "SELECT a.answer FROM results_publisher.attempts a"
        " JOIN results_publisher.deliveries USING (delivery_id)"
        " WHERE order_id = $1 AND a.http_status >= 400",
        order.order_id,
    )
    assert ["is nobody of ours" in row["answer"] for row in rows] == [True, True], "what is wrong is kept"


async def test_the_search_would_find_them(world: World) -> None:
    """Otherwise nothing it does not find means anything."""
    control = f"zq{secrets.token_hex(6)}"
    sent = Sent("GET", f"/{control}", {"X-Request-Id": control})
    assert marks.named(await _ask(world.http, world.stack.urls.gateway, sent, ""), control)
    await eventually(lambda: [path for path in _logs(world) if control in path.read_text(errors="replace")])
    order = await world.order("acme")
    await checks.all_settle(world, [order])
    tables = await _tables(world, order.order_id)
    assert {name for name, text in tables.items() if text} >= {
        "orders.orders",
        "results_publisher.deliveries",
    }


def _person(mark: str) -> dict[str, str]:
    names = ("id", "firstName", "lastName", "phoneNumber")
    return {name: f"{mark}-{name}" for name in names} | {"email": f"{mark}@person.example"}


def _requester(mark: str) -> dict[str, str]:
    return {"requester_email": f"{mark}-boss@person.example", "requester_user_id": f"{mark}-user"}


async def _token(world: World) -> str:
    """A good one, of a company of its own."""
    await world.admin("POST", "/companies", {"id": _COMPANY, "name": "Marked"})
    await world.connect(_COMPANY)
    told = await asyncio.to_thread(world.stack.bridge, "integrations", "rotate", _COMPANY)
    _, client_id, _, secret = told.split()
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    async with world.http.post(f"{world.stack.urls.gateway}/oauth/token", data=form) as response:
        assert response.status == 200
        return str((await response.json())["access_token"])


async def _knock(world: World, mark: str, token: str) -> list[str]:
    """Everything marked, to every door; returns what was answered."""
    urls = world.stack.urls
    asked = [(urls.gateway, one) for one in marks.public(mark)]
    for url in (urls.credentials, urls.orders, urls.results_publisher, urls.insights):
        asked += [(url, one) for one in marks.internal(mark)]
    said = [await _ask(world.http, url, one, token) for url, one in asked]
    shouted = [
        (url, raw)
        for raw in marks.wire(mark)
        for url in (urls.gateway, urls.credentials, urls.orders, urls.results_publisher)
    ]
    return said + [await _shout(url, raw) for url, raw in shouted]


async def _sign_in(world: World, mark: str) -> None:
    """With an address and a password nobody has, on our own page; it shows the address to who entered it."""
    url = f"{world.stack.urls.gateway}/connect"
    async with world.http.get(url, params={"companyId": _COMPANY}) as response:
        visit = re.search(r'name="visit" value="([^"]+)"', await response.text())
    assert visit
    form = {"visit": visit[1], "email": f"{mark}@person.example", "password": f"{mark}-password"}
    async with world.http.post(f"{url}/sign-in", data=form) as response:
        assert response.status == 403
        assert f"{mark}-password" not in await response.text()


def _echo(mark: str, call: str, status: int) -> dict[str, object]:
    """SmartRecruiters refuses this call once, and talks."""
    message = (
        f"{mark}-mail@person.example is nobody of ours; client_secret={mark}-secret, Bearer {mark}-bearer;"
    )
    fault = {"call": call, "company_id": _ECHOED, "kind": "status", "status": status, "message": message}
    return fault | {"echo": True, "times": 1}


async def _consent(world: World) -> str:
    """An administrator connects the company, and it fails; returns what they are told."""
    url = f"{world.stack.urls.gateway}/connect"
    password = world.stack.keys["administrator_password"]
    form = {"email": flow.ADMINISTRATOR, "password": password}
    async with world.http.get(url, params={"companyId": _ECHOED}) as response:
        form |= _hidden(await response.text())
    async with world.http.post(f"{url}/sign-in", data=form) as response:
        form = _hidden(await response.text())
    async with world.http.post(f"{url}/grant", data=form) as response:
        assert 400 <= response.status < 600
        return f"{dict(response.headers)} {await response.text()}"


def _hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="(visit|ticket)" value="([^"]+)"', page))


async def _is_dead(world: World, order_id: str) -> bool:
    query = "SELECT 1 FROM results_publisher.deliveries WHERE order_id = $1 AND status = 'dead'"
    return bool(await world.rows(query, order_id))


async def _ask(http: aiohttp.ClientSession, url: str, sent: Sent, token: str) -> str:
    headers = {name: value.replace("TOKEN", token) for name, value in sent.headers.items()}
    try:
        async with http.request(
            sent.method,
            URL(url + sent.path, encoded=True),
            data=sent.body,
            headers=headers,
            allow_redirects=False,
        ) as response:
            assert response.status != 500, sent
            return f"{dict(response.headers)} {await response.text()}"
    except (aiohttp.ClientConnectionError, TimeoutError):
        return ""  # the part that is away just now


async def _shout(url: str, raw: bytes) -> str:
    address = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
    except OSError:
        return ""
    writer.write(raw)
    try:
        async with asyncio.timeout(10):
            return (await reader.read()).decode(errors="replace")
    finally:
        writer.close()


async def _bury(world: World, mark: str) -> list[object]:
    """Broken updates of engines; returns the headers of their dead letters."""
    bootstrap = world.stack.kafka.bootstrap_servers
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await producer.start()
    await consumer.start()
    try:
        broken = marks.updates(mark)
        for headers, value in broken:
            given = [(name, text.encode()) for name, text in headers.items()]
            await asyncio.wait_for(
                producer.send_and_wait("engines.updates", value, key=b"o", headers=given), 15
            )
        places = [
            TopicPartition(_DEAD_LETTERS, n) for n in consumer.partitions_for_topic(_DEAD_LETTERS) or [0]
        ]
        consumer.assign(places)
        seen: list[object] = []

        async def all_there() -> bool:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                seen.extend(record.headers for record in records if mark.encode() in record.value)
            return len(seen) >= len(broken)

        await eventually(all_there, 45)
        return seen
    finally:
        await asyncio.wait_for(producer.stop(), 10)
        await asyncio.wait_for(consumer.stop(), 10)


def _logs(world: World) -> list[Path]:
    return [path for path in sorted(world.stack.logs.glob("*.log")) if path.stem not in _NOT_OURS]


async def _metrics(world: World) -> dict[str, str]:
    found = {}
    urls = world.stack.urls
    internal = f"http://127.0.0.1:{world.stack.ports.gateway_internal}"
    for url in (internal, urls.credentials, urls.orders, urls.results_publisher, urls.insights):
        async with world.http.get(f"{url}/metrics") as response:
            assert response.status == 200, url
            found[url] = await response.text()
    return found


async def _tables(world: World, mark: str) -> dict[str, str]:
    """What has a mark in the rows of each table of ours."""
    tables = await world.rows(
        "SELECT schemaname, tablename FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    found = {}
    for schema, table in tables:
        query = f'SELECT t::text AS text FROM "{schema}"."{table}" AS t WHERE t::text ILIKE $1'  # noqa: S608
        rows = await world.rows(query, f"%{mark}%")
        found[f"{schema}.{table}"] = "\n".join(row["text"] for row in rows)
    return found
