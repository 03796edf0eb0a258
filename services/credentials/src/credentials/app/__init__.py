"""Composition root: the only module that knows all rooms."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import NoReturn
from urllib.parse import urlsplit

from contracts.topics import CREDENTIALS_INTEGRATIONS, CREDENTIALS_REVOCATIONS
from runtime import database, logging, settings
from runtime.database import Pool
from runtime.health import Health
from runtime.http.server import serving
from runtime.kafka import topics
from runtime.kafka.producer import EventProducer
from runtime.migrations import require_current
from runtime.outbox import OutboxRelay
from runtime.process import StartupError, Supervisor, run
from runtime.settings import present

from credentials import cli
from credentials.app.encryption_keys import opened_keys
from credentials.app.sign_in import attempting_of, consent_of, fence_of, local_of, now, openid_of
from credentials.errors import SealBroken
from credentials.http import server
from credentials.http.client import SmartRecruitersClient, smartrecruiters
from credentials.http.server import Services
from credentials.service.candidate_keys import CandidateKeyService
from credentials.service.connect import ConnectService
from credentials.service.integrations import IntegrationService, keep_tidy
from credentials.service.partner import PartnerService
from credentials.service.passwords import Passwords
from credentials.service.randomness import Randomness
from credentials.service.smartrecruiters_tokens import CustomerTokens, MasterTokens
from credentials.service.tokens import SigningKeys, TokenService
from credentials.service.users import UserService
from credentials.settings import DatabaseSettings, PartnerSettings, Settings, SignInSettings
from credentials.storage.candidate_keys import PostgresCandidateKeys
from credentials.storage.exchanges import PostgresExchanges
from credentials.storage.integrations import PostgresIntegrations
from credentials.storage.keys import PostgresKeys
from credentials.storage.revocations import PostgresRevocations
from credentials.storage.transactions import SCHEMA
from credentials.storage.users import PostgresUsers

SERVICE = "credentials"
MIGRATIONS = "credentials.storage.migrations"


def main() -> NoReturn:
    """Runs the service."""
    loaded = settings.load(Settings)
    logging.configure(SERVICE, loaded.log_level)
    run(SERVICE, partial(start, loaded))


async def start(settings: Settings, stack: AsyncExitStack, supervisor: Supervisor) -> None:
    """Builds everything, spawns what lasts. Refuses a stale schema, a missing topic, unreadable keys."""
    pool = await stack.enter_async_context(database.pool(settings.database_url))
    await require_current(pool, SCHEMA, MIGRATIONS)
    bootstrap, prefix = settings.kafka_bootstrap_servers, settings.kafka_topic_prefix
    await topics.require(bootstrap, prefix, [CREDENTIALS_INTEGRATIONS, CREDENTIALS_REVOCATIONS])
    producer = await stack.enter_async_context(
        EventProducer(bootstrap_servers=bootstrap, prefix=prefix, client_id=SERVICE)
    )
    client = await stack.enter_async_context(
        smartrecruiters(
            settings.smartrecruiters_api_url,
            fence=fence_of(settings.fence_hosts, "SMARTRECRUITERS_HOSTS"),
            timeout_seconds=settings.credentials_outbound_timeout_seconds,
        )
    )
    settings, keys = await opened_keys(settings, stack, pool)
    relay = OutboxRelay(pool=pool, schema=SCHEMA, producer=producer)
    services = await _services(settings, stack, pool, client, relay.wake)
    _ = supervisor.spawn("outbox relay", relay.run())
    tidying = keep_tidy(services.integrations, PostgresExchanges(pool), PostgresKeys(pool), now=now)
    _ = supervisor.spawn("tidying", tidying)
    _ = supervisor.spawn("encryption keys", keys.keyring.run())
    _ = supervisor.spawn("sealing anew", keys.resealing.run(settings.credentials_reseal_seconds))
    _ = supervisor.spawn("candidate keys' tidying", services.candidate_keys.keep_tidy())
    health = Health()
    # Without Kafka it still has tokens to give; what it has to say waits in the outbox.
    health.check("database", partial(database.answers, pool))
    internal = server.build(services, health, settings.callers)
    _ = await stack.enter_async_context(
        serving(internal, settings.bind_address, settings.credentials_internal_port, name="internal")
    )


async def _services(
    settings: Settings,
    stack: AsyncExitStack,
    pool: Pool,
    client: SmartRecruitersClient,
    wake_relay: Callable[[], None],
) -> Services:
    clock = asyncio.get_running_loop().time
    integrations = PostgresIntegrations(pool)
    consent = consent_of(settings, pool)
    signing = _signing(settings, pool, clock, refresh_seconds=settings.credentials_key_check_seconds)
    try:
        await signing.ensure()
    except SealBroken as error:
        raise StartupError(error.detail) from error
    master = _master(settings, client, clock)
    stack.push_async_callback(master.close)
    customer_tokens = CustomerTokens(
        smartrecruiters=client, integrations=integrations, sealing=settings.sealing_keys, clock=clock
    )
    stack.push_async_callback(customer_tokens.close)
    return Services(
        local=await local_of(settings, pool, consent) if settings.offers_local else None,
        openid=await openid_of(settings, stack, pool, consent) if settings.offers_openid else None,
        consent=consent,
        connect=ConnectService(
            exchanges=PostgresExchanges(pool),
            integrations=integrations,
            smartrecruiters=client,
            master=master,
            sealing=settings.sealing_keys,
            pepper=settings.pepper,
            randomness=Randomness(),
            now=now,
            wait_seconds=settings.credentials_connect_wait_seconds,
            overlap=timedelta(seconds=settings.credentials_token_ttl_seconds),
            wake_relay=wake_relay,
        ),
        tokens=_tokens(settings, pool, signing, wake_relay),
        signing=signing,
        customer_tokens=customer_tokens,
        integrations=_integrations(settings, pool, wake_relay),
        candidate_keys=_candidate_keys(settings, pool),
    )


def _tokens(
    settings: Settings, pool: Pool, signing: SigningKeys, wake_relay: Callable[[], None]
) -> TokenService:
    return TokenService(
        integrations=PostgresIntegrations(pool),
        revocations=PostgresRevocations(pool),
        signing=signing,
        pepper=settings.pepper,
        issuer=settings.public_url.rstrip("/"),
        ttl=timedelta(seconds=settings.credentials_token_ttl_seconds),
        randomness=Randomness(),
        now=now,
        wake_relay=wake_relay,
    )


def _candidate_keys(settings: Settings, pool: Pool) -> CandidateKeyService:
    return CandidateKeyService(
        store=PostgresCandidateKeys(pool),
        sealing=settings.sealing_keys,
        pepper=settings.pepper,
        randomness=Randomness(),
        now=now,
    )


def _master(
    settings: Settings | PartnerSettings, client: SmartRecruitersClient, clock: Callable[[], float]
) -> MasterTokens:
    return MasterTokens(
        smartrecruiters=client,
        client_id=settings.master_client_id,
        secret=present("MASTER_CLIENT_SECRET", settings.master_client_secret),
        clock=clock,
    )


def _signing(
    settings: DatabaseSettings, pool: Pool, clock: Callable[[], float], *, refresh_seconds: float = 0.0
) -> SigningKeys:
    return SigningKeys(
        store=PostgresKeys(pool),
        sealing=settings.sealing_keys,
        randomness=Randomness(),
        now=now,
        clock=clock,
        refresh_seconds=refresh_seconds,
        published_ahead=timedelta(seconds=settings.credentials_signing_key_ahead_seconds),
    )


def _integrations(
    settings: DatabaseSettings, pool: Pool, wake_relay: Callable[[], None]
) -> IntegrationService:
    return IntegrationService(
        integrations=PostgresIntegrations(pool),
        pepper=settings.pepper,
        randomness=Randomness(),
        now=now,
        wake_relay=wake_relay,
    )


@asynccontextmanager
async def _partner_desk() -> AsyncIterator[cli.PartnerDesk]:
    loaded = settings.load(PartnerSettings)
    async with smartrecruiters(
        loaded.smartrecruiters_api_url,
        fence=fence_of(loaded.fence_hosts, "SMARTRECRUITERS_HOSTS"),
        timeout_seconds=loaded.credentials_outbound_timeout_seconds,
    ) as client:
        master = _master(loaded, client, asyncio.get_running_loop().time)
        yield cli.PartnerDesk(PartnerService(smartrecruiters=client, master=master), loaded.public_url)


@asynccontextmanager
async def _desk() -> AsyncIterator[cli.Desk]:
    loaded = settings.load(SignInSettings)
    async with database.pool(loaded.database_url, max_size=2) as pool, AsyncExitStack() as stack:
        await require_current(pool, SCHEMA, MIGRATIONS)
        loaded, keys = await opened_keys(loaded, stack, pool)
        yield cli.Desk(
            users=UserService(
                users=PostgresUsers(pool),
                passwords=Passwords(),
                attempting=attempting_of(loaded, pool),
                randomness=Randomness(),
                now=now,
                host=urlsplit(loaded.public_url).hostname or "",
            ),
            # The service's own relay looks every quarter of a second.
            integrations=_integrations(loaded, pool, lambda: None),
            store=PostgresIntegrations(pool),
            signing=_signing(loaded, pool, asyncio.get_running_loop().time),
            token_ttl=timedelta(seconds=loaded.credentials_token_ttl_seconds),
            encryption_keys=keys.service(),
            pepper=keys.pepper,
        )


partner = cli.partner(_partner_desk)
users = cli.users(_desk)
integrations = cli.integrations(_desk)
signing_keys = cli.signing_keys(_desk)
encryption_keys = cli.encryption_keys(_desk)
