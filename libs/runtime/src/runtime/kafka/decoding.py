"""From a record to an event, or to the reason why it is none."""

from collections.abc import Sequence

from contracts import codec
from contracts.errors import ContractError
from contracts.topics import Topic

from runtime.kafka.records import Received, Record


class Decoder:
    """Knows which topics are compacted: there alone a record without a value is a tombstone."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self._compacted = {topic.name for topic in topics if topic.retention is None}

    def decode(self, record: Record) -> Received | str | None:
        """Returns the event, None for a tombstone, or why the record can never be worked on."""
        if record.value is None and record.topic in self._compacted:
            return None
        try:
            event = codec.decode(record.value, record.headers)
        except ContractError as error:
            return f"{type(error).__name__}: {error}"
        return Received(
            event=event,
            key=record.key or b"",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
