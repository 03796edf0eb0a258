"""Kafka and PostgreSQL for tests: those given, else containers, else local processes. Always real."""

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from threading import Event
from time import monotonic

from local_stack.kafka import LocalKafka, answers
from local_stack.postgres import LocalPostgres
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from tests.support.ports import free_port

KAFKA_WITHIN = 90.0
PULL_WITHIN = 120
KAFKA_IMAGE = "apache/kafka:4.1.1"
POSTGRES_IMAGE = "postgres:17-trixie"

# The fixtures stop their containers; a reaper would be one more image to get before the first test.
testcontainers_config.ryuk_disabled = True


@contextmanager
def kafka(folder: Path) -> Iterator[str]:
    """Yields bootstrap servers."""
    if given := os.environ.get("TEST_KAFKA_BOOTSTRAP_SERVERS"):
        yield given
    elif docker_answers():
        with _kafka_container() as bootstrap:
            yield bootstrap
    else:
        with LocalKafka(folder / "kafka", free_port()) as local:
            yield local.bootstrap_servers


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Yields the address of a database from which others can be made."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
    elif docker_answers():
        with PostgresContainer(POSTGRES_IMAGE, driver=None) as container:
            yield str(container.get_connection_url())
    else:
        with LocalPostgres(folder / "postgres", free_port()) as local:
            yield local.url


@cache
def docker_answers() -> bool:
    """Whether there is a Docker engine to run containers on, and it has or gets the images."""
    with warnings.catch_warnings():
        # A refused connection to the engine's socket is left unclosed in the client's library.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            with closing(DockerClient(timeout=3).client) as client:
                _ = client.ping()
            with closing(DockerClient(timeout=PULL_WITHIN).client) as client:
                for image in (KAFKA_IMAGE, POSTGRES_IMAGE):
                    if not client.images.list(image):
                        client.images.pull(image)
        except Exception:  # whatever keeps it away, the local processes serve
            return False
        finally:
            gc.collect()
    return True


@contextmanager
def _kafka_container() -> Iterator[str]:
    # The broker names its own address to clients, so the port outside is chosen before it starts.
    port = free_port()
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports(9092, port)
    for name, value in settings.items():
        container = container.with_env(name, value)
    with container:
        _wait_for_kafka(port)
        yield f"127.0.0.1:{port}"


def _wait_for_kafka(port: int) -> None:
    deadline = monotonic() + KAFKA_WITHIN
    while not answers(port):
        assert monotonic() < deadline, f"Kafka's container did not answer within {KAFKA_WITHIN:.0f} s"
        Event().wait(0.1)
