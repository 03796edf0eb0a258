"""The engine as a process: killed in the middle, started without Kafka, finishing tests by itself."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from contracts.topics import ENGINES_UPDATES
from local_stack.kafka import LocalKafka
from reference_engine.domain.catalogue import SKILL_TEST
from reference_engine.domain.links import Links
from reference_engine.settings import Settings
from runtime.kafka import topics as kafka_topics

from tests.reference_engine.bus import Bus, connected, requested
from tests.support.ports import free_port
from tests.support.processes import Process, running
from tests.support.waiting import eventually

KEY = "k" * 32


def engine(
    bootstrap: str, prefix: str, folder: Path, *, waits: bool = True, **env: str
) -> tuple[Process, str]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    process = Process(
        ["-m", "reference_engine"],
        env={
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap,
            "KAFKA_TOPIC_PREFIX": prefix,
            "REFERENCE_ENGINE_PORT": str(port),
            "REFERENCE_ENGINE_URL": base,
            "REFERENCE_ENGINE_SECRET": KEY,
            **env,
        },
        log=folder / "engine.log",
        ready_url=f"{base}/health/ready" if waits else f"{base}/health/live",
    )
    return process, base


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


async def test_killed_and_started_again_it_knows_every_order(
    kafka: str, topics: str, bus: Bus, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    process, base = engine(kafka, topics, tmp_path)
    links = Links(base, KEY.encode())
    answers = {question.id: str(question.right) for question in SKILL_TEST.questions}
    async with running(process):
        await bus.say(requested("k1"), requested("k2"))
        await bus.stages("k1", "launch")
        await bus.stages("k2", "launch")
        async with http.post(f"{links.test('k1')}/start") as answer:
            assert answer.status == 200
        async with http.post(f"{links.test('k2')}/answers", data=answers) as answer:
            assert answer.status == 200
        await process.kill()
        await bus.say(requested("k3"))
        await process.start()
        await bus.stages("k3", "launch")
        async with http.get(links.test("k1")) as answer:
            assert 'action="/tests/' in await answer.text()
        async with http.post(f"{links.test('k1')}/answers", data=answers) as answer:
            assert answer.status == 200
        async with http.get(links.report("k2")) as answer:
            assert answer.content_type == "application/pdf"
        assert await process.stop() == 0
    await bus.stages("k1", "launch", "progress", "completed")
    await bus.stages("k2", "launch", "progress", "completed")


async def test_any_replica_serves_any_candidate(
    kafka: str, topics: str, bus: Bus, tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    first, one = engine(kafka, topics, tmp_path)
    (tmp_path / "second").mkdir()
    second, other = engine(kafka, topics, tmp_path / "second")
    answers = {question.id: str(question.right) for question in SKILL_TEST.questions}
    orders = [f"p{number}" for number in range(12)]

    async def step(base: str, order_id: str, name: str, text: str) -> bool:
        address = f"{Links(base, KEY.encode()).test(order_id)}"
        async with http.get(address) as answer:
            assert text in await answer.text()
        async with http.post(f"{address}/{name}", data=answers) as answer:
            return answer.status == 200

    async with running(first), running(second):
        await bus.say(*map(requested, orders))
        await bus.caught_up()
        for order_id in orders:
            await eventually(partial(step, one, order_id, "start", "/start"))
            await eventually(partial(step, other, order_id, "answers", "/answers"))
        await first.kill()
        async with http.get(Links(other, KEY.encode()).report(orders[0])) as answer:
            assert answer.content_type == "application/pdf"
    for order_id in orders:
        await bus.stages(order_id, "launch", "progress", "completed")


async def test_killed_again_and_again_it_launches_each_order(
    kafka: str, topics: str, bus: Bus, tmp_path: Path
) -> None:
    process, _ = engine(kafka, topics, tmp_path, REFERENCE_ENGINE_AUTOPILOT="true")
    wanted = {f"n{number}" for number in range(300)}
    async with running(process):
        for cut in range(3):
            await bus.say(*(requested(f"n{number}") for number in range(cut * 100, cut * 100 + 100)))
            await process.kill()
            await process.start()
        seen: dict[str, set[str]] = {}

        async def all_done() -> bool:
            for update in await bus.events(ENGINES_UPDATES):
                seen.setdefault(update.data.order_id, set()).add(f"{update.data.stage} {update.id}")
            return set(seen) == wanted and all(
                any(stage.startswith("completed") for stage in stages) for stages in seen.values()
            )

        await eventually(all_done, within=40, every=0.2)
    # However often something was said again, it is the same three events.
    assert {len(stages) for stages in seen.values()} == {3}


async def test_without_kafka_it_lives_and_a_form_is_not_lost(
    tmp_path: Path, http: aiohttp.ClientSession
) -> None:
    broker = LocalKafka(tmp_path / "kafka", free_port())
    process, base = engine(broker.bootstrap_servers, "", tmp_path, waits=False)
    links = Links(base, KEY.encode())
    answers = {question.id: "1" for question in SKILL_TEST.questions}

    async def ready() -> bool:
        return await _status(http, f"{base}/health/ready") == 200

    async with running(process):
        assert await _status(http, f"{base}/health/ready") == 503
        with broker:
            await kafka_topics.create(broker.bootstrap_servers, "", partitions=3)
            await eventually(ready, within=40)
            async with connected(broker.bootstrap_servers, "") as bus:
                await bus.say(requested("w1"))
                await bus.stages("w1", "launch")
        async with http.post(f"{links.test('w1')}/answers", data=answers) as answer:
            assert answer.status == 503
            page = await answer.text()
        assert "could not be saved" in page
        assert page.count(" checked") == len(answers)
        assert await _status(http, f"{base}/health/ready") == 503
        with broker:
            await eventually(ready, within=40)
            async with connected(broker.bootstrap_servers, "") as bus:

                async def handed_in() -> bool:
                    async with http.post(f"{links.test('w1')}/answers", data=answers) as answer:
                        return answer.status == 200

                await eventually(handed_in, within=40)
                await bus.stages("w1", "launch", "progress", "completed")


async def _status(http: aiohttp.ClientSession, url: str) -> int:
    async with http.get(url) as answer:
        return answer.status


async def test_a_bad_setting_and_a_busy_port_are_one_line_each(
    kafka: str, tmp_path: Path, engine_settings: Settings, browser: aiohttp.ClientSession
) -> None:
    port = str(engine_settings.reference_engine_port)
    for value, code, line in (
        ("many", 2, "settings: REFERENCE_ENGINE_PORT: "),
        (port, 1, f"reference-engine: cannot listen on 127.0.0.1:{port}"),
    ):
        env = {"KAFKA_BOOTSTRAP_SERVERS": kafka, "REFERENCE_ENGINE_PORT": value}
        process = Process(["-m", "reference_engine"], env=env, log=tmp_path / f"{code}.log")
        await process.start()
        assert await process.wait() == code
        assert line in process.output
        assert "Traceback" not in process.output
