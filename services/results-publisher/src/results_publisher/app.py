"""Composition root: builds everything, knows all rooms."""

import random
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn
from uuid import uuid4

from runtime import logging, process
from runtime.database import Pool, answers, pool
from runtime.fencing import Fence
from runtime.health import Health
from runtime.http import outgoing
from runtime.http.server import internal_app, serving
from runtime.kafka import topics
from runtime.kafka.producer import EventProducer
from runtime.migrations import require_current
from runtime.outbox import OutboxRelay
from runtime.process import Supervisor
from runtime.smartrecruiters_tokens import CustomerTokens

from results_publisher.domain.retry import RetryPolicy, parse_schedule
from results_publisher.http.client import ClientSettings, SmartRecruitersClient
from results_publisher.http.files import Files
from results_publisher.http.orders import add_order_routes
from results_publisher.http.server import add_routes
from results_publisher.kafka.consumer import TOPICS, consumer
from results_publisher.service.attempts import Attempts
from results_publisher.service.deliveries import DeliveryService
from results_publisher.service.dispatcher import Dispatcher, Timing
from results_publisher.service.housekeeping import Housekeeping, Retention
from results_publisher.service.ingestion import IngestionService
from results_publisher.service.lane import Limits
from results_publisher.service.outcomes import OutcomeWriter
from results_publisher.settings import Settings
from results_publisher.storage import SCHEMA
from results_publisher.storage.deliveries import PostgresDeliveries
from results_publisher.storage.erasing import PostgresErasing
from results_publisher.storage.ingestion import PostgresIngestion
from results_publisher.storage.lanes import PostgresLanes
from results_publisher.storage.outcomes import PostgresOutcomes

NAME = "results-publisher"


def run(settings: Settings) -> NoReturn:
    """Runs the service until a signal."""
    logging.configure(NAME, settings.log_level)

    async def begin(stack: AsyncExitStack, supervisor: Supervisor) -> None:
        await start(stack, supervisor, settings)

    process.run(NAME, begin)


async def start(stack: AsyncExitStack, supervisor: Supervisor, settings: Settings) -> int:
    """Starts everything; returns the internal port. Closing the stack gives all leases back."""
    database = await stack.enter_async_context(pool(settings.database_url, max_size=10))
    await require_current(database, SCHEMA, f"{SCHEMA}.storage.migrations")
    await topics.require(settings.kafka_bootstrap_servers, settings.kafka_topic_prefix, TOPICS)
    producer = await stack.enter_async_context(
        EventProducer(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            client_id=NAME,
            prefix=settings.kafka_topic_prefix,
        )
    )
    relay = OutboxRelay(pool=database, schema=SCHEMA, producer=producer)
    _ = supervisor.spawn("outbox relay", relay.run())
    tokens = await _tokens(stack, settings)
    client = await _client(stack, settings, tokens)
    dispatcher = _dispatcher(supervisor, settings, database, client, relay)
    ingestion = IngestionService(
        store=PostgresIngestion(database),
        tokens=tokens,
        due=dispatcher.due,
        changed=dispatcher.changed,
        committed=relay.wake,
        now=partial(datetime.now, UTC),
    )
    _keep_house(supervisor, settings, database, ingestion)
    _ = supervisor.spawn("dispatcher", dispatcher.run())
    consuming = consumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        prefix=settings.kafka_topic_prefix,
        producer=producer,
        handle=ingestion.handle,
    )
    _ = supervisor.spawn("consumer", consuming.run())
    health = Health()
    health.check("database", partial(answers, database))
    health.check("kafka", producer.answers)
    web = internal_app(health, callers=settings.callers)
    add_routes(web, DeliveryService(store=PostgresDeliveries(database), replayed=dispatcher.look))
    add_order_routes(web, PostgresErasing(database), partial(datetime.now, UTC))
    return await stack.enter_async_context(
        serving(web, settings.bind_address, settings.results_publisher_internal_port, name=f"{NAME} internal")
    )


def _dispatcher(
    supervisor: Supervisor,
    settings: Settings,
    database: Pool,
    client: SmartRecruitersClient,
    relay: OutboxRelay,
) -> Dispatcher:
    owner = uuid4()
    now = partial(datetime.now, UTC)
    lease = settings.results_publisher_lease
    outcomes = OutcomeWriter(store=PostgresOutcomes(database, owner=owner), now=now, written=relay.wake)
    _ = supervisor.spawn("outcome writer", outcomes.run())
    attempts = Attempts(
        sender=client,
        policy=RetryPolicy(
            schedule=parse_schedule(settings.results_publisher_retry_schedule),
            doubtful_tries=settings.results_publisher_doubtful_tries,
        ),
        now=now,
        clock=time.monotonic,
        jitter=partial(random.uniform, -1.0, 1.0),
    )
    return Dispatcher(
        store=PostgresLanes(database, owner=owner, lease=timedelta(seconds=lease)),
        attempts=attempts,
        outcomes=outcomes,
        limits=Limits(
            per_second=settings.results_publisher_requests_per_second,
            in_flight=settings.results_publisher_in_flight,
        ),
        timing=Timing(
            lease=lease,
            hold_recheck=settings.results_publisher_hold_recheck,
            max_lanes=settings.results_publisher_max_companies,
        ),
        clock=time.monotonic,
        now=now,
        told=relay.wake,
    )


async def _tokens(stack: AsyncExitStack, settings: Settings) -> CustomerTokens:
    fence = Fence.only(settings.credentials_url)
    session = await stack.enter_async_context(outgoing.session(fence, resend=True))
    return CustomerTokens(
        session=session,
        credentials_url=settings.credentials_url,
        internal_token=settings.internal_api_token,
        clock=time.monotonic,
    )


async def _client(stack: AsyncExitStack, settings: Settings, tokens: CustomerTokens) -> SmartRecruitersClient:
    fence = Fence(settings.fence_hosts)
    file_fence = Fence(settings.results_publisher_attachment_hosts.split(","))
    files = Files(
        session=await stack.enter_async_context(outgoing.session(file_fence)),
        fence=file_fence,
        max_bytes=settings.results_publisher_attachment_max_bytes,
        deadline=settings.results_publisher_attachment_timeout,
    )
    return SmartRecruitersClient(
        session=await stack.enter_async_context(outgoing.session(fence)),
        tokens=tokens,
        fence=fence,
        files=files,
        settings=ClientSettings(
            api_url=settings.smartrecruiters_api_url,
            content_type=settings.results_publisher_content_type,
            attachment_field=settings.results_publisher_attachment_field,
            connect_timeout=settings.results_publisher_connect_timeout,
            read_timeout=settings.results_publisher_read_timeout,
        ),
    )


def _keep_house(
    supervisor: Supervisor, settings: Settings, database: Pool, ingestion: IngestionService
) -> None:
    housekeeping = Housekeeping(
        ingestion=ingestion,
        store=PostgresIngestion(database),
        retention=Retention(
            unknown_orders=timedelta(hours=settings.results_publisher_unknown_order_hours),
            held=timedelta(days=settings.results_publisher_held_days),
            deliveries=timedelta(days=settings.results_publisher_retention_days),
        ),
        now=partial(datetime.now, UTC),
    )
    _ = supervisor.spawn("housekeeping", housekeeping.run())
