"""Requests nobody should send: each has its status and its wrong fields named; none places an order."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pytest
from yarl import URL

from tests.gateway.support.world import SR, World, callback, inline_order, standard_order

ORDERS, INLINE = "/packages/orders", "/packages/inline/orders"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Case:
    """`named` are the fields an answer has to name; `token` are changes to the claims, None for no token."""

    name: str
    path: str
    status: int
    named: tuple[str, ...] = ()
    method: str = "POST"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    token: dict[str, Any] | None = field(default_factory=dict)


def order(name: str, named: str, **changes: Any) -> Case:
    return Case(
        name, ORDERS, 400, (named,), body=json.dumps(standard_order("o", **changes)).encode(), headers=JSON
    )


def inline(name: str, named: str, **changes: Any) -> Case:
    return Case(
        name, INLINE, 400, (named,), body=json.dumps(inline_order("o", **changes)).encode(), headers=JSON
    )


def raw(name: str, body: bytes, status: int = 400, named: tuple[str, ...] = ("body",), **more: Any) -> Case:
    return Case(name, ORDERS, status, named, body=body, headers=more.pop("headers", JSON), **more)


def call(name: str, token: dict[str, Any] | None, status: int = 401, **more: Any) -> Case:
    return Case(
        name, ORDERS, status, body=GOOD, headers={**JSON, **more.pop("headers", {})}, token=token, **more
    )


def get(name: str, path: str, status: int, named: tuple[str, ...] = (), **more: Any) -> Case:
    return Case(name, path, status, named, method=more.pop("method", "GET"), **more)


GOOD = json.dumps(standard_order("o")).encode()
CANDIDATE = standard_order()["candidate"]


def candidate(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (CANDIDATE | changes).items() if value is not None}


def wrong_url(url: Any) -> dict[str, Any]:
    return {"resultCallbackURL": url}


BODIES = [
    raw("nothing", b""),
    raw("broken", b'{"resultCallbackURL":'),
    raw("a list", b"[]"),
    raw("null", b"null"),
    raw("a string", b'"order"'),
    raw("a number", b"1e999"),
    raw("not UTF-8", GOOD.replace(b"Ada", b"\xff\xfe")),
    raw("half a surrogate", GOOD.replace(b"Ada", b"\\ud800")),
    raw("deep", b'{"a":' * 5000 + b"1" + b"}" * 5000),
    raw("deep inside an order", GOOD[:-1] + b',"x":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    raw("NUL in a name", GOOD.replace(b"Ada", b"A\\u0000"), named=("candidate.firstName",)),
    raw("NUL in what nobody knows", GOOD[:-1] + b',"x":{"y":["\\u0000"]}}', named=("x.y",)),
    raw("NUL in a key", GOOD[:-1] + b',"x\\u0000":1}'),
    raw("after the end", GOOD + b"}"),
    raw("too large", GOOD[:-1] + b',"x":"' + b"a" * 1_048_576 + b'"}', 413, ()),
    raw("too large for a record", GOOD[:-1] + b',"x":"' + b"a" * 1_020_000 + b'"}', 413, ()),
    raw("a form", b"a=b", 415, (), headers=FORM),
    raw("text", GOOD, 415, (), headers={"Content-Type": "text/plain"}),
    raw("XML", b"<a/>", 415, (), headers={"Content-Type": "application/xml"}),
    raw("UTF-16", GOOD, 415, (), headers={"Content-Type": "application/json; charset=utf-16"}),
    raw("multipart", GOOD, 415, (), headers={"Content-Type": "multipart/form-data; boundary=x"}),
    raw("a type of nonsense", GOOD, 415, (), headers={"Content-Type": ";;;"}),
]
FIELDS = [
    order("no callback", "resultCallbackURL", resultCallbackURL=None),
    order("no candidate", "candidate", candidate=None),
    order("no package", "assessmentPackageId", assessmentPackageId=None),
    order("no company", "companyId", companyId=None),
    order("no job", "jobId", jobId=None),
    order("empty package", "assessmentPackageId", assessmentPackageId=""),
    order("empty company", "companyId", companyId=""),
    order("candidate is text", "candidate", candidate="Ada"),
    order("candidate is a list", "candidate", candidate=[]),
    order("candidate without id", "candidate.id", candidate=candidate(id=None)),
    order("candidate without first name", "candidate.firstName", candidate=candidate(firstName=None)),
    order("candidate without last name", "candidate.lastName", candidate=candidate(lastName=None)),
    order("first name is a number", "candidate.firstName", candidate=candidate(firstName=7)),
    order("e-mail is a list", "candidate.email", candidate=candidate(email=["a@b.c"])),
    order(
        "language is an object", "candidate.applicationLanguage", candidate=candidate(applicationLanguage={})
    ),
    order("package is a number", "assessmentPackageId", assessmentPackageId=5),
    order("company is a list", "companyId", companyId=["acme"]),
    order("company is true", "companyId", companyId=True),
    order("job is text", "job", job="job-1"),
    order("job without id", "job.id", job={}),
    order("job id is a number", "job.id", job={"id": 1}),
    order("jobId is a number", "jobId", jobId=1),
    order("requester is text", "requester", requester="boss"),
    order("requester's e-mail is a number", "requester.email", requester={"email": 1}),
    order("requester's id is a list", "requester.userId", requester={"userId": []}),
    order("fields are a list", "fields", fields=["blue"]),
    order("callback is a number", "resultCallbackURL", **wrong_url(1)),
    order("callback is empty", "resultCallbackURL", **wrong_url("")),
    order("callback elsewhere", "resultCallbackURL", **wrong_url("https://evil.example/orders/o/results")),
    order(
        "callback with our host as user",
        "resultCallbackURL",
        **wrong_url("https://api.smartrecruiters.com@evil.example/orders/o/results"),
    ),
    order(
        "callback with a lookalike",
        "resultCallbackURL",
        **wrong_url("https://evilsmartrecruiters.com/orders/o/results"),
    ),
    order(
        "callback with our host as prefix",
        "resultCallbackURL",
        **wrong_url("https://api.smartrecruiters.com.evil.example/orders/o/results"),
    ),
    order(
        "callback with a backslash",
        "resultCallbackURL",
        **wrong_url("https://evil.example\\.smartrecruiters.com/orders/o/results"),
    ),
    order("callback in plain http", "resultCallbackURL", **wrong_url(callback("o").replace("https", "http"))),
    order(
        "callback to another port",
        "resultCallbackURL",
        **wrong_url("https://api.smartrecruiters.com:8443/orders/o/results"),
    ),
    order(
        "callback to the metadata service",
        "resultCallbackURL",
        **wrong_url("http://169.254.169.254/orders/o/results"),
    ),
    order("callback to loopback", "resultCallbackURL", **wrong_url("http://127.0.0.1:9081/orders/o/results")),
    order("callback to a file", "resultCallbackURL", **wrong_url("file:///orders/o/results")),
    order("callback with a line break", "resultCallbackURL", **wrong_url(callback("o\r\nX: y"))),
    order("callback with a space", "resultCallbackURL", **wrong_url(callback("o o"))),
    order("callback without an order", "resultCallbackURL", **wrong_url(SR)),
    order("callback with an empty order", "resultCallbackURL", **wrong_url(f"{SR}/orders//results")),
    order("callback with a dotted order", "resultCallbackURL", **wrong_url(callback(".."))),
    order("callback with a slash in its order", "resultCallbackURL", **wrong_url(callback("a%2Fb"))),
    order("callback with a long order", "resultCallbackURL", **wrong_url(callback("o" * 129))),
    order("a very long callback", "resultCallbackURL", **wrong_url(callback("o") + "?" + "a" * 5000)),
    inline("no way back", "completedAssessmentCallbackUrl", completedAssessmentCallbackUrl=None),
    inline("way back is a number", "completedAssessmentCallbackUrl", completedAssessmentCallbackUrl=3),
    inline("way back is empty", "completedAssessmentCallbackUrl", completedAssessmentCallbackUrl=""),
    inline(
        "way back is a script",
        "completedAssessmentCallbackUrl",
        completedAssessmentCallbackUrl="javascript:alert(1)",
    ),
    inline(
        "way back is data",
        "completedAssessmentCallbackUrl",
        completedAssessmentCallbackUrl="data:text/html,x",
    ),
    inline(
        "way back is relative",
        "completedAssessmentCallbackUrl",
        completedAssessmentCallbackUrl="//evil.example",
    ),
    inline(
        "way back in plain http",
        "completedAssessmentCallbackUrl",
        completedAssessmentCallbackUrl="http://a.example",
    ),
    inline(
        "way back with a line break",
        "completedAssessmentCallbackUrl",
        completedAssessmentCallbackUrl="https://a.example/\r\nSet-Cookie: a=b",
    ),
    inline(
        "way back too long",
        "completedAssessmentCallbackUrl",
        completedAssessmentCallbackUrl="https://a.example/" + "a" * 2600,
    ),
    inline("inline without candidate", "candidate", candidate=None),
    inline("inline elsewhere", "resultCallbackURL", **wrong_url("https://evil.example/orders/o/results")),
    Case(
        "another company's order",
        ORDERS,
        403,
        ("companyId",),
        body=json.dumps(standard_order("o", companyId="globex")).encode(),
        headers=JSON,
    ),
    Case(
        "unknown package",
        ORDERS,
        404,
        body=json.dumps(standard_order("o", assessmentPackageId="nope")).encode(),
        headers=JSON,
    ),
    Case(
        "another company's package",
        ORDERS,
        404,
        body=json.dumps(standard_order("o", assessmentPackageId="secret-of-globex")).encode(),
        headers=JSON,
    ),
    Case(
        "a long package id",
        ORDERS,
        404,
        body=json.dumps(standard_order("o", assessmentPackageId="p" * 5000)).encode(),
        headers=JSON,
    ),
]
TOKENS = [
    call("no token", None),
    call("Basic", None, headers={"Authorization": "Basic YTpi"}),
    call("Bearer and nothing", None, headers={"Authorization": "Bearer "}),
    call("not a token", None, headers={"Authorization": "Bearer abc"}),
    call("three dots", None, headers={"Authorization": "Bearer ..."}),
    call("not base64", None, headers={"Authorization": "Bearer %%%.%%%.%%%"}),
    call("header of a list", None, headers={"Authorization": "Bearer W10.W10.W10"}),
    call("no algorithm", None, headers={"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}),
    call("very long", None, headers={"Authorization": "Bearer " + "a" * 5000}),
    call("not ASCII", None, headers={"Authorization": "Bearer ü.ü.ü"}),
    call("expired", {"exp": 1_700_000_000}),
    call("from the future", {"iat": 4_000_000_000}),
    call("another issuer", {"iss": "https://evil.example"}),
    call("another audience", {"aud": ["https://evil.example"]}),
    call("no audience", {"aud": None}),
    call("no company", {"company_id": None}),
    call("an odd company", {"company_id": "../acme"}),
    call("no expiry", {"exp": None}),
    call("no version", {"ver": None}),
    call("version is text", {"ver": "1"}),
    call("expiry is text", {"exp": "never"}),
    call("an old version", {"ver": 0}),
    call("another client", {"sub": "client-globex"}),
    call("an ID token", {"typ": "JWT"}),
    call("an unknown key", {"kid": "nobody's"}),
    call("unknown company", {"company_id": "nobody", "iat": 1_700_000_000}),
    call("no scope at all", {"scope": ""}, 403),
    call("another scope", {"scope": "packages_view"}, 403),
    call("a longer scope", {"scope": "orders_modify_not"}, 403),
    get("list without token", "/packages", 401, token=None),
    get("list without scope", "/packages", 403, token={"scope": "orders_modify"}),
]
CALLS = [
    get("requester is not JSON", "/packages", 400, ("requester",), headers={"requester": "boss"}),
    get("requester is a list", "/packages", 400, ("requester",), headers={"requester": "[]"}),
    get("requester without e-mail", "/packages", 400, ("requester",), headers={"requester": "{}"}),
    get(
        "requester's e-mail is a number",
        "/packages",
        400,
        ("requester",),
        headers={"requester": '{"email":1}'},
    ),
    get("requester is empty", "/packages", 400, ("requester",), headers={"requester": ""}),
    get(
        "requester is half a surrogate",
        "/packages",
        400,
        ("requester",),
        headers={"requester": '{"email":"\\ud800"}'},
    ),
    get("no such package", "/packages/nope", 404),
    get("up and out", "/packages/..%2f..%2fetc%2fpasswd", 404),
    get("not UTF-8 in the path", "/packages/%ff%fe", 404),
    get("a NUL in the path", "/packages/%00", 404),
    get("no such path", "/nothing", 404),
    get("internal path from outside", "/internal/jwks", 404),
    get("metrics from outside", "/metrics", 404),
    get("orders cannot be listed", "/packages/orders", 404),
    get("packages cannot be posted", "/packages", 405, method="POST"),
    get("orders cannot be put", ORDERS, 405, method="PUT"),
    get("tokens cannot be got", "/oauth/token", 405),
    get("pages cannot be posted", "/connect", 405, method="POST"),
    get("an unknown method", ORDERS, 405, method="PATCH"),
    get("a hand-off nobody made", "/t/h1.AAAA", 404, token=None),
    get("a hand-off of an unknown key", "/t/zz.AAAA", 404, token=None),
    get("a hand-off of nonsense", "/t/%00%ff/done", 404, token=None),
    get("disable without company", "/integrations", 400, ("companyId",), method="DELETE"),
    get("disable another company", "/integrations/companies/globex", 403, method="DELETE"),
    get("disable without token", "/integrations/companies/acme", 401, method="DELETE", token=None),
    get("disable with an old token", "/integrations/companies/acme", 401, method="DELETE", token={"ver": 0}),
    get(
        "disable two companies",
        "/integrations/companies/acme?companyId=globex",
        400,
        ("companyId",),
        method="POST",
    ),
    Case("disable with broken JSON", "/integrations", 400, ("body",), body=b"{", headers=JSON),
    Case("disable a number", "/integrations", 400, ("companyId",), body=b'{"companyId":1}', headers=JSON),
]
CASES = [*BODIES, *FIELDS, *TOKENS, *CALLS]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_hostile(shared_world: World, case: Case) -> None:
    before = await shared_world.offsets()
    headers = dict(case.headers)
    if case.token is not None:
        headers = shared_world.bearer(**{"company_id": "acme", **case.token}) | headers
    url = URL(shared_world.url + case.path, encoded=True)
    async with shared_world.session.request(
        case.method, url, data=case.body and BytesIO(case.body), headers=headers
    ) as response:
        text = await response.text()
        assert response.status == case.status, text
        assert response.headers["X-Request-Id"]
        if case.status == 401:
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
        if not case.path.startswith(("/t/", "/connect")):
            assert response.content_type == "application/problem+json"
            answer = json.loads(text)
            assert answer["status"] == case.status
            assert [error["code"] for error in answer["errors"]]
            for name in case.named:
                assert name in {error.get("field") for error in answer["errors"]}, answer
    assert "Lovelace" not in text
    assert await shared_world.offsets() == before
    assert await shared_world.spooled() == 0
    assert shared_world.credentials.disabled == []


async def test_a_head_is_a_get_without_its_body(shared_world: World) -> None:
    for path in ("/packages", "/packages/skills", "/.well-known/jwks.json", "/health/live"):
        async with shared_world.session.head(
            shared_world.url + path, headers=shared_world.bearer()
        ) as response:
            assert response.status == 200
            assert await response.read() == b""


async def test_several_faults_are_all_named(shared_world: World) -> None:
    wrong = standard_order("o", candidate={"id": 5}, companyId=7, assessmentPackageId=None)
    status, answer = await shared_world.place(wrong)
    assert status == 400
    named = {error["field"] for error in answer["errors"]}
    assert named >= {
        "candidate.id",
        "candidate.firstName",
        "candidate.lastName",
        "companyId",
        "assessmentPackageId",
    }


async def test_a_body_that_only_says_it_is_gzip(shared_world: World, expected_errors: list[Any]) -> None:
    headers = {**shared_world.bearer(), **JSON, "Content-Encoding": "gzip"}
    async with shared_world.session.post(shared_world.url + ORDERS, data=GOOD, headers=headers) as response:
        assert response.status == 400
        assert response.content_type == "application/problem+json"
