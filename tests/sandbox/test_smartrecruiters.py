"""Every error of every call, and what a good one answers."""

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import FormData

from tests.sandbox.conftest import API, Client, served
from tests.sandbox.fake_vendor import FakeVendor

JSON = {"Content-Type": "application/json"}


@dataclass
class World:
    """acme and globex connected, one order of each kind at acme."""

    sandbox: Client
    master: dict[str, str]
    acme: dict[str, str]
    globex: dict[str, str]
    order: str
    inline: str
    candidate: str
    job: str


async def world(sandbox: Client, vendor: FakeVendor) -> World:
    acme = await sandbox.connect(vendor, "acme")
    globex = await sandbox.connect(vendor, "globex")
    inline = await sandbox.admin("/companies/acme/inline-orders", {"package_id": "quick"})
    company = sandbox.state.companies["acme"]
    return World(
        sandbox=sandbox,
        master=await sandbox.bearer(),
        acme=acme,
        globex=globex,
        order=await sandbox.order(),
        inline=inline["order_id"],
        candidate=next(iter(company.candidates)),
        job=next(iter(company.jobs)),
    )


@pytest.fixture
async def made(sandbox: Client, vendor: FakeVendor) -> World:
    return await world(sandbox, vendor)


CONFIGURATION = f"{API}/partner/configuration"
INTEGRATION = f"{API}/integration/company/acme"
RESULTS = f"{API}/orders/ORDER/results"
PAIR = {"clientId": "a", "clientSecret": "b"}
BROKEN = {"data": b'{"status":', "headers": JSON}
NOT_JSON = {"data": b"{}", "headers": {"Content-Type": "text/plain"}}


def file(name: str = "file", content: bytes = b"%PDF", filename: str | None = "r.pdf") -> FormData:
    form = FormData(default_to_multipart=True)
    value = content if filename else content.decode()
    form.add_field(name, value, filename=filename, content_type="application/pdf")
    return form


# who calls, what, and the status and code it gets
Case = tuple[str, str, str, dict[str, Any], int, str]
NEED_MASTER = [("PUT", CONFIGURATION), ("GET", CONFIGURATION), ("POST", INTEGRATION)]
NEED_CUSTOMER = [
    ("PATCH", RESULTS),
    ("POST", f"{RESULTS}/attachment"),
    ("GET", "/candidates/CANDIDATE"),
    ("GET", "/jobs/JOB"),
    ("GET", "/jobs/JOB/hiring-team"),
    ("GET", "/assessment-orders?applicationId=x"),
]
ERRORS: list[Case] = [
    *[("nobody", *call, {}, 401, "UNAUTHORIZED") for call in NEED_MASTER + NEED_CUSTOMER],
    *[("stranger", *call, {}, 401, "UNAUTHORIZED") for call in NEED_MASTER + NEED_CUSTOMER],
    *[("acme", *call, {}, 403, "FORBIDDEN") for call in NEED_MASTER],
    *[("master", *call, {}, 403, "FORBIDDEN") for call in NEED_CUSTOMER],
    ("master", "PUT", CONFIGURATION, {"json": {}}, 400, "BAD_REQUEST"),
    ("master", "PUT", CONFIGURATION, {"json": []}, 400, "BAD_REQUEST"),
    ("master", "PUT", CONFIGURATION, BROKEN, 400, "BAD_REQUEST"),
    ("master", "PUT", CONFIGURATION, NOT_JSON, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("master", "POST", INTEGRATION, {"json": {"clientId": "a"}}, 400, "BAD_REQUEST"),
    ("master", "POST", INTEGRATION, {"json": {**PAIR, "clientSecret": ""}}, 400, "BAD_REQUEST"),
    ("master", "POST", INTEGRATION, BROKEN, 400, "BAD_REQUEST"),
    ("master", "POST", INTEGRATION, NOT_JSON, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("master", "POST", INTEGRATION, {"json": PAIR}, 409, "CONFLICT"),
    ("master", "POST", f"{API}/integration/company/initech", {"json": PAIR}, 403, "FORBIDDEN"),
    ("master", "POST", f"{API}/integration/company/nobody", {"json": PAIR}, 404, "NOT_FOUND"),
    ("globex", "PATCH", RESULTS, {"json": {"status": "COMPLETED"}}, 404, "NOT_FOUND"),
    ("acme", "PATCH", f"{API}/orders/none/results", {"json": {}}, 404, "NOT_FOUND"),
    ("acme", "PATCH", RESULTS, BROKEN, 400, "BAD_REQUEST"),
    ("acme", "PATCH", RESULTS, {"data": b"[]", "headers": JSON}, 400, "BAD_REQUEST"),
    ("acme", "PATCH", RESULTS, {"data": b'{"summary":NaN}', "headers": JSON}, 400, "BAD_REQUEST"),
    ("acme", "PATCH", RESULTS, {"data": b"[" * 90000, "headers": JSON}, 400, "BAD_REQUEST"),
    ("acme", "PATCH", RESULTS, {"data": b"\xff", "headers": JSON}, 400, "BAD_REQUEST"),
    ("acme", "PATCH", RESULTS, {"json": {"status": "DONE"}}, 400, "BAD_REQUEST"),
    ("acme", "PATCH", RESULTS, {"json": {"summary": "x" * 200_000}}, 413, "PAYLOAD_TOO_LARGE"),
    ("acme", "PATCH", RESULTS, NOT_JSON, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("acme", "PATCH", RESULTS, {"data": {"status": "COMPLETED"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("acme", "POST", f"{RESULTS}/attachment", {"json": {}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("acme", "POST", f"{RESULTS}/attachment", {"data": file(name="upload")}, 400, "BAD_REQUEST"),
    ("acme", "POST", f"{RESULTS}/attachment", {"data": file(filename=None)}, 400, "BAD_REQUEST"),
    ("acme", "POST", f"{RESULTS}/attachment", {"data": file(content=b"")}, 400, "BAD_REQUEST"),
    ("acme", "POST", f"{RESULTS}/attachment", {"data": file(content=b"x" * 5001)}, 413, "PAYLOAD_TOO_LARGE"),
    (
        "acme",
        "POST",
        f"{RESULTS}/attachment",
        {"data": file(content=b"x" * 900_000)},
        413,
        "PAYLOAD_TOO_LARGE",
    ),
    ("acme", "POST", f"{API}/orders/INLINE/results/attachment", {"data": file()}, 400, "BAD_REQUEST"),
    ("acme", "POST", f"{API}/orders/none/results/attachment", {"data": file()}, 404, "NOT_FOUND"),
    ("globex", "POST", f"{RESULTS}/attachment", {"data": file()}, 404, "NOT_FOUND"),
    ("globex", "GET", "/candidates/CANDIDATE", {}, 404, "NOT_FOUND"),
    ("globex", "GET", "/jobs/JOB", {}, 404, "NOT_FOUND"),
    ("globex", "GET", "/jobs/JOB/hiring-team", {}, 404, "NOT_FOUND"),
    ("acme", "GET", "/candidates/none", {}, 404, "NOT_FOUND"),
    ("acme", "GET", "/jobs/none", {}, 404, "NOT_FOUND"),
    ("acme", "GET", "/assessment-orders", {}, 400, "BAD_REQUEST"),
]


@pytest.mark.parametrize(
    "case", ERRORS, ids=[f"{one[0]}-{one[1]}-{one[4]}-{n}" for n, one in enumerate(ERRORS)]
)
async def test_errors(vendor: FakeVendor, case: Case) -> None:
    who, method, path, arguments, status, code = case
    async with served(
        max_body_bytes=100_000, max_attachment_bytes=5000, requests_per_second=100, in_flight=100
    ) as sandbox:
        made = await world(sandbox, vendor)
        tokens = {
            "master": made.master,
            "acme": made.acme,
            "globex": made.globex,
            "stranger": {"Authorization": "Bearer made-up"},
        }
        for name, value in (("ORDER", made.order), ("INLINE", made.inline), ("JOB", made.job)):
            path = path.replace(name, value)
        path = path.replace("CANDIDATE", made.candidate)
        headers = {**tokens.get(who, {}), **arguments.get("headers", {})}
        answered = await sandbox.call(method, path, **{**arguments, "headers": headers})
        assert sandbox.state.orders[made.order].history == []
        assert sandbox.state.orders[made.order].attachments == []
    assert answered.status == status, answered
    assert {error["code"] for error in answered.body["errors"]} == {code}
    assert all(error["message"] for error in answered.body["errors"])
    assert answered.body["message"]
    assert {"X-RateLimit-Limit", "X-RateLimit-Concurrent-Remaining"} <= answered.headers.keys()
    assert ("WWW-Authenticate" in answered.headers) == (status == 401)


@pytest.mark.parametrize("length", [1500, 200_000])
async def test_a_body_in_chunks_is_limited_too(vendor: FakeVendor, length: int) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(length // 100):
            yield b" " * 100

    async with served(max_body_bytes=1000, max_attachment_bytes=1000) as sandbox:
        master = await sandbox.bearer()
        answered = await sandbox.call("PUT", CONFIGURATION, data=chunks(), headers={**master, **JSON})
        assert answered.status == 413
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answered = await sandbox.call("POST", "/identity/oauth/token", data=chunks(), headers=form)
        assert (answered.status, answered.body["error"]) == (400, "invalid_request")


async def test_a_broken_multipart_body(made: World) -> None:
    headers = {**made.acme, "Content-Type": "multipart/form-data; boundary=b"}
    path = f"{RESULTS.replace('ORDER', made.order)}/attachment"
    for body in (b"nothing", b"--b\r\nno header"):
        assert (await made.sandbox.call("POST", path, data=body, headers=headers)).status == 400


async def test_no_configuration_yet(sandbox: Client) -> None:
    master = await sandbox.bearer()
    assert (await sandbox.call("GET", CONFIGURATION, headers=master)).status == 404
    assert (await sandbox.call("POST", INTEGRATION, json=PAIR, headers=master)).status == 404
    assert (await sandbox.call("GET", "/admin/configuration")).status == 404


async def test_a_configuration_is_replaced_as_a_whole(sandbox: Client, vendor: FakeVendor) -> None:
    master = await sandbox.configure(vendor.configuration())
    smaller = {key: value for key, value in vendor.configuration().items() if key != "fields"}
    put = await sandbox.call("PUT", CONFIGURATION, json=smaller, headers=master)
    got = await sandbox.call("GET", CONFIGURATION, headers=master)
    assert put.body == got.body == smaller == await sandbox.admin("/configuration", method="GET")


async def test_the_exchange_and_its_credential(sandbox: Client, vendor: FakeVendor) -> None:
    master = await sandbox.configure(vendor.configuration())
    answered = await sandbox.call("POST", INTEGRATION, json=PAIR, headers=master)
    assert answered.status == 200
    assert set(answered.body) == {"clientId", "clientSecret"}
    assert await sandbox.token(answered.body["clientId"], answered.body["clientSecret"])
    assert (await sandbox.admin("/companies/acme", method="GET"))["connected"]


async def test_a_result_is_merged_and_its_history_kept(made: World) -> None:
    path, call = RESULTS.replace("ORDER", made.order), made.sandbox.call
    first = {"status": "IN_PROGRESS", "name": "Backend", "summary": "soon"}
    assert (await call("PATCH", path, json=first, headers=made.acme)).body == first
    merge = {**made.acme, "Content-Type": "application/merge-patch+json"}
    patch = b'{"status":"COMPLETED","summary":null,"score":{"raw":28,"min":20,"max":80}}'
    second = await call("PATCH", path, data=patch, headers=merge)
    whole = {"status": "COMPLETED", "name": "Backend", "score": {"raw": 28, "min": 20, "max": 80}}
    assert (second.status, second.body) == (200, whole)
    shown = await made.sandbox.admin(f"/orders/{made.order}", method="GET")
    assert shown["result"] == whole
    assert [step["status"] for step in shown["history"]] == ["IN_PROGRESS", "COMPLETED"]
    assert [step["result"] for step in shown["history"]] == [first, whole]
    assert shown["shown_score"] == 13


async def test_an_attachment_can_be_fetched_where_its_url_says(made: World) -> None:
    path = f"{RESULTS.replace('ORDER', made.order)}/attachment"
    answered = await made.sandbox.call("POST", path, data=file(), headers=made.acme)
    assert answered.status == 201
    shown = await made.sandbox.admin(f"/orders/{made.order}", method="GET")
    assert shown["attachments"] == [
        {
            "url": answered.body["url"],
            "file_name": "r.pdf",
            "content_type": "application/pdf",
            "size": 4,
            "sha256": hashlib.sha256(b"%PDF").hexdigest(),
        }
    ]
    async with made.sandbox.session.get(answered.body["url"]) as fetched:
        assert await fetched.read() == b"%PDF"
        assert fetched.headers["Content-Disposition"] == "attachment"
    assert (await made.sandbox.call("GET", f"/attachments/{made.order}/none")).status == 404


async def test_resources_have_smartrecruiters_shapes(made: World) -> None:
    get: Callable[[str], Awaitable[Any]] = lambda path: made.sandbox.call("GET", path, headers=made.acme)  # noqa: E731 - a shorthand
    candidate = (await get(f"/candidates/{made.candidate}")).body
    assert candidate["primaryAssignment"]["job"] == {"id": made.job, "title": "Backend Engineer"}
    assert (candidate["firstName"], candidate["lastName"]) == ("Ada", "Lindqvist")
    job = (await get(f"/jobs/{made.job}")).body
    assert job["location"]["countryCode"] == "de"
    assert job["department"]["label"] == "Engineering"
    team = (await get(f"/jobs/{made.job}/hiring-team")).body
    assert {person["role"] for person in team["content"]} == {"HIRING_MANAGER", "RECRUITER", "COORDINATOR"}


async def test_orders_of_an_application(made: World) -> None:
    application = made.sandbox.state.orders[made.order].application_id
    path = f"/assessment-orders?applicationId={application}"
    listed = (await made.sandbox.call("GET", path, headers=made.acme)).body["content"]
    assert {one["orderId"] for one in listed} == {made.order, made.inline}
    assert (await made.sandbox.call("GET", path, headers=made.globex)).body["content"] == []


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("assessment_result_manage", "PATCH", RESULTS),
        ("candidates_read", "GET", "/candidates/CANDIDATE"),
        ("jobs_read", "GET", "/jobs/JOB"),
        ("hiring_team_read", "GET", "/jobs/JOB/hiring-team"),
        ("assessment_orders_read", "GET", "/assessment-orders?applicationId=x"),
    ],
)
async def test_a_scope_can_be_taken_away(made: World, scope: str, method: str, path: str) -> None:
    path = path.replace("ORDER", made.order).replace("JOB", made.job).replace("CANDIDATE", made.candidate)
    company = await made.sandbox.admin("/companies/acme", method="GET")
    left = [one for one in company["permissions"] if one != scope]
    await made.sandbox.admin("/companies/acme", {"permissions": left}, "PATCH")
    answered = await made.sandbox.call(
        method, path, headers=made.acme, json={} if method == "PATCH" else None
    )
    assert answered.status == 403
    assert scope in answered.body["message"]


async def test_tokens_end(made: World) -> None:
    path = f"/jobs/{made.job}"
    await made.sandbox.admin("/companies/acme/tokens", method="DELETE")
    assert (await made.sandbox.call("GET", path, headers=made.acme)).status == 401
    assert (await made.sandbox.call("GET", path, headers=made.globex)).status == 404
