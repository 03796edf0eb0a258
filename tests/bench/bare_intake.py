"""The limit of intake: aiohttp reads JSON, aiokafka waits for acks=all, 202. No token, no check, no contract.

The record is as large as the gateway's: as many headers, of the same length, only that nothing is worked out.

`python -m tests.bench.bare_intake PORT BOOTSTRAP TOPIC`
"""

import json
import sys
from collections.abc import AsyncIterator

from aiohttp import web
from aiokafka import AIOKafkaProducer

PRODUCER: web.AppKey[AIOKafkaProducer] = web.AppKey("producer", AIOKafkaProducer)
HEADERS = [
    ("ce_specversion", b"1.0"),
    ("ce_id", b"00000000-0000-0000-0000-000000000000"),
    ("ce_type", b"order.placed"),
    ("ce_source", b"gateway"),
    ("ce_time", b"2026-01-01T00:00:00.000000+00:00"),
    ("ce_subject", b"00000000-0000-0000-0000-000000000000"),
    ("ce_dataschema", b"order.placed.v1"),
    ("content-type", b"application/json"),
    ("traceparent", b"00-00000000000000000000000000000001-0000000000000001-01"),
]
TOPIC = web.AppKey("topic", str)


async def order(request: web.Request) -> web.Response:
    body = await request.read()
    placed = json.loads(body)
    key = placed["resultCallbackURL"].rsplit("/", 2)[1].encode()
    await request.app[PRODUCER].send_and_wait(request.app[TOPIC], body, key=key, headers=HEADERS)
    return web.Response(status=202)


def application(bootstrap: str, topic: str) -> web.Application:
    app = web.Application()
    app[TOPIC] = topic

    async def producer(app: web.Application) -> AsyncIterator[None]:
        app[PRODUCER] = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", linger_ms=0)
        await app[PRODUCER].start()
        yield
        await app[PRODUCER].stop()

    async def ready(_request: web.Request) -> web.Response:
        return web.Response()

    app.cleanup_ctx.append(producer)
    app.router.add_post("/packages/orders", order)
    app.router.add_get("/health/ready", ready)
    return app


if __name__ == "__main__":
    web.run_app(
        application(sys.argv[2], sys.argv[3]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=None,
    )
