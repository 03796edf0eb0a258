"""What the use cases need from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from contracts.envelope import Event
from contracts.events.order import Candidate
from contracts.topics import Topic


class EventPublisher(Protocol):
    """Publishes events in order; returns when Kafka has them all, or raises BrokerUnavailable."""

    async def publish(self, topic: Topic, events: Sequence[Event[Any]]) -> None:
        """May be called again with the same events: consumers know a repeat by its id."""
        ...


class Candidates(Protocol):
    """Candidates as the bridge opens them."""

    async def open(self, candidate: Candidate) -> Candidate:
        """Returns the candidate in the clear; an empty one while the bridge is away.

        Raises CandidateErased.
        """
        ...


class Clock(Protocol):
    """The time now."""

    def __call__(self) -> datetime:
        """In UTC."""
        ...
