"""When to try again: a value, decided from the schedule alone. No clock, no random, no I/O."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from results_publisher.domain.outcome import Accepted, BadAttachment, NoAnswer, Refused, Tried

DEFAULT_SCHEDULE = "5s,30s,2m,10m,30m,1h,2h,4h,8h,12h,24h,24h,24h"
JITTER = 0.2

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PASSING_4XX = frozenset({408, 409, 423, 425, 429})
_DOUBTFUL = frozenset({403, 404})


@dataclass(frozen=True, slots=True)
class Done:
    """SmartRecruiters has it."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Not before this time."""

    time: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A dead letter; `reason` is a code that `explain` puts into words."""

    reason: str


Decision = Done | RetryAt | GiveUp


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The schedule and the floors under it.

    `schedule[n]` is the wait after try n + 1; after the last one it is given up. 403 and 404 may pass (a
    permission being granted, an order not yet visible): they get `doubtful_tries` tries of the same schedule.
    """

    schedule: Sequence[timedelta]
    doubtful_tries: int = 5
    rate_limit_floor: timedelta = timedelta(seconds=1)
    timeout_floor: timedelta = timedelta(seconds=15)
    longest_retry_after: timedelta = timedelta(hours=24)

    def decide(
        self,
        tries: int,
        outcome: Tried,
        now: datetime,
        jitter: float,
        *,
        previous_http_status: int | None = None,
    ) -> Decision:
        """Returns what follows try number `tries` (from 1). `jitter` is between -1 and 1: it moves by ±20 %.

        Retry-After is the least wait, up to `longest_retry_after`. A first 401 is tried again at once with
        another token; a second one in a row is a passing fault.
        """
        if isinstance(outcome, Accepted):
            return Done()
        if isinstance(outcome, Refused) and outcome.http_status == 401 and previous_http_status != 401:
            return RetryAt(now)
        reason = self._final(tries, outcome)
        if reason is not None:
            return GiveUp(reason)
        wait = self.schedule[tries - 1] * (1 + JITTER * jitter)
        return RetryAt(now + max(wait, self._floor(outcome)))

    def _final(self, tries: int, outcome: Refused | NoAnswer | BadAttachment) -> str | None:
        """Returns why no further try is made, None when one is."""
        doubts_over = tries >= self.doubtful_tries
        match outcome:
            case BadAttachment(code=code, passing=False):
                return code
            case BadAttachment(code=code, http_status=status) if doubts_over and _is_refusal(status):
                return code
            case Refused(http_status=status) if is_permanent(status) or (doubts_over and status in _DOUBTFUL):
                return f"http_{status}"
            case _:
                return "exhausted" if tries > len(self.schedule) else None

    def _floor(self, outcome: Refused | NoAnswer | BadAttachment) -> timedelta:
        if isinstance(outcome, NoAnswer):
            return self.timeout_floor if outcome.error == "timeout" else timedelta(0)
        if isinstance(outcome, BadAttachment):
            return timedelta(0)
        least = self.rate_limit_floor if outcome.http_status == 429 else timedelta(0)
        asked = outcome.retry_after or timedelta(0)
        return max(least, min(asked, self.longest_retry_after))


def is_permanent(status: int) -> bool:
    """Whether sending the same again cannot help: a 4xx that is not about time, token or permission."""
    return 400 <= status < 500 and status != 401 and status not in _PASSING_4XX | _DOUBTFUL


def _is_refusal(status: int | None) -> bool:
    return status is not None and 400 <= status < 500 and status not in _PASSING_4XX


def parse_schedule(text: str) -> tuple[timedelta, ...]:
    """Returns the waits in `5s,30s,2m,1h,1d`. Raises ValueError for anything else, and for none."""
    waits = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,6})([smhd])\s*", part)
        if found is None or int(found[1]) == 0:
            raise ValueError(f"a retry schedule reads like 5s,30s,2m,1h; not {part.strip()!r}")
        waits.append(timedelta(seconds=int(found[1]) * _UNITS[found[2]]))
    return tuple(waits)


def explain(reason: str) -> str:
    """Returns a dead letter's reason in words an operator can act on."""
    if reason in _WORDS:
        return _WORDS[reason]
    status = reason.removeprefix("http_")
    return f"SmartRecruiters refuses it for good ({status}): the attempts show what it says; mend and replay"


_WORDS = {
    "exhausted": "no attempt of the whole retry schedule worked: see the attempts, then replay",
    "http_403": "SmartRecruiters keeps refusing permission (403): check the customer's consent, then replay",
    "http_404": "SmartRecruiters does not know the order (404)",
    "attachment_host_forbidden": "the file's host is not in RESULTS_PUBLISHER_ATTACHMENT_HOSTS",
    "attachment_too_large": "the file is larger than RESULTS_PUBLISHER_ATTACHMENT_MAX_BYTES",
    "attachment_unavailable": "the engine's host does not hand out the file",
    "held_too_long": "the company's integration was off for more than RESULTS_PUBLISHER_HELD_DAYS: replay "
    "when it has connected again",
    "unknown_order": "no order of this id was ever placed; if it still comes, this is sent by itself",
    "company_mismatch": "the engine named another company than the order's; it is never sent",
}
