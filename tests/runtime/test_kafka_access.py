"""Kafka's ACLs, on a broker that refuses the rest. They, the registry and the runbook say the same."""

import asyncio
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, TopicAuthorizationFailedError
from contracts.topics import TOPICS
from gateway.kafka.consumer import GROUP as GATEWAY
from orders.kafka.consumer import CONSUMED
from reference_engine.kafka.consumer import GROUP as REFERENCE_ENGINE
from results_publisher.kafka.consumer import GROUP as RESULTS_PUBLISHER
from results_publisher.kafka.consumer import TOPICS as PUBLISHED
from runtime.errors import StartupError
from runtime.kafka import access, security, topics
from runtime.kafka.access import User

from tests.support.processes import Process, running
from tests.support.secure_kafka import ENGINES, SecureKafka, secure_kafka

PREFIX = "shared."
USERS = (*access.OURS, *ENGINES)
ALL = [name for topic in TOPICS for name in (topic.name, topic.dead_letter)]
RUNBOOK = (Path(__file__).parents[2] / "docs/runbook.md").read_text()

# As the services and engines name them.
GROUPS = {
    "gateway": [GATEWAY],
    "orders": [f"orders.{topic.name}" for topic in CONSUMED],
    "orders-insights": ["orders-insights"],
    "results-publisher": [RESULTS_PUBLISHER],
    "reference-engine": [REFERENCE_ENGINE],
    "skills": ["skills", "skills.night"],
}
OTHERS = {
    "gateway": "results-publisher",
    "orders": "orders-insights",
    "orders-insights": "orders.gateway.orders",
    "results-publisher": "gateway",
    "reference-engine": "skills",
    "skills": "skills-2",
}


def by_name(users: tuple[User, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("user", users, ids=[user.name for user in users])


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    with secure_kafka(tmp_path_factory.mktemp("secure")) as started:
        yield started


@pytest.fixture(scope="module")
async def allowed(secure: SecureKafka) -> SecureKafka:
    """Everybody has their rights; `bridge`, by its own, made the topics; in each is a record."""
    await secure.allow(PREFIX)
    with pytest.MonkeyPatch.context() as environment:
        become(environment, secure, "bridge")
        assert await topics.create(secure.bootstrap, PREFIX, partitions=1) == [PREFIX + name for name in ALL]
        assert await topics.create(secure.bootstrap, PREFIX, partitions=1) == []
    async with AIOKafkaProducer(bootstrap_servers=secure.plain) as producer:
        for name in ALL:
            await producer.send_and_wait(PREFIX + name, b"a record", key=b"key")
    return secure


def become(environment: pytest.MonkeyPatch, kafka: SecureKafka, user: str) -> None:
    for name, value in kafka.settings(user).items():
        environment.setenv(name, value)


async def reads(bootstrap: str, topic: str, group: str | None = None) -> bool:
    consumer = AIOKafkaConsumer(
        PREFIX + topic,
        bootstrap_servers=bootstrap,
        group_id=group and PREFIX + group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **security.options(),
    )
    try:
        async with asyncio.timeout(20):
            await consumer.start()
            await consumer.getone()
            if group:
                await consumer.commit()
    except (TopicAuthorizationFailedError, GroupAuthorizationFailedError):
        return False
    finally:
        await consumer.stop()
    return True


async def writes(producer: Any, topic: str) -> bool:
    try:
        await producer.send_and_wait(PREFIX + topic, b"another", key=b"key")
    except TopicAuthorizationFailedError:
        return False
    return True


@by_name(USERS)
@pytest.mark.usefixtures("expected_errors")
async def test_everybody_reads_and_writes_what_the_registry_says_and_nothing_else(
    allowed: SecureKafka, monkeypatch: pytest.MonkeyPatch, user: User
) -> None:
    become(monkeypatch, allowed, user.name)
    readable = await asyncio.gather(*(reads(allowed.bootstrap, name) for name in ALL))
    assert {name for name, could in zip(ALL, readable, strict=True) if could} == set(user.reads)
    async with AIOKafkaProducer(bootstrap_servers=allowed.bootstrap, **security.options()) as producer:
        assert {name for name in ALL if await writes(producer, name)} == set(user.writes)


@pytest.mark.parametrize("user", GROUPS)
@pytest.mark.usefixtures("expected_errors")
async def test_everybody_commits_in_its_own_groups_alone(
    allowed: SecureKafka, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    become(monkeypatch, allowed, user)
    topic = next(one for one in USERS if one.name == user).reads[0]
    assert all(await asyncio.gather(*(reads(allowed.bootstrap, topic, group) for group in GROUPS[user])))
    assert not await reads(allowed.bootstrap, topic, OTHERS[user])


def test_every_reader_has_groups() -> None:
    assert GROUPS.keys() == OTHERS.keys() == {user.name for user in USERS if user.reads}


async def test_who_is_no_administrator_allows_nobody_anything(
    allowed: SecureKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    for user in ("bridge", "gateway", "skills"):
        become(monkeypatch, allowed, user)
        with pytest.raises(StartupError, match="ClusterAuthorizationFailed"):
            await access.allow(allowed.bootstrap, access.acls(access.engine("skills", store=False), ""))


async def test_bridge_allows_what_it_shows(secure: SecureKafka, tmp_path: Path) -> None:
    async def bridge(bootstrap: str, *more: str) -> list[str]:
        program = str(Path(sys.executable).with_name("bridge"))
        engines = ("--engine", "skills", "--engine-without-store", "reference-engine")
        process = Process(
            [program, "topics", "allow", *engines, *more],
            env={"KAFKA_BOOTSTRAP_SERVERS": bootstrap, "KAFKA_TOPIC_PREFIX": "new."},
            log=tmp_path / f"log{len(more)}",
        )
        async with running(process):
            assert await process.wait() == 0, process.output
            return process.output.splitlines()

    shown = await bridge("127.0.0.1:1", "--dry-run")
    assert shown == [str(acl) for user in USERS for acl in access.acls(user, "new.")]
    assert "skills: read topic new.orders.requests" in shown
    assert "orders: read group new.orders.…" in shown
    assert await bridge(secure.plain) == shown


# What the registry must not come to say by accident.
UNREAD = {
    "skills": ("gateway.orders", "credentials.integrations", "engines.updates", "results.deliveries"),
    "reference-engine": ("gateway.orders", "credentials.integrations", "results.deliveries"),
    "gateway": ("orders.requests", "results.deliveries"),
    "orders": ("credentials.revocations",),
    "orders-insights": ("credentials.integrations", "orders.requests"),
    "results-publisher": ("credentials.revocations", "orders.requests"),
}
UNWRITTEN = {
    "skills": ("gateway.orders", "credentials.integrations", "orders.requests", "results.deliveries"),
    "gateway": ("credentials.integrations", "orders.requests", "engines.updates", "engines.packages"),
    "credentials": ("gateway.orders", "orders.requests", "engines.updates", "results.deliveries"),
    "orders": ("gateway.orders", "credentials.integrations", "results.deliveries"),
    "orders-insights": ALL,
    "results-publisher": ("gateway.orders", "credentials.integrations", "orders.requests", "engines.updates"),
    "bridge": ALL,
}


@by_name(USERS)
def test_some_things_are_nobody_elses(user: User) -> None:
    assert not set(user.reads) & set(UNREAD.get(user.name, ()))
    assert not set(user.writes) & set(UNWRITTEN.get(user.name, ()))


# Who follows a topic as a view skips a record nobody can use.
BURIERS = {
    "gateway": ("engines.updates",),
    "orders": tuple(topic.name for topic in CONSUMED),
    "results-publisher": tuple(topic.name for topic in PUBLISHED),
    "reference-engine": ("orders.requests",),
    "skills": ("orders.requests",),
}


@by_name(USERS)
def test_who_buries_may_write_dead_letters_and_who_does_not_may_not(user: User) -> None:
    written = {name for name in user.writes if name.endswith(".dlq")}
    assert written == {f"{name}.dlq" for name in BURIERS.get(user.name, ())}


def test_every_party_of_the_registry_is_a_user() -> None:
    parties = {party for topic in TOPICS for party in (*topic.producers, *topic.consumers)}
    assert parties - {"engines"} == {user.name for user in access.OURS} - {"bridge"}


@by_name(access.OURS)
def test_the_runbook_has_ours(user: User) -> None:
    assert row(user) in RUNBOOK


def test_the_runbook_has_the_engines() -> None:
    assert row(access.engine("an engine")) in RUNBOOK
    assert row(access.engine("one without a store", store=False)) in RUNBOOK


def test_the_runbook_has_nobody_else() -> None:
    table = RUNBOOK.split("| user | reads |")[1].split("\n\n")[0]
    named = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)
    assert named == [user.name for user in access.OURS] + ["an engine", "one without a store"]


def row(user: User) -> str:
    """The user's line of the runbook's table."""
    buried = [name.removesuffix(".dlq") for name in user.writes if name.endswith(".dlq")]
    written = [name for name in user.writes if not name.endswith(".dlq")]
    if buried:
        everything = set(buried) == set(user.reads)
        written.append(f"dead letters of {'what it reads' if everything else ', '.join(buried)}")
    if user.keeps:
        written.append(f"its own topics, {user.name}-…, which it creates")
    if user.creates:
        assert list(user.creates) == ALL
        written.append("creates the topics")
    return f"| {user.name} | {', '.join(user.reads)} | {', '.join(written)} |\n"
