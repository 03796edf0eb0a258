"""What the gateway, orders and whoever reaches the internal port should not send to credentials."""

from typing import Any
from uuid import uuid4

from tests.support.hostile import Case, as_json

CALLERS = {
    "THE-GATEWAY": "token-of-the-gateway",
    "THE-ORDERS": "token-of-orders-itself",
    "AN-OPERATOR": "token-of-an-operator",
}
GATEWAY, ORDERS, OPERATOR = CALLERS
CONSENT, KEYS = "/internal/consent", "/internal/candidate-keys"
COMPANY = "/internal/companies"


def post(name: str, path: str, body: Any, status: int = 400, token: str | None = GATEWAY) -> Case:
    """A call with a body."""
    sent = body if isinstance(body, bytes) else as_json(body)
    return Case(f"{path}: {name}", "POST", path, status, token, sent)


SIGN_IN = {"company_id": "acme", "email": "ada@example.com", "password": "a guess"}
BEGIN = {"company_id": "acme", "visit": "d.visit", "browser": "b" * 43}
FINISH = {"company_id": "acme", "state": "random.d.visit", "browser": "b" * 43, "code": "c"}
TICKET = {"company_id": "acme", "ticket": "t" * 43}
CHOICE = TICKET | {"organisation_id": str(uuid4())}
BIND = {
    "key_id": str(uuid4()),
    "company_id": "acme",
    "order_id": "o-1",
    "received_at": "2026-03-02T10:15:00Z",
}
GOOD: dict[str, tuple[str, dict[str, Any]]] = {
    f"{CONSENT}/sign-ins": (GATEWAY, SIGN_IN),
    f"{CONSENT}/openid/begin": (GATEWAY, BEGIN),
    f"{CONSENT}/openid/finish": (GATEWAY, FINISH),
    f"{CONSENT}/choices": (GATEWAY, CHOICE),
    f"{CONSENT}/grants": (GATEWAY, TICKET),
    f"{CONSENT}/denials": (GATEWAY, TICKET),
    f"{COMPANY}/acme/disable": (GATEWAY, {"version": 1}),
    f"{COMPANY}/acme/smartrecruiters-token": (ORDERS, {"rejected": "0" * 64}),
    f"{KEYS}/allot": (GATEWAY, {"count": 1}),
    f"{KEYS}/find": (ORDERS, {"ids": [str(uuid4())]}),
    f"{KEYS}/bind": (ORDERS, {"bindings": [BIND]}),
    f"{KEYS}/erase": (ORDERS, {"company_id": "acme", "email": "ada@example.com"}),
    f"{KEYS}/list": (ORDERS, {"company_id": "acme", "email": "ada@example.com"}),
    f"{KEYS}/unwrap": (ORDERS, {"sealed": "a.b.c.d.e"}),
}
"""Every call with a body of its own, who may make it, and a body that is well formed."""
NONSENSE = {
    "not JSON": b"company_id=acme",
    "bytes": b"\xff\xfe",
    "deep": b"[" * 100_000,
    "a list": b"[]",
    "half a surrogate": b'{"company_id":"\\ud800"}',
}
EVERYWHERE = [
    case
    for path, (caller, good) in GOOD.items()
    for case in (
        *(post(name, path, body, token=caller) for name, body in NONSENSE.items()),
        post("two megabytes", path, b'{"company_id":"' + b"a" * 2_000_000 + b'"}', 413, caller),
        post("without a token", path, good, 401, None),
        post("with an operator's token", path, good, 403, OPERATOR),
    )
]
FIELDS = [
    post(f"{name} is {what}", path, good | {name: value}, token=caller)
    for path, (caller, good) in GOOD.items()
    for name in good
    for what, value in {"an object": {"$ne": ""}, "a NUL": "\0"}.items()
    # A state, a ticket and what is sealed are looked up by their digest, or opened: any text is one.
    if not (what == "a NUL" and name in {"state", "ticket", "sealed", "code", "password", "browser", "email"})
]
PEOPLE = [
    post(
        "an address of two lines",
        f"{CONSENT}/sign-ins",
        SIGN_IN | {"email": "a@b.example\r\nBcc: c@d.example"},
    ),
    post("an address with a NUL", f"{CONSENT}/sign-ins", SIGN_IN | {"email": "a@b.example\0"}),
    post("a long address", f"{CONSENT}/sign-ins", SIGN_IN | {"email": "a" * 321}),
    post("a long password", f"{CONSENT}/sign-ins", SIGN_IN | {"password": "p" * 1025}),
    post("a wrong password", f"{CONSENT}/sign-ins", SIGN_IN, 401),
    post("a password with a NUL", f"{CONSENT}/sign-ins", SIGN_IN | {"password": "p\0"}, 401),
    post("a company with a slash", f"{CONSENT}/sign-ins", SIGN_IN | {"company_id": "../acme"}),
    post("an address that is none", f"{CONSENT}/sign-ins", SIGN_IN | {"address": "evil.example"}),
    post("a start without a provider", f"{CONSENT}/openid/begin", BEGIN, 404),
    post("a visit with a line break", f"{CONSENT}/openid/begin", BEGIN | {"visit": "a\r\nLocation: x"}),
    post("a long visit", f"{CONSENT}/openid/begin", BEGIN | {"visit": "v" * 4001}),
    post("a short browser", f"{CONSENT}/openid/begin", BEGIN | {"browser": "b"}),
    post("an answer without a provider", f"{CONSENT}/openid/finish", FINISH, 404),
    post("a long state", f"{CONSENT}/openid/finish", FINISH | {"state": "s" * 6001}),
    post("a long code", f"{CONSENT}/openid/finish", FINISH | {"code": "c" * 4097}),
    post("a long issuer", f"{CONSENT}/openid/finish", FINISH | {"issuer": "i" * 2001}),
    post("a made-up ticket", f"{CONSENT}/choices", CHOICE, 401),
    post("a made-up ticket", f"{CONSENT}/grants", TICKET, 401),
    post("a ticket with a NUL", f"{CONSENT}/grants", TICKET | {"ticket": "t\0"}, 401),
    post("a long ticket", f"{CONSENT}/grants", TICKET | {"ticket": "t" * 257}),
    post("a made-up ticket", f"{CONSENT}/denials", TICKET, 401),
]
COMPANIES = [
    post("a company nobody knows", f"{COMPANY}/nobody/smartrecruiters-token", {}, 404, ORDERS),
    *(
        post(f"{name} of {company}", f"{COMPANY}/{company}/{name}", {}, status, token)
        for company, status in {"a%00": 400, "..%2facme": 404, "%ff%fe": 404, "a" * 129: 404}.items()
        for name, token in (("disable", GATEWAY), ("smartrecruiters-token", ORDERS))
    ),
]
KEY_USES = [
    post("no key", f"{KEYS}/allot", {"count": 0}),
    post("too many keys", f"{KEYS}/allot", {"count": 5001}),
    post("keys beyond numbers", f"{KEYS}/allot", b'{"count":' + b"9" * 5000 + b"}"),
    post("an id that is none", f"{KEYS}/find", {"ids": ["x"]}, token=ORDERS),
    post("5001 ids", f"{KEYS}/find", {"ids": [str(uuid4())] * 5001}, token=ORDERS),
    post(
        "a time without a zone",
        f"{KEYS}/bind",
        {"bindings": [BIND | {"received_at": "2026-03-02T10:15:00"}]},
        token=ORDERS,
    ),
    post("an order with a NUL", f"{KEYS}/bind", {"bindings": [BIND | {"order_id": "o\0"}]}, token=ORDERS),
    post("an erasure by the gateway", f"{KEYS}/erase", {"company_id": "acme", "email": "a@b.example"}, 403),
    post("a long address", f"{KEYS}/erase", {"company_id": "acme", "email": "a" * 1025}, token=ORDERS),
    post("orders with a NUL", f"{KEYS}/erase", {"company_id": "acme", "order_ids": ["o\0"]}, token=ORDERS),
    post("nonsense", f"{KEYS}/unwrap", {"sealed": "x"}, 422, ORDERS),
    post("another script", f"{KEYS}/unwrap", {"sealed": "\N{CYRILLIC SMALL LETTER A}"}, 422, ORDERS),
]
PATHS = [
    Case(f"{method} {path} by {token}", method, path, status, token)
    for method, path, status, token in (
        ("GET", f"{CONSENT}/grants", 405, GATEWAY),
        ("POST", "/internal/jwks", 405, GATEWAY),
        ("GET", "/internal/jwks", 403, ORDERS),
        ("GET", "/internal/jwks", 401, None),
        ("GET", "/internal/nothing", 404, GATEWAY),
        ("GET", "/internal/%00", 400, GATEWAY),
        ("GET", "/internal//jwks", 404, GATEWAY),
        ("GET", "/internal%2fjwks", 404, GATEWAY),
        ("DELETE", f"{COMPANY}/acme/disable", 405, GATEWAY),
    )
]
CASES = [*EVERYWHERE, *FIELDS, *PEOPLE, *COMPANIES, *KEY_USES, *PATHS]
TOKENS = [
    (f"{path} of {name}", path, body, {"Content-Type": content_type})
    for path in ("/internal/oauth/token", "/internal/oauth/revoke")
    for name, body, content_type in (
        ("nothing", b"", "application/json"),
        ("bytes", b"\xff\xfe", "application/json"),
        ("a deep body", b"[" * 100_000, "application/json"),
        ("a list", b"[]", "application/json"),
        ("another encoding", b"{}", "application/json; charset=nonsense"),
        ("an encoding that is none", b"{}", "application/json; charset=base64"),
        ("numbers", b'{"client_id":1,"client_secret":2,"token":3,"grant_type":4}', "application/json"),
        ("objects", b'{"client_id":{},"client_secret":[],"token":{},"grant_type":[]}', "application/json"),
        ("a NUL", b'{"client_id":"\\u0000","client_secret":"\\u0000","token":"a"}', "application/json"),
        (
            "half a surrogate",
            b'{"client_id":"\\ud800","client_secret":"\\ud800","token":"\\ud800"}',
            "application/json",
        ),
    )
]
"""These two answer in RFC 6749 §5.2's form."""
