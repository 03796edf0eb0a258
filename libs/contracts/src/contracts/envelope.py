"""The CloudEvents 1.0 envelope around every event's data."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict

NAMESPACE = uuid5(NAMESPACE_URL, "urn:assessment-bridge:events")


class EventData(BaseModel):
    """Base of every event's data. Unknown fields are ignored: an older consumer reads a newer producer."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]
    VERSION: ClassVar[int] = 1

    def subject(self) -> str:
        """Returns what the event is about: the CloudEvents subject and, by default, the Kafka key."""
        raise NotImplementedError


D_co = TypeVar("D_co", bound=EventData, covariant=True)


@dataclass(frozen=True, slots=True)
class Event(Generic[D_co]):
    """One event: who says what, when, about what.

    `id` is what consumers deduplicate by, so a producer that may repeat itself makes it with `event_id`.
    """

    id: UUID
    source: str
    time: datetime
    data: D_co
    traceparent: str | None = None

    @property
    def type(self) -> str:
        """The event's registered type, e.g. `order.placed`."""
        return self.data.TYPE

    @property
    def schema(self) -> str:
        """Type and version, as sent in `ce_dataschema`: `order.placed.v1`."""
        return f"{self.data.TYPE}.v{self.data.VERSION}"

    @property
    def subject(self) -> str:
        """What the event is about: an order, company or package."""
        return self.data.subject()


def event_id(event_type: str, *parts: str) -> UUID:
    """Returns the same id for the same words, so that a repeat of an event is recognised as one."""
    return uuid5(NAMESPACE, "\x1f".join((event_type, *parts)))
