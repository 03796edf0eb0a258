import asyncio
import time

import pytest
from contracts import codec
from contracts.topics import GATEWAY_ORDERS, RESULTS_DELIVERIES
from runtime import tracing
from runtime.kafka.producer import BrokerUnavailable, EventProducer

from tests.runtime.support import everything, message, producing, published


async def test_an_event_arrives_with_its_key_headers_and_trace(kafka: str, topics: str) -> None:
    event = published("a")
    tracing.start("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    async with producing(kafka, topics) as producer:
        await producer.publish(RESULTS_DELIVERIES, event)
        assert producer.healthy
    [record] = await everything(kafka, topics + RESULTS_DELIVERIES.name, 1)
    read = codec.decode(record.value, record.headers)
    assert (record.key, read.id, read.data) == (b"a", event.id, event.data)
    assert (read.traceparent or "").startswith("00-0af7651916cd43dd8448eb211c80319c-")


async def test_an_event_of_another_topic_is_refused(kafka: str, topics: str) -> None:
    async with producing(kafka, topics) as producer:
        with pytest.raises(TypeError):
            await producer.publish(GATEWAY_ORDERS, published("a"))


async def test_a_batch_of_one_key_keeps_its_order(kafka: str, topics: str) -> None:
    async with producing(kafka, topics) as producer:
        await producer.publish_batch([message(published("a", number)) for number in range(500)])
    records = await everything(kafka, topics + RESULTS_DELIVERIES.name, 500)
    assert [codec.decode(one.value, one.headers).data.attempts for one in records] == list(range(500))


async def test_a_kafka_that_accepts_and_never_answers_costs_the_deadline_and_no_more() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    began = time.monotonic()
    async with server:
        producer = EventProducer(bootstrap_servers=f"127.0.0.1:{port}", client_id="tests", deadline=0.5)
        async with producer:
            with pytest.raises(BrokerUnavailable, match=r"no answer within 0\.5 s"):
                await producer.publish(RESULTS_DELIVERIES, published("a"))
            assert not producer.healthy
    assert time.monotonic() - began < 8


async def test_a_missing_topic_is_an_unavailable_broker(kafka: str, topic_prefix: str) -> None:
    producer = EventProducer(bootstrap_servers=kafka, prefix=topic_prefix, client_id="tests", deadline=1)
    async with producer:
        with pytest.raises(BrokerUnavailable):
            await producer.publish(RESULTS_DELIVERIES, published("a"))
