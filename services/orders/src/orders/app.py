"""Composition root: the only module that knows all rooms."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn

import aiohttp
from contracts.topics import ORDERS_REQUESTS
from runtime import database, logging, settings
from runtime.candidate_keys.client import CandidateKeys
from runtime.candidate_keys.pool import KeyPool
from runtime.database import Pool
from runtime.fencing import Fence
from runtime.health import Health
from runtime.http import outgoing
from runtime.http.server import internal_app, serving
from runtime.kafka import topics
from runtime.kafka.producer import EventProducer
from runtime.migrations import require_current
from runtime.outbox import OutboxRelay
from runtime.process import Supervisor, run
from runtime.smartrecruiters_tokens import CustomerTokens

from orders.cli import orders as cli
from orders.http.candidates import add_candidates
from orders.http.client import SmartRecruitersResources
from orders.http.console import add_console
from orders.http.results import ResultsClient
from orders.http.server import add_api
from orders.kafka.consumer import CONSUMED, consumers
from orders.service.closing import Cancelling, Sweeper
from orders.service.enriching import Enriching
from orders.service.erasing import Erasing
from orders.service.intake import Intake
from orders.service.people import People
from orders.service.tracking import Tracking
from orders.settings import Settings
from orders.storage.enrichments import PostgresEnrichmentQueue
from orders.storage.erasures import PostgresErasureQueue
from orders.storage.reading import PostgresReading
from orders.storage.unit import SCHEMA, PostgresTransactions

SERVICE = "orders"
MIGRATIONS = "orders.storage.migrations"
# For orders sealed to credentials' public key: the gateway has the others sealed with keys of its own.
_KEYS_AT_HAND = 200


def main() -> NoReturn:
    """Runs the service."""
    loaded = settings.load(Settings)
    logging.configure(SERVICE, loaded.log_level)
    run(SERVICE, partial(start, loaded))


def now() -> datetime:
    """Returns the present, in UTC."""
    return datetime.now(UTC)


async def start(settings: Settings, stack: AsyncExitStack, supervisor: Supervisor) -> None:
    """Builds everything and spawns what lasts. Refuses a stale schema and missing topics."""
    pool, producer = await _servers(settings, stack)
    bootstrap, prefix = settings.kafka_bootstrap_servers, settings.kafka_topic_prefix
    relay = OutboxRelay(pool=pool, schema=SCHEMA, producer=producer)
    transactions, reading = PostgresTransactions(pool), PostgresReading(pool)
    inside = await _inside(settings, stack)
    tokens, resources = await _smartrecruiters(settings, stack, inside)
    keys, people = _candidates(settings, inside, supervisor)
    enriching = Enriching(
        transactions=transactions,
        queue=PostgresEnrichmentQueue(pool),
        resources=resources,
        people=people,
        clock=now,
        chance=random.random,
        relay=relay.wake,
        call_timeout=timedelta(seconds=settings.orders_smartrecruiters_timeout),
        per_company=settings.orders_smartrecruiters_in_flight,
    )
    erasing = _erasing(settings, pool, keys, inside, relay)
    every = timedelta(seconds=settings.orders_sweep_every)
    _ = supervisor.spawn("outbox relay", relay.run())
    _ = supervisor.spawn("enrichment", enriching.run())
    _ = supervisor.spawn("sweeper", _sweeper(settings, transactions, relay, reading).run(every))
    _ = supervisor.spawn("erasing", erasing.run(every))
    for topic, consumer in consumers(
        bootstrap_servers=bootstrap,
        prefix=prefix,
        producer=producer,
        intake=Intake(
            transactions=transactions, plan=settings.plan, clock=now, people=people, enrich=enriching.wake
        ),
        tracking=_tracking(settings, transactions, enriching, tokens),
    ).items():
        _ = supervisor.spawn(f"consumer of {topic}", consumer.run())
    app = internal_app(_health(pool, producer), callers=settings.callers)
    cancelling = Cancelling(transactions=transactions, clock=now, relay=relay.wake)
    add_api(app, reading=reading, cancelling=cancelling)
    add_console(app, callers=settings.callers)
    add_candidates(app, keys=keys, erasing=erasing, engine_token=settings.engine_api_token)
    serve = serving(app, settings.bind_address, settings.orders_internal_port, name="orders")
    await stack.enter_async_context(serve)


def _sweeper(
    settings: Settings, transactions: PostgresTransactions, relay: OutboxRelay, reading: PostgresReading
) -> Sweeper:
    return Sweeper(
        transactions=transactions,
        limits=settings.limits,
        clock=now,
        relay=relay.wake,
        forget_events=reading.forget_events,
    )


def _tracking(
    settings: Settings, transactions: PostgresTransactions, enriching: Enriching, tokens: CustomerTokens
) -> Tracking:
    return Tracking(
        transactions=transactions,
        clock=now,
        unknown_within=timedelta(seconds=settings.orders_unknown_order_within),
        enrich=enriching.wake,
        forget_token=tokens.forget,
    )


def _candidates(
    settings: Settings, inside: aiohttp.ClientSession, supervisor: Supervisor
) -> tuple[CandidateKeys, People]:
    keys = CandidateKeys(
        session=inside, credentials_url=settings.credentials_url, token=settings.internal_api_token
    )
    at_hand = KeyPool(source=keys, size=_KEYS_AT_HAND, clock=asyncio.get_running_loop().time)
    _ = supervisor.spawn("candidate keys", at_hand.run())
    return keys, People(keys=keys, at_hand=at_hand)


def _erasing(
    settings: Settings, pool: Pool, keys: CandidateKeys, inside: aiohttp.ClientSession, relay: OutboxRelay
) -> Erasing:
    results = ResultsClient(
        session=inside, url=settings.results_publisher_url, token=settings.internal_api_token
    )
    return Erasing(
        keys=keys,
        results=results,
        transactions=PostgresTransactions(pool),
        reading=PostgresReading(pool),
        queue=PostgresErasureQueue(pool),
        kept_for=settings.kept_for,
        clock=now,
        relay=relay.wake,
    )


def _health(pool: Pool, producer: EventProducer) -> Health:
    health = Health()
    health.check("database", partial(database.answers, pool))
    health.check("kafka", producer.answers)
    return health


async def _servers(settings: Settings, stack: AsyncExitStack) -> tuple[Pool, EventProducer]:
    pool = await stack.enter_async_context(
        database.pool(settings.database_url, max_size=settings.orders_database_connections)
    )
    await require_current(pool, SCHEMA, MIGRATIONS)
    bootstrap, prefix = settings.kafka_bootstrap_servers, settings.kafka_topic_prefix
    await topics.require(bootstrap, prefix, [*CONSUMED, ORDERS_REQUESTS])
    producer = await stack.enter_async_context(
        EventProducer(bootstrap_servers=bootstrap, prefix=prefix, client_id=SERVICE)
    )
    return pool, producer


async def _smartrecruiters(
    settings: Settings, stack: AsyncExitStack, inside: aiohttp.ClientSession
) -> tuple[CustomerTokens, SmartRecruitersResources]:
    clock = asyncio.get_running_loop().time
    fence = Fence(settings.fence_hosts)
    longest = aiohttp.ClientTimeout(total=settings.orders_smartrecruiters_timeout, sock_connect=10)
    outside = await stack.enter_async_context(outgoing.session(fence, timeout=longest))
    tokens = CustomerTokens(
        session=inside,
        credentials_url=settings.credentials_url,
        internal_token=settings.internal_api_token,
        clock=clock,
    )
    resources = SmartRecruitersResources(
        session=outside,
        base_url=settings.smartrecruiters_api_url,
        tokens=tokens,
        fence=fence,
        clock=clock,
        per_second=settings.orders_smartrecruiters_per_second,
        in_flight=settings.orders_smartrecruiters_in_flight,
    )
    return tokens, resources


async def _inside(settings: Settings, stack: AsyncExitStack) -> aiohttp.ClientSession:
    """For services of ours, and for nobody else."""
    fence = Fence.only(settings.credentials_url, settings.results_publisher_url)
    return await stack.enter_async_context(outgoing.session(fence, resend=True))


@asynccontextmanager
async def desk(dsn: str) -> AsyncIterator[cli.Desk]:
    """What the command line works with: the database alone; the running service relays what it writes."""
    async with database.pool(dsn, max_size=2) as pool:
        await require_current(pool, SCHEMA, MIGRATIONS)
        transactions = PostgresTransactions(pool)
        cancelling = Cancelling(transactions=transactions, clock=now, relay=lambda: None)
        yield cli.Desk(reading=PostgresReading(pool), cancelling=cancelling)


commands = cli.group(desk)
