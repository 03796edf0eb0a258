"""What the use cases need from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """A call SmartRecruiters makes."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """Its answer; without one `status` is None and `error` says why."""

    status: int | None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    error: str | None = None


class VendorHttp(Protocol):
    """The way to the partner. Ends within the time-out, follows no redirect, raises nothing."""

    async def send(self, call: Outgoing) -> Incoming:
        """Makes the call."""
        ...
