"""orders-insights, held while it has read its table back and no partition is active yet.

An order comes then, and what is being fetched at that moment is let come to its end.
"""

import os
from typing import Any

from contracts.topics import GATEWAY_ORDERS
from faust.tables.table import Table
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from orders.insights.app import main
from runtime.kafka.producer import EventProducer

from tests.orders.support import events
from tests.support.waiting import eventually

fetch, recovered = AIOKafkaConsumerThread._fetch_records, Table.call_recover_callbacks
under_way: set[object] = set()


async def fetching(thread: Any, *given: Any, **named: Any) -> Any:
    under_way.add(this := object())
    try:
        return await fetch(thread, *given, **named)
    finally:
        under_way.remove(this)


async def recovering(table: Any) -> None:
    producer = EventProducer(
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"],
        prefix=os.environ["KAFKA_TOPIC_PREFIX"],
        client_id="tests",
    )
    async with producer:
        await producer.publish(GATEWAY_ORDERS, events.event(events.placed("o-2", received_at=events.T0)))
    await eventually(lambda: not under_way)
    await recovered(table)


if __name__ == "__main__":
    for owner, name, ours in (
        (AIOKafkaConsumerThread, "_fetch_records", fetching),
        (Table, "call_recover_callbacks", recovering),
    ):
        setattr(owner, name, ours)
    main()
