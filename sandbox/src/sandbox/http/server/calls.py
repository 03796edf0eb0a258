"""One received call from end to end: credential, limits, faults, work, answer, record."""

import asyncio
import contextlib
import json
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.domain.clients import Client
from sandbox.domain.faults import Fault
from sandbox.domain.limits import Admission
from sandbox.domain.state import Sandbox
from sandbox.errors import ApiError
from sandbox.http.server.keys import SETTINGS, STATE

_POLL = 0.05
_HANG = 600.0


@dataclass
class Call:
    """A received call and what is known of it so far."""

    request: web.Request
    state: Sandbox
    client: Client | None = None
    company_id: str | None = None
    order_id: str | None = None
    shown: Any = None
    """What the record shows as the request."""
    faults: list[Fault] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """What to answer; a body of None is none."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Cut(Exception):
    """The connection is to be cut instead of answered."""


Work = Callable[[Call], Awaitable[Answer]]
Identify = Callable[[Call], Awaitable[str | None]]


async def by_bearer(call: Call) -> str | None:
    """Finds the client by its token and returns the key its limits are counted under."""
    scheme, _, token = call.request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        call.client = call.state.clients.of_token(token.strip())
    match = call.request.match_info
    call.order_id = match.get("order_id")
    call.company_id = match.get("company_id") or (call.client.company_id if call.client else None)
    return call.client.id if call.client else None


def received(
    name: str, work: Work, identify: Identify = by_bearer
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Returns the handler of a call."""

    async def handler(request: web.Request) -> web.Response:
        state = request.app[STATE]
        call = Call(request, state)
        started = state.sources.now()
        answer: Answer | None = None
        try:
            key = await identify(call)
            limiter = state.limiter
            admission = limiter.enter(key, started) if key else limiter.untouched()
            try:
                answer = await _answered(name, call, work, admission)
            finally:
                if key and admission.admitted:
                    limiter.leave(key)
        except ApiError as error:
            answer, admission = _refusal(error), state.limiter.untouched()
        finally:
            # Also when the caller has gone meanwhile.
            _record(name, call, answer, started)
        return _response(request, answer, admission)

    return handler


async def _answered(name: str, call: Call, work: Work, admission: Admission) -> Answer | None:
    """Returns the answer, None when the connection is to be cut."""
    if not admission.admitted:
        wait = str(max(1, math.ceil(admission.retry_after)))
        return _refusal(ApiError(429, "Too many requests.", headers={"Retry-After": wait}))
    call.faults = call.state.faults.take(name, call.company_id)
    try:
        for fault in call.faults:
            broken = await _suffer(call, fault)
            if broken:
                return broken
        answer = await work(call)
    except Cut:
        return None
    except ApiError as error:
        answer = _refusal(error)
    lost = any(fault.kind == "lose_answer" for fault in call.faults)
    return None if lost else answer


async def _suffer(call: Call, fault: Fault) -> Answer | None:
    """Does what the fault says before the work; returns an answer that replaces the work."""
    match fault.kind:
        case "latency":
            await asyncio.sleep(fault.seconds or 0.0)
        case "status":
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            message = f"{fault.message} {await _echo(call)}" if fault.echo else fault.message
            return _refusal(ApiError(fault.status, message, headers=headers))
        case "hang":
            await _hang(call, _HANG if fault.seconds is None else fault.seconds)
            raise Cut
        case "drop":
            raise Cut
        case "lose_answer":
            pass
    return None


async def _echo(call: Call) -> str:
    """Returns everything that was sent, as careless servers put it into their errors."""
    request = call.request
    headers = " ".join(f"{name}: {value}" for name, value in request.headers.items())
    body = await read_limited(request, request.client_max_size)  # a file is sent, too
    return f"{request.method} {request.path_qs} {headers} {body.decode(errors='replace')}"


async def _hang(call: Call, seconds: float) -> None:
    """Holds on until the time is over, the caller has gone, or the faults are replaced."""
    generation = call.state.faults.generation

    async def wait() -> None:
        while call.state.faults.generation == generation:
            transport = call.request.transport
            if transport is None or transport.is_closing():
                return
            await asyncio.sleep(_POLL)

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(wait(), seconds)


def _refusal(error: ApiError) -> Answer:
    return Answer(error.status, error.body(), error.headers)


def _response(request: web.Request, answer: Answer | None, admission: Admission) -> web.Response:
    if answer is None:
        if request.transport:
            request.transport.abort()
        return web.Response(status=503)
    headers = {**admission.headers(), **answer.headers}
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    body = json.dumps(answer.body, separators=(",", ":")).encode()
    return web.Response(status=answer.status, body=body, headers=headers, content_type="application/json")


def _record(name: str, call: Call, answer: Answer | None, started: float) -> None:
    state = call.state
    state.record.add(
        at=state.now(),
        direction="received",
        call=name,
        method=call.request.method,
        path=call.request.path_qs,
        company_id=call.company_id,
        order_id=call.order_id,
        status=answer.status if answer else None,
        request=call.shown,
        response=answer.body if answer else None,
        ms=(state.sources.now() - started) * 1000,
        fault="+".join(fault.kind for fault in call.faults) or None,
    )


async def read_json(call: Call, *media_types: str) -> dict[str, Any]:
    """Returns the body's object and shows it in the record; ApiError 400, 413, 415."""
    request = call.request
    if request.content_type.lower() not in media_types or "Content-Type" not in request.headers:
        raise ApiError(415, f"Content-Type must be {' or '.join(media_types)}.")
    value = parse_object(await read_limited(request, request.app[SETTINGS].max_body_bytes))
    call.shown = value
    return value


async def read_limited(request: web.Request, limit: int) -> bytes:
    """Returns the body; ApiError 413 above the limit."""
    if (request.content_length or 0) <= limit:
        # Of a body in chunks nobody knows the length before; aiohttp stops reading at its own limit.
        with contextlib.suppress(web.HTTPRequestEntityTooLarge):
            body = await request.read()
            if len(body) <= limit:
                return body
    raise ApiError(413, f"The body is larger than {limit} bytes.")


def parse_object(body: bytes) -> dict[str, Any]:
    """Returns the JSON object; ApiError 400. NaN and Infinity are not JSON."""
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ApiError(400, "The body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise ApiError(400, "The body must be a JSON object.")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(name)
