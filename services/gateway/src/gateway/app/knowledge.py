"""What the gateway's parts share: what talks to the world, and what is held in memory."""

import asyncio
import time
from dataclasses import dataclass

from runtime import database
from runtime.candidate_keys.pool import KeyPool
from runtime.kafka.producer import EventProducer
from runtime.kafka.view import CompactedView

from gateway.domain.catalogue import Catalogue
from gateway.domain.connections import Connections
from gateway.domain.revocations import Revocations
from gateway.http.client import CredentialsClient
from gateway.kafka.consumer import integrations_view, packages_view, revocations_view
from gateway.service.keys import KeyStore
from gateway.settings import Settings
from gateway.storage.launches import PostgresLaunches


@dataclass(frozen=True, slots=True)
class Resources:
    """What talks to the world."""

    pool: database.Pool
    producer: EventProducer
    credentials: CredentialsClient
    launches: PostgresLaunches
    candidate_keys: KeyPool


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What is held in memory, and where it comes from."""

    catalogue: Catalogue
    connections: Connections
    keys: KeyStore
    packages: CompactedView
    integrations: CompactedView
    revocations: Revocations
    revoked: CompactedView
    changed: asyncio.Event


def read_knowledge(settings: Settings, resources: Resources) -> Knowledge:
    """Builds what is read from Kafka and from the credentials service; nothing is read yet."""
    catalogue, connections, changed = Catalogue(), Connections(), asyncio.Event()
    revocations = Revocations()
    bootstrap_servers, prefix = settings.kafka_bootstrap_servers, settings.kafka_topic_prefix
    return Knowledge(
        catalogue=catalogue,
        connections=connections,
        changed=changed,
        revocations=revocations,
        revoked=revocations_view(bootstrap_servers=bootstrap_servers, prefix=prefix, revocations=revocations),
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
