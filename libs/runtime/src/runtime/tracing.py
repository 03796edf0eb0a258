"""W3C Trace Context: one trace from a SmartRecruiters call to the result, over HTTP and Kafka.

Only the identifiers travel; nothing is exported. The log lines of a trace carry its `trace_id`.
"""

import random
import re
from contextvars import ContextVar

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


def current() -> str | None:
    """Returns the traceparent of the work at hand, None outside any."""
    return _current.get()


def ensure() -> str:
    """Returns the current traceparent, a new one where there is none."""
    return _current.get() or start(None)


def start(parent: str | None) -> str:
    """Begins a span: in the trace of `parent`, or in a new trace when it is absent or malformed."""
    known = _TRACEPARENT.fullmatch(parent) if parent else None
    if known:
        traceparent = f"00-{known[1]}-{random_hex(64)}-{known[3]}"
    else:
        both = random_hex(192)
        traceparent = f"00-{both[:32]}-{both[32:]}-01"
    _current.set(traceparent)
    return traceparent


def trace_id() -> str | None:
    """Returns the id shared by everything that follows from one call."""
    traceparent = _current.get()
    return traceparent[3:35] if traceparent else None


def headers() -> dict[str, str]:
    """Returns the headers an internal call carries."""
    return {"traceparent": ensure()}


def random_hex(bits: int) -> str:
    """Returns an id: they need to differ, not to be unguessable. All zeros is not an id."""
    return f"{random.getrandbits(bits) or 1:0{bits // 4}x}"
