import asyncio
from typing import Any
from uuid import uuid4

import pytest
from contracts.envelope import Event
from contracts.events.integration import IntegrationConnected
from contracts.topics import CREDENTIALS_INTEGRATIONS
from runtime.kafka.view import CompactedView

from tests.runtime.support import AT, producing
from tests.support.cables import cable
from tests.support.waiting import eventually


async def test_a_view_is_loaded_to_the_end_then_follows(kafka: str, topics: str) -> None:
    seen: dict[bytes, Event[Any] | None] = {}
    view = CompactedView(
        bootstrap_servers=kafka, prefix=topics, topic=CREDENTIALS_INTEGRATIONS, apply=seen.__setitem__
    )
    async with producing(kafka, topics) as producer:
        await producer.publish(CREDENTIALS_INTEGRATIONS, connected("acme"))
        await producer.publish_encoded(CREDENTIALS_INTEGRATIONS.name, b"gone", None, [])
        await producer.publish_encoded(CREDENTIALS_INTEGRATIONS.name, b"bad", b"not json", [])
        task = asyncio.create_task(view.run())
        try:
            await asyncio.wait_for(view.loaded(), 10)
            assert view.is_loaded
            assert seen.keys() == {b"acme", b"gone"}
            assert seen[b"gone"] is None
            await producer.publish(CREDENTIALS_INTEGRATIONS, connected("other"))
            await eventually(lambda: b"other" in seen)
        finally:
            task.cancel()
            await asyncio.wait([task])


async def test_an_empty_topic_is_loaded_at_once(kafka: str, topics: str) -> None:
    view = CompactedView(
        bootstrap_servers=kafka, prefix=topics, topic=CREDENTIALS_INTEGRATIONS, apply=lambda *_: None
    )
    task = asyncio.create_task(view.run())
    try:
        await asyncio.wait_for(view.loaded(), 10)
    finally:
        task.cancel()
        await asyncio.wait([task])


def connected(company_id: str) -> Event[IntegrationConnected]:
    data = IntegrationConnected(company_id=company_id, client_id="c", credential_versions=(1,), changed_at=AT)
    return Event(id=uuid4(), source="tests", time=AT, data=data)


@pytest.mark.parametrize("how", ["cut", "blocked"])
async def test_a_view_knows_when_nobody_would_tell_it(kafka: str, topics: str, how: str) -> None:
    seen: list[bytes] = []
    host, _, port = kafka.partition(":")
    async with cable(host, int(port), kafka=True) as line, producing(kafka, topics) as producer:
        view = CompactedView(
            bootstrap_servers=f"127.0.0.1:{line.port}",
            prefix=topics,
            topic=CREDENTIALS_INTEGRATIONS,
            apply=lambda key, _: seen.append(key),
        )
        assert not view.is_fed
        task = asyncio.create_task(view.run())
        try:
            await eventually(lambda: view.is_fed)
            if how == "cut":
                await line.cut()
            else:
                line.block()
            await eventually(lambda: not view.is_fed, 3.0)
            await producer.publish(CREDENTIALS_INTEGRATIONS, connected("acme"))
            assert view.is_loaded
            await line.mend()
            await eventually(lambda: view.is_fed, 40)
            assert seen == [b"acme"], "what it missed is there before it says so"
        finally:
            task.cancel()
            await asyncio.wait([task])
