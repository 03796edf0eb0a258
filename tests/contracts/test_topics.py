"""The registry of topics keeps its own rules."""

import re
from datetime import timedelta

import pytest
from contracts.envelope import EventData
from contracts.events import EVENTS
from contracts.topics import DEAD_LETTER_RETENTION, TOPICS, Topic

PARTIES = {"gateway", "credentials", "orders", "orders-insights", "results-publisher", "engines"}

each_topic = pytest.mark.parametrize("topic", TOPICS, ids=[topic.name for topic in TOPICS])


@each_topic
def test_a_name_is_owner_and_noun_without_underscore(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*", topic.name)
    assert topic.dead_letter == f"{topic.name}.dlq"
    owner = topic.name.split(".")[0]
    assert topic.producers[0] == {"results": "results-publisher"}.get(owner, owner)


@each_topic
def test_producer_and_consumers_are_known_and_nobody_talks_to_itself(topic: Topic) -> None:
    assert {*topic.producers, *topic.consumers} <= PARTIES
    assert len(set(topic.consumers)) == len(topic.consumers) > 0
    assert topic.producers[0] not in topic.consumers


@each_topic
def test_what_is_kept_for_ever_is_in_one_partition(topic: Topic) -> None:
    """A reader of a compacted topic reads all of it, in one order; the others are spread and forgotten."""
    if topic.retention is None:
        assert topic.partitions == 1
    else:
        assert topic.partitions > 1
        assert timedelta(days=7) <= topic.retention <= DEAD_LETTER_RETENTION


def test_every_event_belongs_to_exactly_one_topic() -> None:
    belonging = [event for topic in TOPICS for event in topic.events]
    assert sorted(event.TYPE for event in belonging) == sorted(event.TYPE for event in EVENTS)


def test_names_are_unique() -> None:
    names = [name for topic in TOPICS for name in (topic.name, topic.dead_letter)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("event", EVENTS, ids=[event.TYPE for event in EVENTS])
def test_an_event_is_a_noun_and_a_past_tense_verb(event: type[EventData]) -> None:
    assert re.fullmatch(r"[a-z]+\.([a-z]+ed|held)", event.TYPE)
    assert event.VERSION >= 1


def test_results_publisher_knows_orders_itself() -> None:
    """ADR 2."""
    consumers = {topic.name: topic.consumers for topic in TOPICS}
    assert "results-publisher" in consumers["gateway.orders"]
    assert "results-publisher" in consumers["engines.updates"]
