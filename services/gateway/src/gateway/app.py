"""The composition root: builds every part of the gateway and says what depends on what."""

import asyncio
import gc
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from contracts.topics import CREDENTIALS_INTEGRATIONS, ENGINES_PACKAGES, ENGINES_UPDATES, GATEWAY_ORDERS
from runtime import database
from runtime.candidate_keys.client import CandidateKeys
from runtime.candidate_keys.pool import KeyPool
from runtime.fencing import Fence
from runtime.health import Health
from runtime.http import outgoing
from runtime.http.server import internal_app, serving
from runtime.kafka.producer import EventProducer
from runtime.kafka.topics import require
from runtime.kafka.view import CompactedView
from runtime.migrations import require_current
from runtime.process import Start, StartupError, Supervisor

from gateway.domain.catalogue import Catalogue
from gateway.domain.connections import Connections
from gateway.domain.handoff import HandoffLinks
from gateway.domain.visits import VisitTokens
from gateway.http.client import CredentialsClient
from gateway.http.server import create_app
from gateway.http.server.api import IntegrationHandlers, OrderHandlers, PackageHandlers
from gateway.http.server.application import Handlers
from gateway.http.server.boundary import Boundary
from gateway.http.server.client_address import ClientAddresses
from gateway.http.server.consent import ConsentHandlers, ConsentPages, VisitReader
from gateway.http.server.handoff import HandoffHandlers
from gateway.http.server.oauth import OAuthHandlers
from gateway.http.server.pages import Pages, origins_of
from gateway.kafka.consumer import integrations_view, launches_consumer, packages_view
from gateway.kafka.producer import KafkaOrderLog
from gateway.service.addresses import CallbackAddresses, ReturnAddresses
from gateway.service.authentication import Authenticator
from gateway.service.intake import Intake
from gateway.service.integrations import IntegrationService
from gateway.service.keys import KeyStore
from gateway.service.orders import OrderService
from gateway.service.retention import clean
from gateway.settings import Settings
from gateway.storage.launches import PostgresLaunches
from gateway.storage.spool import PostgresSpool

SCHEMA = "gateway"
MIGRATIONS = "gateway.storage.migrations"


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports really taken; they differ from the settings where those say 0."""

    public: int
    internal: int


@dataclass(frozen=True, slots=True)
class _Resources:
    """What talks to the world."""

    pool: database.Pool
    producer: EventProducer
    credentials: CredentialsClient
    launches: PostgresLaunches
    candidate_keys: KeyPool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Knowledge:
    """What is held in memory, and where it comes from."""

    catalogue: Catalogue
    connections: Connections
    keys: KeyStore
    packages: CompactedView
    integrations: CompactedView
    changed: asyncio.Event


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
    knowledge = _knowledge(settings, resources)
    intake = Intake(
        orders=KafkaOrderLog(producer=resources.producer, bootstrap_servers=settings.kafka_bootstrap_servers),
        spool=PostgresSpool(pool=resources.pool, deadline=settings.gateway_spool_deadline_seconds),
    )
    health = _health(resources, knowledge)
    boundary = Boundary(settings.gateway_answer_deadline_seconds)
    handlers = _handlers(settings, resources, knowledge, intake=intake, fence=fence, health=health)
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


async def _resources(settings: Settings, stack: AsyncExitStack) -> _Resources:
    pool = await stack.enter_async_context(
        database.pool(settings.database_url, max_size=20, command_timeout=10)
    )
    await require_current(pool, SCHEMA, MIGRATIONS)
    await require(
        settings.kafka_bootstrap_servers,
        settings.kafka_topic_prefix,
        [GATEWAY_ORDERS, CREDENTIALS_INTEGRATIONS, ENGINES_PACKAGES, ENGINES_UPDATES],
    )
    producer = await stack.enter_async_context(
        EventProducer(
            bootstrap_servers=settings.kafka_bootstrap_servers,
            prefix=settings.kafka_topic_prefix,
            client_id="gateway",
            deadline=settings.gateway_broker_deadline_seconds,
        )
    )
    session = await stack.enter_async_context(outgoing.session(Fence.only(settings.credentials_url)))
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
    return _Resources(pool, producer, credentials, launches, keys)


def _knowledge(settings: Settings, resources: _Resources) -> _Knowledge:
    catalogue, connections, changed = Catalogue(), Connections(), asyncio.Event()
    bootstrap_servers, prefix = settings.kafka_bootstrap_servers, settings.kafka_topic_prefix
    return _Knowledge(
        catalogue=catalogue,
        connections=connections,
        changed=changed,
        packages=packages_view(bootstrap_servers=bootstrap_servers, prefix=prefix, catalogue=catalogue),
        integrations=integrations_view(
            bootstrap_servers=bootstrap_servers, prefix=prefix, connections=connections, changed=changed
        ),
        keys=KeyStore(
            credentials=resources.credentials,
            monotonic=time.monotonic,
            refresh_seconds=settings.gateway_keys_refresh_seconds,
        ),
    )


def _health(resources: _Resources, knowledge: _Knowledge) -> Health:
    """Kafka or PostgreSQL being away does not make it unready: orders are taken as long as one is there."""
    health = Health()

    async def can_keep_orders() -> bool:
        return resources.producer.healthy or await database.answers(resources.pool)

    health.check("signing keys", lambda: knowledge.keys.is_loaded)
    health.check("candidate keys", lambda: resources.candidate_keys.ready)
    health.check("packages", lambda: knowledge.packages.is_loaded)
    health.check("integrations", lambda: knowledge.integrations.is_loaded)
    health.check("orders can be kept", can_keep_orders)
    return health


def _handlers(
    settings: Settings,
    resources: _Resources,
    knowledge: _Knowledge,
    *,
    intake: Intake,
    fence: Fence,
    health: Health,
) -> Handlers:
    links = HandoffLinks(keys=settings.handoff_keyring, public_url=settings.public_url)
    pages = _pages(settings)
    authenticator = _authenticator(settings, knowledge)
    orders = OrderService(
        catalogue=knowledge.catalogue,
        intake=intake,
        links=links,
        callbacks=CallbackAddresses(fence),
        returns=_returns(settings),
        now=lambda: datetime.now(UTC),
        keys=resources.candidate_keys,
    )
    integrations = IntegrationService(
        authenticator=authenticator, credentials=resources.credentials, connections=knowledge.connections
    )
    return Handlers(
        packages=PackageHandlers(
            authenticator=authenticator,
            catalogue=knowledge.catalogue,
            requester_header=settings.gateway_requester_header,
        ),
        orders=OrderHandlers(authenticator=authenticator, orders=orders),
        integrations=IntegrationHandlers(integrations=integrations),
        oauth=OAuthHandlers(
            credentials=resources.credentials, keys=knowledge.keys, issuer=settings.public_url
        ),
        consent=_consent(settings, resources, fence=fence, pages=pages),
        handoff=HandoffHandlers(links=links, launches=resources.launches, pages=pages),
        health=health,
    )


def _authenticator(settings: Settings, knowledge: _Knowledge) -> Authenticator:
    return Authenticator(
        issuer=settings.public_url,
        keys=knowledge.keys,
        connections=knowledge.connections,
        changed=knowledge.changed,
        is_loaded=lambda: knowledge.integrations.is_loaded,
        now=time.time,
        remembered=settings.gateway_token_cache_size,
    )


def _consent(settings: Settings, resources: _Resources, *, fence: Fence, pages: Pages) -> ConsentHandlers:
    visits = VisitReader(
        fence=fence,
        mode=settings.gateway_consent_display_mode,
        tokens=VisitTokens(settings.handoff_keyring),
        now=time.time,
    )
    base_path = urlsplit(settings.public_url).path.rstrip("/")
    return ConsentHandlers(
        credentials=resources.credentials,
        visits=visits,
        pages=ConsentPages(pages=pages, visits=visits, base_path=base_path),
        addresses=ClientAddresses(settings.gateway_trusted_proxies.split(",")),
    )


def _pages(settings: Settings) -> Pages:
    return Pages(
        vendor=settings.gateway_vendor_name,
        origins=origins_of(settings.fence_hosts),
        secure=urlsplit(settings.public_url).scheme == "https",
    )


def _returns(settings: Settings) -> ReturnAddresses:
    everywhere = settings.gateway_return_hosts.strip() == "*"
    extra = [] if everywhere else settings.gateway_return_hosts.split(",")
    try:
        return ReturnAddresses(fence=Fence([*settings.fence_hosts, *extra]), everywhere=everywhere)
    except ValueError as error:
        raise StartupError(f"GATEWAY_RETURN_HOSTS: {error}") from error
