"""What can come of an attempt.

Outcome
├── Accepted       SmartRecruiters took it
├── Refused        an answer that is not 2xx
├── NoAnswer       time-out or broken connection: it may have arrived all the same
├── BadAttachment  the engine's file cannot be had, now or ever
├── Withheld       the company's integration is disabled or not connected
└── NoToken        credentials cannot give a token now: nothing was sent
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from results_publisher.domain.delivery import UploadedFile


@dataclass(frozen=True, slots=True)
class Accepted:
    """A 2xx answer. `uploaded` is where SmartRecruiters keeps a file it was handed."""

    http_status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    uploaded: UploadedFile | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Any other answer, with the first 2,000 bytes of its body, without secrets and repeats of ours."""

    http_status: int
    retry_after: timedelta | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: str = ""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """A repeat is the same PATCH, which a merge patch bears."""

    error: Literal["timeout", "connection"]


@dataclass(frozen=True, slots=True)
class BadAttachment:
    """`code` is the dead letter's reason; a passing one is tried again."""

    code: str
    passing: bool
    http_status: int | None = None


@dataclass(frozen=True, slots=True)
class Withheld:
    """Kept until the company connects again."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoToken:
    """The company's whole lane waits."""

    retry_after: timedelta


Outcome = Accepted | Refused | NoAnswer | BadAttachment | Withheld | NoToken
Tried = Accepted | Refused | NoAnswer | BadAttachment
"""Outcomes that are an attempt: they make a row and count."""
