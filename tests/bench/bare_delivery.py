"""The limit of delivery: aiokafka reads updates, aiohttp PATCHes them, offsets are committed.

`python -m tests.bench.bare_delivery BOOTSTRAP TOPIC COUNT URL_WITH_%s`
"""

import asyncio
import json
import sys

import aiohttp
from aiokafka import AIOKafkaConsumer, ConsumerRecord

IN_FLIGHT = 256


async def deliver(bootstrap: str, topic: str, count: int, url: str) -> None:
    """Delivers `count` records of the topic, then returns."""
    consumer = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap,
        group_id=f"{topic}.bare",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def patch(record: ConsumerRecord) -> None:
            update = json.loads(record.value)
            async with session.patch(url % update["order_id"], json={"status": "COMPLETED"}) as answer:
                await answer.read()

        done = 0
        while done < count:
            batches = await consumer.getmany(timeout_ms=200, max_records=500)
            records = [record for batch in batches.values() for record in batch]
            await asyncio.gather(*map(patch, records))
            if records:
                await consumer.commit()
            done += len(records)
    await consumer.stop()


if __name__ == "__main__":
    asyncio.run(deliver(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
