"""The composition root: builds every part of the gateway and says what depends on what."""

import gc
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

from contracts.topics import (
    CREDENTIALS_INTEGRATIONS,
    CREDENTIALS_REVOCATIONS,
    ENGINES_PACKAGES,
    ENGINES_UPDATES,
    GATEWAY_ORDERS,
)
from runtime import database
from runtime.candidate_keys.client import CandidateKeys
from runtime.candidate_keys.pool import KeyPool
from runtime.fencing import Fence
from runtime.health import Health
from runtime.http import outgoing
from runtime.http.server import internal_app, serving
from runtime.kafka.producer import EventProducer
from runtime.kafka.topics import require
from runtime.migrations import require_current
from runtime.process import Start, StartupError, Supervisor

from gateway.app.handlers import build_handlers
from gateway.app.knowledge import Knowledge, Resources, read_knowledge
from gateway.http.client import CredentialsClient
from gateway.http.server import create_app
from gateway.http.server.boundary import Boundary
from gateway.kafka.consumer import launches_consumer
from gateway.kafka.producer import KafkaOrderLog
from gateway.service.intake import Intake
from gateway.service.retention import clean
from gateway.settings import Settings
from gateway.storage.launches import PostgresLaunches
from gateway.storage.spool import PostgresSpool

SCHEMA = "gateway"
MIGRATIONS = "gateway.storage.migrations"
_TOPICS = [
    GATEWAY_ORDERS,
    CREDENTIALS_INTEGRATIONS,
    CREDENTIALS_REVOCATIONS,
    ENGINES_PACKAGES,
    ENGINES_UPDATES,
]


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports really taken; they differ from the settings where those say 0."""

    public: int
    internal: int


def starter(settings: Settings) -> Start:
    """Returns what `runtime.process.run` calls."""

    async def begin(stack: AsyncExitStack, supervisor: Supervisor) -> None:
        await start(settings, stack, supervisor)
        # What stands now stands for good: looking through it again and again would cost a tenth of the rate.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 20)

    return begin


async def start(settings: Settings, stack: AsyncExitStack, supervisor: Supervisor) -> Ports:
    """Starts the gateway; ready when the views are loaded and the keys are there. Raises StartupError."""
    fence = _fence(settings)
    resources = await _resources(settings, stack)
    knowledge = read_knowledge(settings, resources)
    intake = Intake(
        orders=KafkaOrderLog(producer=resources.producer, bootstrap_servers=settings.kafka_bootstrap_servers),
        spool=PostgresSpool(pool=resources.pool, deadline=settings.gateway_spool_deadline_seconds),
    )
    health = _health(resources, knowledge)
    boundary = Boundary(settings.gateway_answer_deadline_seconds)
    handlers = build_handlers(settings, resources, knowledge, intake=intake, fence=fence, health=health)
    app = create_app(handlers, boundary)
    consumer = launches_consumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        prefix=settings.kafka_topic_prefix,
        producer=resources.producer,
        launches=resources.launches,
    )
    for name, work in (
        ("packages view", knowledge.packages.run()),
        ("integrations view", knowledge.integrations.run()),
        ("revocations view", knowledge.revoked.run()),
        ("signing keys", knowledge.keys.run()),
        ("candidate keys", resources.candidate_keys.run()),
        ("launch addresses", consumer.run()),
        ("launch retention", clean(resources.launches)),
        ("spool relay", intake.relay()),
        ("broker watch", intake.watch()),
    ):
        _ = supervisor.spawn(name, work)
    host = settings.bind_address
    inside = serving(internal_app(health), host, settings.gateway_internal_port, name="gateway internal")
    internal = await stack.enter_async_context(inside)
    public = await stack.enter_async_context(serving(app, host, settings.gateway_port, name="gateway"))
    return Ports(public=public, internal=internal)


def _fence(settings: Settings) -> Fence:
    try:
        return Fence(settings.fence_hosts)
    except ValueError as error:
        raise StartupError(f"SMARTRECRUITERS_HOSTS: {error}") from error


async def _resources(settings: Settings, stack: AsyncExitStack) -> Resources:
    pool = await stack.enter_async_context(
        database.pool(settings.database_url, max_size=20, command_timeout=10)
    )
    await require_current(pool, SCHEMA, MIGRATIONS)
    await require(
        settings.kafka_bootstrap_servers,
        settings.kafka_topic_prefix,
        _TOPICS,
    )
    producer = await stack.enter_async_context(
        EventProducer(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            prefix=settings.kafka_topic_prefix,
            client_id="gateway",
            deadline=settings.gateway_broker_deadline_seconds,
        )
    )
    fence = Fence.only(settings.credentials_url)
    session = await stack.enter_async_context(outgoing.session(fence, resend=True))
    credentials = CredentialsClient(
        session=session,
        url=settings.credentials_url,
        token=settings.internal_api_token,
        deadline=settings.gateway_credentials_deadline_seconds,
    )
    launches = PostgresLaunches(pool=pool, retention=timedelta(days=settings.gateway_launch_retention_days))
    url, token = settings.credentials_url, settings.internal_api_token
    source = CandidateKeys(session=session, credentials_url=url, token=token)
    keys = KeyPool(source=source, size=settings.gateway_candidate_keys, clock=time.monotonic)
    return Resources(pool, producer, credentials, launches, keys)


def _health(resources: Resources, knowledge: Knowledge) -> Health:
    """Kafka or PostgreSQL being away does not make it unready: orders are taken as long as one is there."""
    health = Health()

    async def can_keep_orders() -> bool:
        return resources.producer.healthy or await database.answers(resources.pool)

    health.check("signing keys", lambda: knowledge.keys.is_loaded)
    health.check("candidate keys", lambda: resources.candidate_keys.ready)
    health.check("packages", lambda: knowledge.packages.is_loaded)
    health.check("integrations", lambda: knowledge.integrations.is_loaded)
    health.check("revocations", lambda: knowledge.revoked.is_loaded)
    health.check("orders can be kept", can_keep_orders)
    return health
