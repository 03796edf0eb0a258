"""What consumers are handed, and how they answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from contracts.envelope import Event


class Record(NamedTuple):
    """A record as it came; the topic's name without the prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Received:
    """One event and where it was read. `topic` is the registry's name, without the prefix."""

    event: Event[Any]
    key: bytes = field(repr=False)
    topic: str
    partition: int
    offset: int


class Reject(Exception):
    """The record can never be worked on: it goes to the dead letters. No personal data in the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Retry(Exception):
    """A passing fault: the record is tried again until it works, and nothing of its lane overtakes it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadRecords(Exception):
    """Some of a batch can never be worked on: they go to the dead letters, the rest is handed over again."""

    def __init__(self, records: Sequence[tuple[Received, str]]) -> None:
        super().__init__(f"{len(records)} bad records")
        self.records = list(records)
