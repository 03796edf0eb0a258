import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from contracts.topics import CREDENTIALS_INTEGRATIONS, TOPICS
from runtime.errors import StartupError
from runtime.kafka import topics as kafka_topics

from tests.support.ports import free_port


async def test_topics_are_created_once_with_their_dead_letters(kafka: str, topics: str) -> None:
    assert await kafka_topics.create(kafka, topics) == []
    await kafka_topics.require(kafka, topics, TOPICS)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        present = {name for name in await admin.list_topics() if name.startswith(topics)}
    finally:
        await admin.close()
    assert present == {topics + name for topic in TOPICS for name in (topic.name, topic.dead_letter)}


async def test_missing_topics_are_named(kafka: str, topic_prefix: str) -> None:
    with pytest.raises(StartupError, match=f"topics are missing.*{topic_prefix}credentials.integrations"):
        await kafka_topics.require(kafka, topic_prefix, [CREDENTIALS_INTEGRATIONS])


async def test_an_absent_kafka_is_named() -> None:
    bootstrap = f"127.0.0.1:{free_port()}"
    with pytest.raises(StartupError, match=f"Kafka at {bootstrap}"):
        await kafka_topics.require(bootstrap, "", TOPICS)


async def test_topics_without_a_prefix_are_never_deleted(kafka: str) -> None:
    with pytest.raises(ValueError, match="never deleted"):
        await kafka_topics.delete(kafka, "")


async def test_topics_of_a_process_are_created_once_and_compacted(kafka: str, topic_prefix: str) -> None:
    names = [f"{topic_prefix}state-{number}" for number in range(2)]
    for created in (names, []):
        assert await kafka_topics.create_compacted(kafka, names, partitions=3, replication=1) == created
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        assert [len(one["partitions"]) for one in await admin.describe_topics(names)] == [3, 3]
        [answer] = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, names[0])])
        assert ("cleanup.policy", "compact") in {entry[:2] for entry in answer.resources[0][4]}
        await admin.delete_topics(names)
    finally:
        await admin.close()
