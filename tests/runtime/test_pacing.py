import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from runtime.pacing import Pacer, retry_after

RATE = st.floats(min_value=0.5, max_value=50)
BURST = st.integers(min_value=1, max_value=10)
STEPS = st.lists(st.floats(min_value=0, max_value=3), min_size=1, max_size=60)
ANSWERS = st.tuples(
    st.sampled_from([200, 429, 500]),
    st.dictionaries(
        st.sampled_from(["Retry-After", "X-RateLimit-Limit", "X-RateLimit-Remaining"]),
        st.one_of(st.integers(0, 20).map(str), st.sampled_from(["", "x", "nan", "-1", "1e400"])),
    ),
)


@given(RATE, BURST, STEPS, st.lists(ANSWERS, max_size=10))
@example(1.0, 2, [0.0, 0.0, 0.0], [(429, {}), (200, {}), (429, {})])
def test_never_over_the_rate(
    rate: float, burst: int, steps: list[float], answers: list[tuple[int, dict[str, str]]]
) -> None:
    pacer = Pacer(per_second=rate, burst=burst)
    now, due = 0.0, []
    for index, step in enumerate(steps):
        now += step
        if index < len(answers):
            status, headers = answers[index]
            pacer.observe(now, status=status, headers=headers)
        wait = pacer.reserve(now)
        assert wait >= 0
        due.append(now + wait)
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(due))
    for first in range(len(due)):
        for last in range(first, len(due)):
            assert last - first + 1 <= burst + (due[last] - due[first]) * rate + 1e-6


def test_a_burst_then_the_rate() -> None:
    pacer = Pacer(per_second=10, burst=3)
    assert [round(pacer.reserve(0.0), 6) for _ in range(6)] == [0, 0, 0, 0.1, 0.2, 0.3]


def test_a_rest_refills_the_burst() -> None:
    pacer = Pacer(per_second=10, burst=2)
    assert [pacer.reserve(0.0) for _ in range(2)] == [0, 0]
    assert [pacer.reserve(5.0) for _ in range(2)] == [0, 0]


def test_a_429_waits_as_told_and_halves_the_rate_for_a_while() -> None:
    pacer = Pacer(per_second=10)
    pacer.observe(0.0, status=429, headers={"retry-after": "7"})
    assert pacer.reserve(0.0) == pytest.approx(7)
    assert pacer.reserve(0.0) == pytest.approx(7.2)
    assert pacer.reserve(40.0) == 0
    assert pacer.reserve(40.0) == pytest.approx(0.1)


def test_a_lower_limit_is_obeyed_a_higher_one_is_not_taken_up() -> None:
    pacer = Pacer(per_second=10)
    pacer.observe(0.0, status=200, headers={"X-RateLimit-Limit": "2"})
    assert [pacer.reserve(0.0), pacer.reserve(0.0)] == [0, pytest.approx(0.5)]
    pacer = Pacer(per_second=10)
    pacer.observe(0.0, status=200, headers={"X-RateLimit-Limit": "100"})
    assert [pacer.reserve(0.0), pacer.reserve(0.0)] == [0, pytest.approx(0.1)]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("3", 3),
        ("0.5", 0.5),
        ("-4", 0),
        ("inf", None),
        ("soon", None),
        ("Mon, 05 Jan 2026 09:00:30 GMT", 30),
        ("Mon, 05 Jan 2026 08:00:00 GMT", 0),
    ],
)
def test_retry_after_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 1, 5, 9, tzinfo=UTC)) == seconds


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (1, 0.5)])
def test_a_pacer_without_a_rate_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="a rate above 0"):
        Pacer(per_second=rate, burst=burst)
