"""The Faust app: three agents, one table. Built by a function; nothing is constructed at import."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import faust
import structlog
from contracts import codec
from contracts.errors import ContractError
from contracts.topics import ENGINES_UPDATES, GATEWAY_ORDERS, RESULTS_DELIVERIES, Topic
from runtime.kafka import security

from orders.insights.consumer import Transport
from orders.insights.numbers import Rules
from orders.insights.tables import Tables

READ = (GATEWAY_ORDERS, ENGINES_UPDATES, RESULTS_DELIVERIES)

log = structlog.get_logger()


def credentials() -> Any:
    """Returns what `runtime.kafka.security` says, in Faust's words."""
    given = security.options()
    context = given.get("ssl_context")
    if "sasl_mechanism" in given:
        return faust.SASLCredentials(
            mechanism=given["sasl_mechanism"],
            username=given["sasl_plain_username"],
            password=given["sasl_plain_password"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None


def build(
    *,
    bootstrap_servers: str,
    prefix: str,
    partitions: int,
    replication: int,
    folder: str,
    rules: Rules,
    keep: timedelta,
    clock: Callable[[], datetime],
) -> tuple[faust.App, Tables]:
    """Returns the app and its tables, which are counted anew after each rebalance.

    At least once, one event at a time of a topic: more was measured to commit past unfinished work.
    """
    app = faust.App(
        f"{prefix}orders-insights",
        broker=[f"kafka://{server.strip()}" for server in bootstrap_servers.split(",")],
        broker_credentials=credentials(),
        broker_session_timeout=10.0,
        broker_heartbeat_interval=3.0,
        broker_commit_interval=1.0,
        consumer_auto_offset_reset="earliest",
        processing_guarantee="at_least_once",
        store="memory://",
        datadir=folder,
        topic_partitions=partitions,
        topic_replication_factor=replication,
        topic_disable_leader=True,
        stream_recovery_delay=0.0,
        web_enabled=False,
    )
    app.transport = Transport(app.conf.broker_consumer, app)
    # No value_type: faust takes any for a model of its own when it reads the changelog back, dict too.
    orders = app.Table("facts", partitions=partitions, key_type=str)
    tables = Tables(orders=orders, rules=rules, keep=keep)

    async def rebuild() -> None:
        tables.rebuild(clock())

    orders.on_recover(rebuild)
    for topic in READ:
        agent = app.agent(
            _source(app, prefix + topic.name), name=f"orders.insights.{topic.name}", concurrency=1
        )
        agent(_agent(topic, tables, clock))
    return app, tables


def _source(app: faust.App, name: str) -> Any:
    """Returns a topic of ours, whose records are read as they are."""
    return app.topic(
        name,
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
        internal=False,
    )


def _agent(topic: Topic, tables: Tables, clock: Callable[[], datetime]) -> Callable[[Any], Any]:
    async def counting(stream: Any) -> None:
        events: AsyncIterator[Any] = stream.events()
        async for event in events:
            _count(topic, tables, event, clock())

    return counting


def _count(topic: Topic, tables: Tables, event: Any, now: datetime) -> None:
    message = event.message
    headers = message.headers.items() if isinstance(message.headers, dict) else message.headers or ()
    try:
        decoded = codec.decode(event.value, headers)
    except ContractError as error:
        # The orders service makes a dead letter of it; numbers go without.
        log.warning("not counted", topic=topic.name, offset=message.offset, reason=str(error))
        return
    tables.count(decoded.subject, decoded.data, partition=message.partition, now=now)
