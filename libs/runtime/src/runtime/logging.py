"""One JSON line per event on stdout, with what is secret or personal taken out.

Everybody's lines come here: structlog's, the standard library's, uncaught exceptions.
"""

import logging
import re
import sys
import threading
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor

from runtime import tracing

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

REDACTED = "[redacted]"
_SECRET_KEYS = re.compile(
    r"pass(word|wd|phrase)?|(client_|api_)?secret(_?key)?|.*_secret|.*token|authorization|cookie|set-cookie|.*pepper"
    r"|encryption_keys?|private_key|database_url|dsn|e-?mail(_?address)?|first_?name|last_?name|full_?name|name_of_.*"
    r"|candidate|requester|phone.*|address",
    re.IGNORECASE,
)
_SCRUBS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), rf"\1 {REDACTED}"),
    (re.compile(r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), REDACTED),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]*@"), f"{REDACTED}@"),
    (
        re.compile(
            r"(?i)([\"']?(?:password|client_secret|access_token|secret|token)[\"']?\s*[=:]\s*)[\"']?[^\s\"'&,;}]+[\"']?"
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"), REDACTED),
    (re.compile(r"input_value=.*?, input_type"), f"input_value={REDACTED}, input_type"),
    (re.compile(r"(?m)^DETAIL:.*$"), f"DETAIL: {REDACTED}"),
)


def scrub(text: str) -> str:
    """Returns the text without bearer tokens, passwords in URLs, e-mails and values in driver errors."""
    for pattern, replacement in _SCRUBS:
        text = pattern.sub(replacement, text)
    return text


def redact(value: Any) -> Any:
    """Returns a copy with the values of secret and personal keys replaced, at any depth."""
    if isinstance(value, Mapping):
        return {key: REDACTED if _hidden(key) else redact(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrub(value if isinstance(value, str) else str(value))


def configure(service: str, level: str) -> None:
    """Sets up logging for the process: once, at its start. `level` is debug, info, warning or error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared = _processors(service)
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder(), *shared],
        )
    )
    handler.addFilter(_Calm())
    logging.basicConfig(handlers=[handler], level=number, force=True)
    logging.getLogger("aiokafka").setLevel(max(number, logging.WARNING))
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def of_aiokafka(record: logging.LogRecord) -> bool:
    """Whether aiokafka wrote it, or left a task (a commit our deadline cut short) to asyncio."""
    if record.name == "asyncio":
        return "coro=<GroupCoordinator." in str(record.msg)
    return record.name.startswith("aiokafka")


class _Calm(logging.Filter):
    """Lets each of aiokafka's complaints through once in ten seconds, as a warning.

    While Kafka is away it writes ten errors a second, and mends itself when it can. Our own lines tell what
    fails for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not of_aiokafka(record):
            return True
        kind = (record.name, str(record.msg)[:60])
        if record.created - self._last.get(kind, 0.0) < 10:
            return False
        self._last[kind] = record.created
        record.levelno, record.levelname = min(record.levelno, logging.WARNING), "WARNING"
        return True


def _processors(service: str) -> list[Processor]:
    def add_context(_logger: Any, method: str, event: MutableMapping[str, Any]) -> EventDict:
        event["service"] = service
        event.setdefault("level", method)
        if (request := request_id.get()) is not None:
            event.setdefault("request_id", request)
        if (trace := tracing.trace_id()) is not None:
            event.setdefault("trace_id", trace)
        return event

    return [
        structlog.contextvars.merge_contextvars,
        add_context,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_event,
    ]


def _redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> EventDict:
    for key, value in event.items():
        if key.startswith("_"):  # the formatter's own
            continue
        event[key] = REDACTED if _hidden(key) else redact(value)
    return event


def _hidden(key: Any) -> bool:
    return isinstance(key, str) and _SECRET_KEYS.fullmatch(key) is not None


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    structlog.get_logger().critical("uncaught exception", exc_info=(kind, error, traceback))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
