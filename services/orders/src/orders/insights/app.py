"""Composition root of orders-insights."""

import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

import faust
import structlog
from aiokafka import AIOKafkaConsumer
from runtime import database, logging, settings
from runtime.database import Pool
from runtime.health import Health
from runtime.http.server import internal_app, serving
from runtime.kafka import security, topics
from runtime.migrations import require_current
from runtime.process import StartupError, Supervisor, run

from orders.errors import StorageUnavailable
from orders.insights.numbers import Numbers
from orders.insights.settings import Settings
from orders.insights.store import write
from orders.insights.streams import READ, build
from orders.insights.tables import Key, Tables

SERVICE = "orders-insights"

log = structlog.get_logger()


def main() -> NoReturn:
    """Runs orders-insights."""
    loaded = settings.load(Settings)
    logging.configure(SERVICE, loaded.log_level)
    run(SERVICE, partial(start, loaded))


async def start(settings: Settings, stack: AsyncExitStack, supervisor: Supervisor) -> None:
    """Builds everything and spawns what lasts. Refuses a stale schema and missing topics."""
    pool = await stack.enter_async_context(database.pool(settings.database_url, max_size=3))
    await require_current(pool, "orders", "orders.storage.migrations")
    bootstrap, prefix = settings.kafka_bootstrap_servers, settings.kafka_topic_prefix
    await topics.require(bootstrap, prefix, READ)
    partitions, replication = await _partitions(bootstrap, prefix), settings.orders_insights_replication
    app, tables = build(
        bootstrap_servers=bootstrap,
        prefix=prefix,
        partitions=partitions,
        replication=replication,
        folder=stack.enter_context(tempfile.TemporaryDirectory(prefix="orders-insights-")),
        rules=settings.rules,
        keep=timedelta(seconds=settings.orders_insights_keep),
        clock=lambda: datetime.now(UTC),
    )
    # Faust would create them while its group rebalances: one the broker does not name yet is given to
    # nobody then, and each event fails (PartitionsMismatch) until the next rebalance.
    changelogs = [table.changelog_topic.get_topic_name() for table in app.tables.values()]
    await topics.create_compacted(bootstrap, changelogs, partitions=partitions, replication=replication)
    health = Health()
    health.check("database", partial(database.answers, pool))
    health.check("streams", lambda: ready(app))
    await stack.enter_async_context(
        serving(
            internal_app(health),
            settings.bind_address,
            settings.orders_insights_internal_port,
            name=SERVICE,
        )
    )
    _ = supervisor.spawn("streams", _stream(app))
    _ = supervisor.spawn("flush", _flush(app, tables, pool, settings.orders_insights_flush_every))


def ready(app: faust.App) -> bool:
    """Whether the tables are whole and the agents at work."""
    # Not `started`: that is so before Kafka is reached, where nobody can say which partitions are ours.
    whole = app.tables.actives_ready
    return bool(whole and not app.should_stop and not app.rebalancing and not app.in_recovery)


async def _stream(app: faust.App) -> None:
    app.finalize()
    try:
        await app.start()
        await app.wait_until_stopped()
        raise app.crash_reason or RuntimeError("the streams ended")
    finally:
        async with asyncio.timeout(8):  # well within what whoever stops the process waits
            await app.stop()


async def _flush(app: faust.App, tables: Tables, pool: Pool, every: float) -> None:
    """Writes what changed."""
    while True:
        await asyncio.sleep(every)
        if not ready(app):
            continue
        changed, tables.changed = tables.changed, set()
        try:
            await write(pool, _owned(app, tables, changed))
        except StorageUnavailable as error:
            tables.changed |= changed
            log.warning("numbers are written later", reason=str(error))


def _owned(app: faust.App, tables: Tables, keys: set[Key]) -> dict[Key, Numbers]:
    """A replica writes the partitions it has: of others it may remember older numbers."""
    mine = {place.partition for place in app.consumer.assignment()}
    return {key: tables.windows[key] for key in keys if key.partition in mine and key in tables.windows}


async def _partitions(bootstrap: str, prefix: str) -> int:
    """Returns the number the topics share: an order's events are joined by partition."""
    # Subscribed: of other topics a consumer holds no metadata, and topics() only names them.
    consumer = AIOKafkaConsumer(
        *(prefix + topic.name for topic in READ), bootstrap_servers=bootstrap, **security.options()
    )
    try:
        async with asyncio.timeout(15):
            await consumer.start()
            found = {len(consumer.partitions_for_topic(prefix + topic.name) or ()) for topic in READ}
    finally:
        async with asyncio.timeout(5):
            await consumer.stop()
    if len(found) != 1:
        raise StartupError(f"{', '.join(topic.name for topic in READ)} need the same number of partitions")
    return found.pop()
