"""The composition root: builds everything, runs it, and takes it down again."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import aiohttp
import structlog
from pydantic import SecretStr

from reference_engine.domain.links import Links
from reference_engine.domain.orders import Orders
from reference_engine.errors import BrokerUnavailable, StartupError
from reference_engine.http.client import CandidateClient
from reference_engine.http.pages import Pages
from reference_engine.http.server import Server, serving
from reference_engine.kafka import security
from reference_engine.kafka.cluster import Cluster
from reference_engine.kafka.consumer import RequestConsumer
from reference_engine.kafka.producer import KafkaPublisher
from reference_engine.kafka.view import StateView
from reference_engine.service import SOURCE, EngineService
from reference_engine.settings import DEMONSTRATION_SECRET, Settings, load

log = structlog.get_logger()


def main() -> NoReturn:
    """Runs until SIGTERM or SIGINT and exits with 0; with 1 and one clear line when it cannot."""
    settings = load()
    _configure_logging(settings.log_level)
    failed = False
    try:
        asyncio.run(_run(settings))
    except* StartupError as group:
        for error in group.exceptions:
            print(f"reference-engine: {error}", file=sys.stderr)  # noqa: T201 - the one line a person looks for
        failed = True
    raise SystemExit(1 if failed else 0)


async def _run(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings) as port:
        log.info("ready to serve", port=port, url=settings.reference_engine_url)
        await stop.wait()
        log.info("stopping")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[int]:
    """Runs the engine while open and yields its port. An error of a part ends the whole."""
    cluster = Cluster(
        settings.kafka_bootstrap_servers, settings.kafka_topic_prefix, security.options(settings)
    )
    links = Links(settings.reference_engine_url, _signing_key(settings))
    keep = timedelta(days=settings.reference_engine_keep_days)
    orders = Orders(source=SOURCE, keep=keep, clock=_now)
    publisher = KafkaPublisher(cluster)
    service = EngineService(
        orders=orders,
        publisher=publisher,
        links=links,
        clock=_now,
        autopilot=settings.reference_engine_autopilot,
    )
    view = StateView(cluster, apply=orders.apply)
    requests = RequestConsumer(cluster, handle=service.handle_requests, publisher=publisher)
    offered = asyncio.Event()
    ready = {"kafka": publisher.reachable, "state": _told(view.loaded), "packages": _told(offered)}
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        candidates = CandidateClient(session=session, url=settings.engine_api_url, token=_token(settings))
        server = Server(service=service, candidates=candidates, links=links, pages=Pages(), ready=ready)
        parts = await stack.enter_async_context(_parts())
        for part in (publisher.run(), view.run(), _offer(service, offered), _consume(view, requests)):
            parts(part)
        yield await stack.enter_async_context(
            serving(server.app(), settings.bind_address, settings.reference_engine_port)
        )


@asynccontextmanager
async def _parts() -> AsyncIterator[Callable[[Coroutine[Any, Any, None]], None]]:
    """Runs coroutines until closed; the first to fail ends the others and whoever waits inside."""
    tasks = []
    async with asyncio.TaskGroup() as group:
        yield lambda part: tasks.append(group.create_task(part))
        for task in reversed(tasks):
            task.cancel()


def _signing_key(settings: Settings) -> bytes:
    try:
        secret = settings.secret().get_secret_value()
    except OSError as error:
        raise StartupError(f"REFERENCE_ENGINE_SECRET_FILE: {error}") from error
    if secret == DEMONSTRATION_SECRET:
        log.warning("launch addresses are signed with the demonstration key: set REFERENCE_ENGINE_SECRET")
    return secret.encode()


def _token(settings: Settings) -> SecretStr:
    try:
        return settings.token()
    except OSError as error:
        raise StartupError(f"ENGINE_API_TOKEN_FILE: {error}") from error


def _told(event: asyncio.Event) -> Callable[[], Awaitable[bool]]:
    async def told() -> bool:
        return event.is_set()

    return told


async def _offer(service: EngineService, offered: asyncio.Event) -> None:
    while not offered.is_set():
        try:
            await service.offer_packages()
        except BrokerUnavailable as error:
            log.warning("packages wait for Kafka", reason=str(error))
            await asyncio.sleep(0.5)
        else:
            offered.set()


async def _consume(view: StateView, requests: RequestConsumer) -> None:
    """Known state first: what was launched or cancelled before a restart is not launched again."""
    await view.loaded.wait()
    await requests.run()


def _now() -> datetime:
    return datetime.now(UTC)


def _configure_logging(level: str) -> None:
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _name,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
    )
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stdout)


def _name(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {"service": "reference-engine", **event}
