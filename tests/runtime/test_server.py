import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from runtime.errors import StartupError
from runtime.health import Health
from runtime.http.callers import Callers, admit
from runtime.http.problems import Problem
from runtime.http.server import internal_app, serving
from runtime.tracing import trace_id

from tests.support.guards import Lines

TOKEN = "t0ken"
TRACE = "0af7651916cd43dd8448eb211c80319c"


async def answer(request: web.Request) -> web.Response:
    match request.match_info.get("what"):
        case "problem":
            errors = [{"field": "email", "message": "is not an address"}]
            raise Problem(409, "taken", "Somebody has it.", headers={"Retry-After": "3"}, errors=errors)
        case "crash":
            raise RuntimeError("a secret detail")
        case "elsewhere":
            raise web.HTTPFound("/open/x")
        case "trace":
            return web.json_response({"trace": trace_id()})
        case _:
            return web.json_response({"ok": True})


@asynccontextmanager
async def server(
    health: Health | None = None,
    token: str | None = "t0ken",  # noqa: S107 - made up
) -> AsyncIterator[aiohttp.ClientSession]:
    app = internal_app(health or Health(), callers=Callers.one_token(token or ""))
    admit(app, "/internal/{what}", "gateway", get=answer)
    admit(app, "/api/{what}", "bridge", get=answer)
    app.router.add_get("/open/{what}", answer)
    async with (
        serving(app, "127.0.0.1", 0, name="tests") as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


@pytest.mark.parametrize("path", ["/internal/x", "/api/x", "/internal/not/there"])
@pytest.mark.parametrize("given", [None, "Bearer wrong", "Basic t0ken", "Bearer ", "t0ken", "Bearer t0ken2"])
async def test_internal_paths_need_the_token(path: str, given: str | None) -> None:
    async with (
        server() as session,
        session.get(path, headers={"Authorization": given} if given else {}) as response,
    ):
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="bridge"'
        assert response.content_type == "application/problem+json"


async def test_the_token_opens_them() -> None:
    async with (
        server() as session,
        session.get("/api/x", headers={"Authorization": "Bearer t0ken"}) as response,
    ):
        assert response.status == 200


async def test_without_a_token_configured_nothing_opens_them() -> None:
    async with (
        server(token=None) as session,
        session.get("/api/x", headers={"Authorization": "Bearer "}) as response,
    ):
        assert response.status == 401


async def test_a_problem_says_what_is_wrong_in_both_forms(logs: Lines) -> None:
    async with server() as session, session.get("/open/problem", headers={"X-Request-Id": "r-1"}) as response:
        assert (response.status, response.headers["Retry-After"]) == (409, "3")
        assert response.headers["X-Request-Id"] == "r-1"
        assert await response.json(content_type="application/problem+json") == {
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "code": "taken",
            "detail": "Somebody has it.",
            "request_id": "r-1",
            "errors": [{"code": "taken", "message": "email: is not an address", "field": "email"}],
        }
    line = next(line for line in logs if line["event"] == "request")
    assert (line["level"], line["route"], line["status"]) == ("info", "/open/{what}", 409)


async def test_an_unforeseen_error_is_a_500_that_tells_nothing(expected_errors: Lines) -> None:
    async with server() as session, session.get("/open/crash") as response:
        assert response.status == 500
        assert "secret" not in await response.text()
    assert any(line["event"] == "request failed" for line in expected_errors)


async def test_unknown_paths_and_methods_are_problems() -> None:
    async with server() as session:
        async with session.get("/nowhere") as response:
            body = await response.json(content_type="application/problem+json")
            assert (body["status"], body["code"]) == (404, "not_found")
        async with session.post("/open/x") as response:
            assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")


async def test_a_redirect_passes_with_its_request_id() -> None:
    async with server() as session, session.get("/open/elsewhere", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/open/x")
        assert response.headers["X-Request-Id"]


async def test_a_strange_request_id_is_replaced() -> None:
    async with server() as session, session.get("/open/x", headers={"X-Request-Id": "a b"}) as response:
        assert len(response.headers["X-Request-Id"]) == 32


async def test_a_trace_is_carried_on_or_begun() -> None:
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    async with server() as session:
        async with session.get("/open/trace", headers=headers) as response:
            assert await response.json() == {"trace": TRACE}
        async with session.get("/open/trace", headers={"traceparent": "nonsense"}) as response:
            assert len((await response.json())["trace"]) == 32


async def test_health_says_which_check_fails() -> None:
    async def hangs() -> bool:
        await asyncio.Event().wait()
        return True

    def breaks() -> bool:
        raise OSError

    health = Health(deadline=0.05)
    health.check("well", lambda: True)
    async with server(health) as session:
        async with session.get("/health/ready") as response:
            assert (response.status, (await response.json())["checks"]) == (200, {"well": True})
        health.check("hangs", hangs)
        health.check("breaks", breaks)
        async with session.get("/health/ready") as response:
            checks = (await response.json())["checks"]
            assert (response.status, checks) == (503, {"well": True, "hangs": False, "breaks": False})
        async with session.get("/health/live") as response:
            assert response.status == 200


async def test_metrics_count_by_route_not_by_path() -> None:
    async with server() as session:
        before = await _counted(session)
        for _ in range(600):
            async with session.get("/open/some-order-id") as response:
                assert response.status == 200
        async with session.get("/metrics") as response:
            assert "some-order-id" not in await response.text()
        assert await _counted(session) == [number + 600 for number in before]


async def _counted(session: aiohttp.ClientSession) -> list[float]:
    """How often that route was answered, and how often timed."""
    async with session.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    names = (
        'bridge_http_requests_total{method="GET",route="/open/{what}",status="200"} ',
        'bridge_http_request_seconds_count{route="/open/{what}"} ',
    )
    return [sum(float(line.removeprefix(name)) for line in lines if line.startswith(name)) for name in names]


async def test_a_busy_port_is_one_clear_line() -> None:
    async with serving(web.Application(), "127.0.0.1", 0, name="first") as port:
        with pytest.raises(StartupError, match=rf"second cannot listen on 127\.0\.0\.1:{port}: .*in use"):
            async with serving(web.Application(), "127.0.0.1", port, name="second"):
                raise AssertionError
