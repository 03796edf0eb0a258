"""Topics are created before use, never by writing to them: `bridge topics create`."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, NoError, TopicAlreadyExistsError, for_code
from contracts.topics import DEAD_LETTER_RETENTION, TOPICS, Topic

from runtime.errors import StartupError
from runtime.kafka import security
from runtime.settings import KafkaSecurity


async def create(
    bootstrap: str, prefix: str, *, replication: int = 1, partitions: int | None = None
) -> list[str]:
    """Creates what is missing of the registry's topics and their dead letters; returns those names.

    `partitions` lowers the registry's numbers (tests). What is there already is left as it is.
    """
    return await _create(bootstrap, _wanted(prefix, replication, partitions))


async def create_compacted(
    bootstrap: str, names: Iterable[str], *, partitions: int, replication: int
) -> list[str]:
    """Creates what is missing of topics beside the registry: a process's own state; returns those names."""
    config = _config(None, replication)
    return await _create(
        bootstrap, [NewTopic(name, partitions, replication, topic_configs=config) for name in names]
    )


async def delete(bootstrap: str, prefix: str) -> None:
    """Deletes the registry's topics of a prefix; an empty prefix raises ValueError."""
    if not prefix:
        raise ValueError("topics without a prefix are never deleted by us")
    async with _admin(bootstrap) as admin:
        names = {topic.name for topic in _wanted(prefix, 1, None)} & set(await admin.list_topics())
        if names:
            await admin.delete_topics(sorted(names), timeout_ms=15_000)


async def require(bootstrap: str, prefix: str, topics: Iterable[Topic]) -> None:
    """Raises StartupError naming the topics that are missing, or Kafka when it does not answer."""
    async with _admin(bootstrap) as admin:
        present = set(await admin.list_topics())
    missing = sorted({prefix + topic.name for topic in topics} - present)
    if missing:
        # Kafka shows nobody a topic it may not use.
        user = KafkaSecurity().kafka_sasl_username
        hidden = f" or {user} may not use them, `bridge topics allow`" if user else ""
        raise StartupError(f"topics are missing, run `bridge topics create`{hidden}: {', '.join(missing)}")


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=15_000, **security.options())
    try:
        async with asyncio.timeout(30):
            await admin.start()
            yield admin
    except (TimeoutError, KafkaError, OSError) as error:
        cause = await security.refusal(bootstrap, error) or repr(error)
        raise StartupError(f"Kafka at {bootstrap} does not do it: {cause}") from error
    finally:
        async with asyncio.timeout(5):
            await admin.close()


async def _create(bootstrap: str, wanted: list[NewTopic]) -> list[str]:
    async with _admin(bootstrap) as admin:
        present = set(await admin.list_topics())
        missing = [topic for topic in wanted if topic.name not in present]
        if not missing:
            return []
        answer = await admin.create_topics(missing, timeout_ms=15_000)
        outcomes = {name: for_code(code) for name, code, _message in answer.topic_errors}
        for name, outcome in outcomes.items():
            # That it exists: somebody else made it at the same moment.
            if outcome not in {NoError, TopicAlreadyExistsError}:
                raise outcome(name)
        # A group that joins before the brokers know a topic gets none of its partitions for a while.
        while not await _led(admin, list(outcomes)):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.05)
        return [name for name, outcome in outcomes.items() if outcome is NoError]


async def _led(admin: AIOKafkaAdminClient, names: list[str]) -> bool:
    return all(
        topic["error_code"] == 0
        and topic["partitions"]
        and all(one["leader"] >= 0 for one in topic["partitions"])
        for topic in await admin.describe_topics(names)
    )


def _wanted(prefix: str, replication: int, partitions: int | None) -> list[NewTopic]:
    found = []
    for topic in TOPICS:
        found.append(
            NewTopic(
                prefix + topic.name,
                min(partitions or topic.partitions, topic.partitions),
                replication,
                topic_configs=_config(topic.retention, replication),
            )
        )
        found.append(
            NewTopic(
                prefix + topic.dead_letter,
                1,
                replication,
                topic_configs=_config(DEAD_LETTER_RETENTION, replication),
            )
        )
    return found


def _config(retention: timedelta | None, replication: int) -> dict[str, str]:
    # An acknowledged record is on two brokers at least, where there are three.
    config = {"min.insync.replicas": "2"} if replication >= 3 else {}
    if retention is None:
        return config | {"cleanup.policy": "compact"}
    return config | {"retention.ms": str(int(retention.total_seconds() * 1000))}
