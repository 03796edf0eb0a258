"""The limit of intake: aiohttp reads JSON, aiokafka waits for acks=all, 202. No token, no check, no contract.

`python -m tests.bench.bare_intake PORT BOOTSTRAP TOPIC`
"""

import json
import sys
from collections.abc import AsyncIterator

from aiohttp import web
from aiokafka import AIOKafkaProducer

PRODUCER: web.AppKey[AIOKafkaProducer] = web.AppKey("producer", AIOKafkaProducer)
TOPIC = web.AppKey("topic", str)


async def order(request: web.Request) -> web.Response:
    body = await request.read()
    placed = json.loads(body)
    key = placed["resultCallbackURL"].rsplit("/", 2)[1].encode()
    await request.app[PRODUCER].send_and_wait(request.app[TOPIC], body, key=key)
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
