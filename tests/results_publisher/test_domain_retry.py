"""The retry decision is a table, and a value."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results_publisher.domain.outcome import Accepted, BadAttachment, NoAnswer, Refused, Tried
from results_publisher.domain.retry import (
    DEFAULT_SCHEDULE,
    Done,
    GiveUp,
    RetryAt,
    RetryPolicy,
    explain,
    is_permanent,
    parse_schedule,
)

NOW = datetime(2026, 1, 5, tzinfo=UTC)
POLICY = RetryPolicy(schedule=parse_schedule(DEFAULT_SCHEDULE))
S = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("tries", "outcome", "expected"),
    [
        (1, Accepted(200), Done()),
        (1, Refused(500), RetryAt(NOW + 5 * S)),
        (2, Refused(502), RetryAt(NOW + 30 * S)),
        (1, Refused(302), RetryAt(NOW + 5 * S)),
        (1, Refused(429), RetryAt(NOW + 5 * S)),
        (1, Refused(429, timedelta(seconds=90)), RetryAt(NOW + 90 * S)),
        (1, Refused(503, timedelta(days=9)), RetryAt(NOW + timedelta(hours=24))),
        (2, Refused(503, timedelta(seconds=3)), RetryAt(NOW + 30 * S)),
        (1, NoAnswer("timeout"), RetryAt(NOW + 15 * S)),
        (1, NoAnswer("connection"), RetryAt(NOW + 5 * S)),
        (1, Refused(403), RetryAt(NOW + 5 * S)),
        (5, Refused(403), GiveUp("http_403")),
        (4, Refused(404), RetryAt(NOW + timedelta(minutes=10))),
        (5, Refused(404), GiveUp("http_404")),
        (1, Refused(401), RetryAt(NOW)),
        (13, NoAnswer("connection"), RetryAt(NOW + timedelta(hours=24))),
        (14, NoAnswer("connection"), GiveUp("exhausted")),
        (1, BadAttachment("attachment_too_large", passing=False), GiveUp("attachment_too_large")),
        (1, BadAttachment("attachment_unavailable", passing=True, http_status=404), RetryAt(NOW + 5 * S)),
        (
            5,
            BadAttachment("attachment_unavailable", passing=True, http_status=404),
            GiveUp("attachment_unavailable"),
        ),
        (
            5,
            BadAttachment("attachment_unavailable", passing=True, http_status=503),
            RetryAt(NOW + timedelta(minutes=30)),
        ),
        *[(1, Refused(status), GiveUp(f"http_{status}")) for status in (400, 405, 410, 413, 415, 422, 451)],
    ],
)
def test_table(tries: int, outcome: Tried, expected: object) -> None:
    assert POLICY.decide(tries, outcome, NOW, 0.0) == expected


def test_a_second_401_in_a_row_is_a_passing_fault() -> None:
    assert POLICY.decide(2, Refused(401), NOW, 0.0, previous_http_status=401) == RetryAt(NOW + 30 * S)
    assert POLICY.decide(14, Refused(401), NOW, 0.0, previous_http_status=401) == GiveUp("exhausted")


@pytest.mark.parametrize("jitter", [-1.0, 0.0, 1.0])
def test_the_default_schedule_covers_three_days(jitter: float) -> None:
    time = NOW
    for tries in range(1, 100):
        decision = POLICY.decide(tries, Refused(500), time, jitter)
        if isinstance(decision, GiveUp):
            break
        assert isinstance(decision, RetryAt)
        time = decision.time
    assert time - NOW >= timedelta(days=3)


_OUTCOMES = st.one_of(
    st.integers(300, 599).map(Refused),
    st.builds(Refused, st.integers(300, 599), st.timedeltas(timedelta(0), timedelta(days=30))),
    st.sampled_from([NoAnswer("timeout"), NoAnswer("connection")]),
    st.builds(BadAttachment, st.just("attachment_unavailable"), passing=st.booleans()),
)


@given(st.integers(1, 30), _OUTCOMES, st.floats(-1, 1), st.sampled_from([None, 401, 500]))
def test_properties(tries: int, outcome: Tried, jitter: float, previous: int | None) -> None:
    decision = POLICY.decide(tries, outcome, NOW, jitter, previous_http_status=previous)
    assert decision == POLICY.decide(tries, outcome, NOW, jitter, previous_http_status=previous)
    assert not isinstance(decision, Done)
    if isinstance(decision, GiveUp):
        assert explain(decision.reason)
        return
    assert decision.time >= NOW
    first_401 = isinstance(outcome, Refused) and outcome.http_status == 401 and previous != 401
    if first_401:
        return
    assert tries <= len(POLICY.schedule)
    assert decision.time - NOW >= POLICY.schedule[tries - 1] * 0.8 - timedelta(microseconds=1)
    if isinstance(outcome, Refused):
        assert not is_permanent(outcome.http_status)
        if outcome.retry_after is not None:
            assert decision.time - NOW >= min(outcome.retry_after, timedelta(hours=24))


@given(st.lists(st.tuples(st.integers(1, 999), st.sampled_from("smhd")), min_size=1))
def test_schedules_are_read(parts: list[tuple[int, str]]) -> None:
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    waits = parse_schedule(", ".join(f"{number}{unit}" for number, unit in parts))
    assert [wait.total_seconds() for wait in waits] == [number * units[unit] for number, unit in parts]


@pytest.mark.parametrize("text", ["", "5", "5x", "-5s", "5s,,1m", "0s"])
def test_bad_schedules_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a retry schedule reads like"):
        parse_schedule(text)
