"""Every client of ours reaches a Kafka that wants TLS and a password, and none without them."""

import sys
from collections.abc import Iterator
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
from runtime.kafka import access, security, topics
from runtime.kafka.producer import EventProducer
from runtime.settings import KafkaSecurity, load

from tests.orders.support.events import event, placed, updated
from tests.reference_engine.bus import connected, requested
from tests.runtime.support import clients
from tests.support import processes
from tests.support.guards import Lines
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.secure_kafka import ADMINISTRATOR, MECHANISMS, USERS, SecureKafka, secure_kafka
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("secure")) as started:
        yield started


def use(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


async def made(secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, mechanism: str) -> str:
    """Returns the prefix of topics that `bridge` made over TLS and SASL, and everybody's rights to them."""
    prefix = f"t{token_hex(4)}."
    await secure.allow(prefix)
    use(monkeypatch, secure.settings("bridge", mechanism))
    await topics.create(secure.bootstrap, prefix, partitions=1)
    return prefix


by_mechanism = pytest.mark.parametrize("mechanism", MECHANISMS)


async def test_bridge_gives_rights_and_makes_topics_by_it(secure: SecureKafka, tmp_path: Path) -> None:
    prefix = f"t{token_hex(4)}."

    async def bridge(command: str, user: str) -> list[str]:
        place = {"KAFKA_BOOTSTRAP_SERVERS": secure.bootstrap, "KAFKA_TOPIC_PREFIX": prefix}
        process = Process(
            [str(Path(sys.executable).with_name("bridge")), "topics", command],
            env={**secure.settings(user), **place},
            log=tmp_path / command,
        )
        async with processes.running(process):
            assert await process.wait() == 0, process.output
            return process.output.splitlines()

    assert f"bridge: create topic {prefix}{GATEWAY_ORDERS.name}" in await bridge("allow", ADMINISTRATOR)
    assert f"{prefix}{GATEWAY_ORDERS.name}" in await bridge("create", "bridge")


@by_mechanism
async def test_admin_producer_consumer_view_and_probe_speak_it(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, mechanism: str
) -> None:
    prefix = await made(secure, monkeypatch, mechanism)
    use(monkeypatch, secure.settings("orders", mechanism))
    await topics.require(secure.bootstrap, prefix, [ENGINES_UPDATES])
    heard: list[str] = []
    viewed: list[bytes] = []
    async with clients(secure.bootstrap, prefix, heard, viewed) as producer:
        await producer.publish(ENGINES_UPDATES, event(updated("o1", Stage.LAUNCH)))
        await eventually(lambda: heard and viewed, 20)
        assert await KafkaOrderLog(producer=producer, bootstrap_servers=secure.bootstrap).answers()


@by_mechanism
async def test_the_reference_engine_speaks_it(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mechanism: str
) -> None:
    prefix = await made(secure, monkeypatch, mechanism)
    use(monkeypatch, secure.settings("reference-engine", mechanism))
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


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
async def test_insights_count_by_it(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, database_url: str, tmp_path: Path, mechanism: str
) -> None:
    """Faust takes credentials in words of its own, and has clients of its own."""
    prefix = await made(secure, monkeypatch, mechanism)
    use(monkeypatch, secure.settings("gateway", mechanism))
    async with EventProducer(
        bootstrap_servers=secure.bootstrap, prefix=prefix, client_id="tests"
    ) as producer:
        await producer.publish(GATEWAY_ORDERS, event(placed("o1")))
    use(monkeypatch, secure.settings("orders-insights", mechanism))
    given = credentials()
    assert isinstance(given, faust.SASLCredentials)
    assert (given.protocol.value, given.mechanism.value) == ("SASL_SSL", mechanism)
    insights = Process(
        ["-m", "orders.insights"],
        env={
            **secure.settings("orders-insights", mechanism),
            "KAFKA_BOOTSTRAP_SERVERS": secure.bootstrap,
            "KAFKA_TOPIC_PREFIX": prefix,
            "DATABASE_URL": database_url,
            "INTERNAL_API_TOKEN": "internal-token",
            "ORDERS_INSIGHTS_INTERNAL_PORT": str(free_port()),
            # Often: from its first moment on, before it has reached Kafka, too.
            "ORDERS_INSIGHTS_FLUSH_EVERY": "0.01",
        },
        log=tmp_path / "insights.log",
    )
    async with processes.running(insights), asyncpg.create_pool(database_url) as pool:

        async def counted() -> bool:
            return bool(await pool.fetchval("SELECT sum(orders) = 1 FROM orders.insights"))

        await eventually(counted, 40)


@by_mechanism
@pytest.mark.parametrize(
    "changes",
    [
        {"KAFKA_SASL_PASSWORD": "wrong"},
        {"KAFKA_SASL_USERNAME": "nobody"},
        {"KAFKA_SSL_CA_FILE": ""},
        {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
        {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT"},
    ],
    ids=str,
)
@pytest.mark.usefixtures("expected_errors")
async def test_without_them_nobody_gets_in(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], mechanism: str
) -> None:
    use(monkeypatch, {**secure.settings("gateway", mechanism), **changes})
    consumer = AIOKafkaConsumer(
        bootstrap_servers=secure.bootstrap, request_timeout_ms=2000, **security.options()
    )
    with pytest.raises(Exception, match=r"(?i)bootstrap|authenti"):
        await consumer.start()
    await consumer.stop()


REFUSED = "it refuses user {} by {}: make KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD what Kafka has"


@by_mechanism
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"KAFKA_SASL_PASSWORD": "wrong"}, REFUSED),
        ({"KAFKA_SASL_USERNAME": "nobody"}, "it refuses user nobody"),
        ({"KAFKA_SSL_CA_FILE": ""}, "KAFKA_SSL_CA_FILE has to know it"),
    ],
    ids=str,
)
async def test_the_setting_kafka_does_not_take_is_named(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], words: str, mechanism: str
) -> None:
    use(monkeypatch, {**secure.settings("bridge", mechanism), **changes})
    for ask in (topics.create(secure.bootstrap, "none."), access.allow(secure.bootstrap, [])):
        with pytest.raises(StartupError, match=words.format("bridge", mechanism)):
            await ask


async def test_a_mechanism_kafka_does_not_speak_is_named(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, secure.settings("bridge", "PLAIN"))
    with pytest.raises(StartupError, match="it does not speak PLAIN: change KAFKA_SASL_MECHANISM"):
        await topics.create(secure.scram_only, "none.")


@by_mechanism
async def test_who_waits_for_kafka_says_that_it_is_refused(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch, logs: Lines, mechanism: str
) -> None:
    """Services and engines go on trying: the password may be mended in Kafka."""

    def refused(user: str) -> set[str]:
        words = REFUSED.format(user, mechanism)
        return {line["event"] for line in logs if str(line.get("reason", "")).startswith(words)}

    use(monkeypatch, {**secure.settings("orders", mechanism), "KAFKA_SASL_PASSWORD": "wrong"})
    async with clients(secure.bootstrap, "none.", [], []):
        await eventually(lambda: refused("orders") == {"Kafka does not answer", "view waits for Kafka"}, 20)
    use(monkeypatch, {"KAFKA_SASL_USERNAME": "reference-engine", "REFERENCE_ENGINE_PORT": str(free_port())})
    use(monkeypatch, {"KAFKA_BOOTSTRAP_SERVERS": secure.bootstrap})
    async with running_engine(load_engine()):
        await eventually(
            lambda: refused("reference-engine") == {"Kafka does not answer", "view: Kafka does not answer"},
            20,
        )


async def test_who_may_not_make_topics_is_told_so(
    secure: SecureKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, secure.settings("gateway"))
    with pytest.raises(StartupError, match="TopicAuthorizationFailed"):
        await topics.create(secure.bootstrap, "none.")
    with pytest.raises(StartupError, match="or gateway may not use them, `bridge topics allow`"):
        await topics.require(secure.bootstrap, "none.", [GATEWAY_ORDERS])


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
