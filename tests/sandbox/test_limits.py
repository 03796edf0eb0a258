from sandbox.domain.limits import RateLimiter


def test_ten_in_any_one_second() -> None:
    limiter = RateLimiter(per_second=10, in_flight=100)
    assert all(limiter.enter("a", 100 + n / 20).admitted for n in range(10))
    refused = limiter.enter("a", 100.9)
    assert not refused.admitted
    assert refused.remaining == 0
    assert 0.09 < refused.retry_after < 0.11
    # The first has left the second that slides along, the others have not.
    assert limiter.enter("a", 101.0).admitted
    assert not limiter.enter("a", 101.01).admitted


def test_credentials_do_not_count_for_each_other() -> None:
    limiter = RateLimiter(per_second=1, in_flight=1)
    assert limiter.enter("a", 0).admitted
    assert limiter.enter("b", 0).admitted
    assert not limiter.enter("a", 0.5).admitted


def test_in_flight_ends_with_leave() -> None:
    limiter = RateLimiter(per_second=100, in_flight=2)
    first, second, third = (limiter.enter("a", n / 100) for n in range(3))
    assert (first.concurrent_remaining, second.concurrent_remaining) == (1, 0)
    assert not third.admitted
    assert third.retry_after == 0
    limiter.leave("a")
    assert limiter.enter("a", 0.5).admitted


def test_what_an_answer_tells() -> None:
    headers = RateLimiter(per_second=10, in_flight=8).enter("a", 0).headers()
    assert headers == {
        "X-RateLimit-Limit": "10",
        "X-RateLimit-Remaining": "9",
        "X-RateLimit-Concurrent-Limit": "8",
        "X-RateLimit-Concurrent-Remaining": "7",
    }
