"""What no test may leave behind: error lines nobody expected, tasks that go on."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog
from runtime.logging import of_aiokafka

Lines = list[dict[str, Any]]

# As aiokafka, they report at ERROR what they then mend; what matters of it our code raises or logs.
_NOT_OURS = ("faust", "mode")


@contextmanager
def captured_logs() -> Iterator[Lines]:
    """Yields every line logged in this process, from structlog and the standard library alike."""
    lines: Lines = []
    handler = _Handler(lines)
    root = logging.getLogger()
    root.addHandler(handler)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.format_exc_info,
            _capture(lines),
        ],
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=False,
    )
    try:
        yield lines
    finally:
        root.removeHandler(handler)
        structlog.reset_defaults()


def errors(lines: Lines) -> Lines:
    """Returns the lines that would wake somebody."""
    return [line for line in lines if line["level"] in {"error", "critical", "exception"}]


@asynccontextmanager
async def no_leaked_tasks() -> AsyncIterator[None]:
    """Fails when tasks begun inside still run a second after the end."""
    before = asyncio.all_tasks()
    # A consumer that lives longer than the test has new tasks whenever it joins its group anew.
    joined = any(map(_keeps_membership, before))
    yield
    begun = asyncio.all_tasks() - before
    left = {task for task in begun if not (_may_stay(task) or (joined and _keeps_membership(task)))}
    if left:
        _, left = await asyncio.wait(left, timeout=1)
    for task in left:
        task.cancel()
    assert not left, f"tasks left running: {sorted(map(repr, left))}"


def _may_stay(task: asyncio.Task[Any]) -> bool:
    # A connection kept alive is a task of its server, and that may be a fixture of more than one test.
    serves = getattr(task.get_coro(), "__qualname__", "") == "RequestHandler.start"
    return serves or task is asyncio.current_task()


def _keeps_membership(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and (
        code.co_filename.endswith("group_coordinator.py") or code.co_qualname == "Event.wait"
    )


class _Handler(logging.Handler):
    def __init__(self, lines: Lines) -> None:
        super().__init__(logging.INFO)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(_NOT_OURS) and not of_aiokafka(record):
            text = self.format(record)
            self._lines.append({"event": text, "level": record.levelname.lower(), "logger": record.name})


def _capture(lines: Lines) -> structlog.typing.Processor:
    def capture(_logger: Any, method: str, event: MutableMapping[str, Any]) -> str:
        lines.append({**event, "level": method})
        raise structlog.DropEvent

    return capture
