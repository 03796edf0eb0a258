"""What engines, operators and whoever reaches the internal port should not send to orders."""

from typing import Any

from tests.orders.support.people import ERASE, EXPORT, OPEN
from tests.support.hostile import Case, as_json

CALLERS = {
    "AN-OPERATOR": "token-of-an-operator",
    "ANOTHER-SERVICE": "token-of-another-service",
    "A-SUPPORTER": "token-of-a-supporter",
}
ENGINE, OPERATOR, OTHER = "AN-ENGINE", "AN-OPERATOR", "ANOTHER-SERVICE"
SEALED, ORDER = "A-SEALED-ONE", "an-order"
"""A candidate who is there, and their order. A-CHANGED-ONE is sealed with the same key, and was changed."""


def sealed(name: str, body: Any, status: int = 400, token: str | None = ENGINE, **more: Any) -> Case:
    """An opening of a candidate."""
    sent = body if isinstance(body, bytes) else as_json(body)
    return Case(f"open: {name}", "POST", more.pop("path", OPEN), status, token, sent, **more)


def about(name: str, body: Any, status: int = 400, **more: Any) -> list[Case]:
    """An erasure, and an export, of somebody."""
    sent = body if isinstance(body, bytes) else as_json(body)
    token = more.pop("token", OPERATOR)
    return [
        Case(f"{path.rpartition('/')[2]}: {name}", "POST", path, status, token, sent, **more)
        for path in (ERASE, EXPORT)
    ]


def cancel(name: str, body: Any, status: int = 400, order: str = ORDER) -> Case:
    """A cancelling of an order."""
    sent = body if isinstance(body, bytes) else as_json(body)
    return Case(f"cancel: {name}", "POST", f"/api/orders/{order}/cancel", status, OPERATOR, sent)


def get(path: str, status: int, token: str | None = OPERATOR) -> Case:
    """A look at something."""
    return Case(f"get by {token}: {path[:60]}", "GET", path, status, token)


GOOD = {"sealed": SEALED}
ADA = {"company_id": "acme", "candidate_id": "cand-1"}
TOKENS = {
    "none": None,
    "an operator's": OPERATOR,
    "another service's": OTHER,
    "an empty one": "",
    "two": f"{ENGINE} {ENGINE}",
    "itself and a letter": f"{ENGINE}x",
    "itself in capitals": "ENGINE-TOKEN",
    "another script": "\N{CYRILLIC SMALL LETTER A}",
    "the sealed candidate": SEALED,
    "6 kB": "t" * 6000,
}
OPENINGS = [
    *(sealed(f"with {name}", GOOD, 401, token) for name, token in TOKENS.items()),
    sealed("with Basic", GOOD, 401, None, headers={"Authorization": "Basic YTpBTi1FTkdJTkU="}),
    sealed("with a token in the query", GOOD, 401, None, path=f"{OPEN}?access_token={ENGINE}"),
    sealed("no body", b""),
    sealed("not JSON", b"sealed=A-SEALED-ONE"),
    sealed("half an object", b'{"sealed":"A-SEALED-ONE'),
    sealed("bytes", b"\xff\xfe"),
    sealed("another encoding", '{"sealed":"x"}'.encode("utf-16")),
    sealed("deep", b"[" * 100_000),
    sealed("NaN", b'{"sealed":NaN}'),
    sealed("half a surrogate", b'{"sealed":"\\ud800"}'),
    sealed("a text alone", SEALED),
    sealed("a list", [GOOD]),
    sealed("null", None),
    sealed("nothing in it", {}),
    sealed("a name nobody knows", GOOD | {"company_id": "acme"}),
    *(
        sealed(f"sealed is {name}", {"sealed": value})
        for name, value in {
            "null": None,
            "empty": "",
            "a number": 7,
            "true": True,
            "a list": [SEALED],
            "an object": {"$ref": SEALED},
            "nonsense": "x",
            "five empty parts": "....",
            "five parts of nonsense": "a.b.c.d.e",
            "six parts": f"{SEALED}.x",
            "cut": "eyJhbGciOiJkaXIifQ.",
            "with a NUL": f"{SEALED}\0",
            "with a line break": f"{SEALED}\r\nX: y",
            "in another script": "\N{CYRILLIC SMALL LETTER A}",
            "changed": "A-CHANGED-ONE",
            "a header without a key": "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0.....",
            "alg none": "eyJhbGciOiJub25lIiwiZW5jIjoiQTI1NkdDTSIsImtpZCI6ImEifQ....",
            "a megabyte": "s" * 1_000_001,
        }.items()
    ),
    sealed("two megabytes", b'{"sealed":"' + b"s" * 2_000_000 + b'"}', 413),
    *(Case(f"open: by {one}", one, OPEN, 405, ENGINE) for one in ("GET", "PUT", "DELETE", "PATCH")),
    *(
        sealed(f"path {path}", GOOD, status, path=path)
        for path, status in {
            f"{OPEN}/": 404,
            f"{OPEN}%00": 400,
            "/engines//candidates/open": 404,
            "/engines/candidates%2fopen": 404,
            "/engines/../api/candidates/export": 404,
            "/engines/candidates/export": 404,
        }.items()
    ),
    *(
        Case(f"an engine's token: {method} {path}", method, path, 401, ENGINE, b"{}")
        for method, path in (
            ("POST", ERASE),
            ("POST", EXPORT),
            ("POST", f"/api/orders/{ORDER}/cancel"),
            ("GET", f"/api/orders/{ORDER}"),
            ("GET", "/api/orders"),
            ("GET", "/api/insights?company_id=acme"),
        )
    ),
]
PEOPLE = [
    *about("with another service's token", ADA, 403, token=OTHER),
    *about("without a token", ADA, 401, token=None),
    *about("no body", b""),
    *about("not JSON", b"company_id=acme"),
    *about("bytes", b"\xff\xfe"),
    *about("deep", b"[" * 100_000),
    *about("a list", [ADA]),
    *about("nothing", {}),
    *about("everybody of a company", {"company_id": "acme"}),
    *about("everybody, by null", {"company_id": "acme", "candidate_id": None}),
    *about("everybody, by nothing", ADA | {"candidate_id": ""}),
    *about("two ways to say whom", ADA | {"email": "ada@example.com"}),
    *about("of no company", {"candidate_id": "cand-1"}),
    *about("of every company", ADA | {"company_id": "*"}),
    *about("of a company with a NUL", ADA | {"company_id": "acme\0"}),
    *about("of a company with a line break", ADA | {"company_id": "acme\n"}),
    *about("of two companies", ADA | {"company_id": ["acme", "globex"]}),
    *about("a number for a candidate", ADA | {"candidate_id": 1}),
    *about("an object for a candidate", ADA | {"candidate_id": {"$ne": ""}}),
    *about("a long candidate", ADA | {"candidate_id": "c" * 1025}),
    *about("an order with a slash", {"company_id": "acme", "order_id": "../o"}),
    *about("an order with a NUL", {"company_id": "acme", "order_id": "o\0"}),
    *about("half a surrogate", b'{"company_id":"acme","email":"\\ud800"}'),
    *about("a name nobody knows", ADA | {"everything": True}),
    *about("two megabytes", b'{"company_id":"' + b"a" * 2_000_000 + b'"}', 413),
    *(
        Case(f"{one} {path}", one, path, 405, OPERATOR)
        for one in ("GET", "DELETE")
        for path in (ERASE, EXPORT)
    ),
]
CANCELLINGS = [
    cancel("an order nobody knows", {}, 404, order="none"),
    cancel("an order with a NUL", {}, 400, order="o%00"),
    cancel("an order in bytes", {}, 404, order="%ff%fe"),
    cancel("an order in half a surrogate", {}, 404, order="%ed%a0%80"),
    cancel("an order of SQL", {}, 404, order="o'%20OR%20'1'='1"),
    cancel("a very long order", {}, 404, order="o" * 5000),
    cancel("not JSON", b"reason=x"),
    cancel("bytes", b"\xff"),
    cancel("deep", b"[" * 100_000),
    cancel("a list", ["x"]),
    cancel("an empty reason", {"reason": ""}),
    cancel("a long reason", {"reason": "r" * 201}),
    cancel("a reason of null", {"reason": None}),
    cancel("a reason with a NUL", {"reason": "r\0"}),
    cancel("half a surrogate", b'{"reason":"\\ud800"}'),
    cancel("a name nobody knows", {"why": "x"}),
]
LOOKS = [
    get("/api/orders", 401, None),
    get("/api/orders", 403, OTHER),
    *(
        get(f"/api/orders?{query}", status)
        for query, status in {
            "state=done": 400,
            "state=%00": 400,
            "state=placed%00": 400,
            "limit=0": 400,
            "limit=-1": 400,
            "limit=1e3": 400,
            "limit=%D9%A1": 400,
            "limit=501": 400,
            "limit=000000001" + "9" * 5000: 400,
            "limit=" + "9" * 5000: 400,
            "company_id=acme%00": 400,
        }.items()
    ),
    get("/api/orders/none", 404),
    get("/api/orders/o%00", 400),
    get("/api/orders/%ff%fe", 404),
    get("/api/orders/%ed%a0%80", 404),
    get("/api/orders/" + "o" * 5000, 404),
    get("/api/orders/..%2f..%2fhealth", 404),
    get("/api/insights", 400),
    get("/api/insights?company_id=", 400),
    get("/api/insights?company_id=acme%00", 400),
    get("/api/insights?company_id=acme&limit=1001", 400),
    get("/api/insights?company_id=acme&limit=000000001" + "9" * 5000, 400),
    get("/api/nothing", 404),
    get("/internal/nothing", 404),
]
CASES = [*OPENINGS, *PEOPLE, *CANCELLINGS, *LOOKS]
