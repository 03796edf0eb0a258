"""Every client of ours reaches a Kafka that wants TLS and a password, and none without them."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex
from typing import Any

import asyncpg
import faust
import pytest
from aiokafka import AIOKafkaConsumer
from contracts.events.assessment import Stage
from contracts.topics import ENGINES_PACKAGES, ENGINES_UPDATES, GATEWAY_ORDERS
from gateway.kafka.producer import KafkaOrderLog
from orders.insights.streams import credentials
from reference_engine.app import running as running_engine
from reference_engine.settings import load as load_engine
from runtime.errors import StartupError
from runtime.kafka import security, topics
from runtime.kafka.consumer import EventConsumer, Received
from runtime.kafka.producer import EventProducer
from runtime.kafka.view import CompactedView
from runtime.process import Supervisor
from runtime.settings import KafkaSecurity, load

from tests.orders.support.events import event, placed, updated
from tests.reference_engine.bus import connected, requested
from tests.support import processes
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.secure_kafka import USERS, SecureKafka, secure_kafka
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("secure")) as started:
        yield started


def use(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


async def made(secure: SecureKafka, monkeypatch: pytest.MonkeyPatch) -> str:
    """Returns the prefix of topics that `bridge` made over TLS and SASL, and everybody's rights to them."""
    prefix = f"t{token_hex(4)}."
    await secure.allow(prefix)
    use(monkeypatch, secure.settings("bridge"))
    await topics.create(secure.bootstrap, prefix, partitions=1)
    return prefix


async def test_admin_producer_consumer_view_and_probe_speak_it(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = await made(secure, monkeypatch)
    use(monkeypatch, secure.settings("orders"))
    await topics.require(secure.bootstrap, prefix, [ENGINES_UPDATES])
    heard: list[str] = []
    viewed: list[bytes] = []

    async def handle(received: Received) -> None:
        heard.append(received.event.subject)

    async with (
        EventProducer(bootstrap_servers=secure.bootstrap, prefix=prefix, client_id="tests") as producer,
        AsyncExitStack() as stack,
    ):
        supervisor = Supervisor(stack)
        consumer = EventConsumer(
            topics=[ENGINES_UPDATES],
            group="orders.tests",
            handle=handle,
            lane=lambda _: "",
            bootstrap_servers=secure.bootstrap,
            prefix=prefix,
            producer=producer,
        )
        view = CompactedView(
            bootstrap_servers=secure.bootstrap,
            prefix=prefix,
            topic=ENGINES_UPDATES,
            apply=lambda key, _event: viewed.append(key),
        )
        _ = supervisor.spawn("consumer", consumer.run())
        _ = supervisor.spawn("view", view.run())
        await producer.publish(ENGINES_UPDATES, event(updated("o1", Stage.LAUNCH)))
        await eventually(lambda: heard and viewed, 20)
        assert await KafkaOrderLog(producer=producer, bootstrap_servers=secure.bootstrap).answers()


async def test_the_reference_engine_speaks_it(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prefix = await made(secure, monkeypatch)
    use(monkeypatch, secure.settings("reference-engine"))
    (tmp_path / "password").write_text(USERS["reference-engine"])
    monkeypatch.delenv("KAFKA_SASL_PASSWORD")
    use(
        monkeypatch,
        {
            "KAFKA_SASL_PASSWORD_FILE": str(tmp_path / "password"),
            "KAFKA_BOOTSTRAP_SERVERS": secure.bootstrap,
            "KAFKA_TOPIC_PREFIX": prefix,
            "REFERENCE_ENGINE_PORT": str(free_port()),
        },
    )
    async with connected(secure.plain, prefix) as bus, running_engine(load_engine()):
        await bus.say(requested("o1"))
        await bus.stages("o1", "launch", within=30)
        assert len(await bus.events(ENGINES_PACKAGES)) == 3


async def test_insights_count_by_it(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path
) -> None:
    """Faust takes credentials in words of its own, and has clients of its own."""
    prefix = await made(secure, monkeypatch)
    use(monkeypatch, secure.settings("gateway"))
    async with EventProducer(
        bootstrap_servers=secure.bootstrap, prefix=prefix, client_id="tests"
    ) as producer:
        await producer.publish(GATEWAY_ORDERS, event(placed("o1")))
    use(monkeypatch, secure.settings("orders-insights"))
    given = credentials()
    assert isinstance(given, faust.SASLCredentials)
    assert (given.protocol.value, given.mechanism.value) == ("SASL_SSL", "PLAIN")
    insights = Process(
        ["-m", "orders.insights"],
        env={
            **secure.settings("orders-insights"),
            "KAFKA_BOOTSTRAP_SERVERS": secure.bootstrap,
            "KAFKA_TOPIC_PREFIX": prefix,
            "DATABASE_URL": database_url,
            "INTERNAL_API_TOKEN": "internal-token",
            "ORDERS_INSIGHTS_INTERNAL_PORT": str(free_port()),
            "ORDERS_INSIGHTS_FLUSH_EVERY": "0.2",
        },
        log=tmp_path / "insights.log",
    )
    async with processes.running(insights), asyncpg.create_pool(database_url) as pool:

        async def counted() -> bool:
            return bool(await pool.fetchval("SELECT sum(orders) = 1 FROM orders.insights"))

        await eventually(counted, 40)


@pytest.mark.parametrize(
    "changes",
    [
        {"KAFKA_SASL_PASSWORD": "wrong"},
        {"KAFKA_SASL_USERNAME": "nobody"},
        {"KAFKA_SSL_CA_FILE": ""},
        {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
        {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
    ],
)
@pytest.mark.usefixtures("expected_errors")
async def test_without_them_nobody_gets_in(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str]
) -> None:
    use(monkeypatch, {**secure.settings("gateway"), **changes})
    consumer = AIOKafkaConsumer(
        bootstrap_servers=secure.bootstrap, request_timeout_ms=2000, **security.options()
    )
    with pytest.raises(Exception, match=r"(?i)bootstrap|authenti"):
        await consumer.start()
    await consumer.stop()


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: are needed"),
    ],
)
def test_bad_settings_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    words: str,
) -> None:
    use(monkeypatch, environment)
    with pytest.raises(SystemExit):
        load(KafkaSecurity)
    assert words in capsys.readouterr().err


def test_a_certificate_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use(monkeypatch, {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CA_FILE": str(tmp_path / "none")})
    with pytest.raises(StartupError, match="KAFKA_SSL_CA_FILE"):
        security.options()
