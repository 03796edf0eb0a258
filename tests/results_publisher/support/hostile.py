"""What operators and whoever reaches the internal port should not send to results-publisher."""

from typing import Any

from tests.support.hostile import Case, as_json

CALLERS = {"AN-OPERATOR": "token-of-an-operator", "THE-ORDERS": "token-of-orders-itself"}
OPERATOR, ORDERS = CALLERS
DEAD = "A-DEAD-LETTER"
"""The id of one that is there."""


def ask(method: str, path: str, status: int, token: str | None = OPERATOR) -> Case:
    """A call without a body."""
    return Case(f"{method} {path[:60]} by {token}", method, path, status, token)


def post(name: str, path: str, body: Any, status: int = 400, token: str = OPERATOR) -> Case:
    """A call with one."""
    sent = body if isinstance(body, bytes) else as_json(body)
    return Case(f"{path}: {name}", "POST", path, status, token, sent)


def mend(name: str, body: Any, status: int = 422, letter: str = DEAD, charset: str = "utf-8") -> Case:
    """A body for a dead letter."""
    sent = body if isinstance(body, bytes) else as_json(body)
    kind = {"Content-Type": f"application/json; charset={charset}"}
    return Case(f"mend with {name}", "PUT", f"/api/deliveries/{letter}/body", status, OPERATOR, sent, kind)


REPLAY = "/api/deliveries/replay"
NOBODY = "0b7e4a3c-5d21-4c8f-9a66-1f2e3d4c5b6a"
LOOKS = [
    *(ask(*call, 401, None) for call in (("GET", "/api/deliveries"), ("POST", REPLAY))),
    *(ask(*call, 403, ORDERS) for call in (("GET", f"/api/deliveries/{DEAD}"), ("POST", REPLAY))),
    *(
        ask("GET", f"/api/deliveries?{query}", 400)
        for query in (
            "limit=0",
            "limit=-1",
            "limit=1e3",
            "limit=%D9%A1",
            "limit=" + "9" * 20,
            "limit=" + "9" * 5000,
            "before=" + "9" * 5000,
            "before=%00",
            "company_id=acme%00",
            "reason=%00",
        )
    ),
    *(
        ask("GET", f"/api/deliveries/{one}", 404)
        for one in ("x", NOBODY, "%ff%fe", "%ed%a0%80", "1'%20OR%20'1'='1", "a" * 5000, "..%2f..%2fhealth")
    ),
    ask("GET", "/api/deliveries/%00", 400),
    ask("DELETE", f"/api/deliveries/{DEAD}", 405),
    ask("GET", f"/api/deliveries/{DEAD}/body", 405),
    ask("POST", f"/api/deliveries/{NOBODY}/replay", 404),
    ask("POST", "/api/deliveries/x/replay", 404),
]
REPLAYS = [
    post("nothing", REPLAY, {}),
    post("no body", REPLAY, b""),
    post("not JSON", REPLAY, b"everything=true"),
    post("bytes", REPLAY, b"\xff\xfe"),
    post("deep", REPLAY, b"[" * 100_000),
    post("a list", REPLAY, [{"everything": True}]),
    post("everything is no word", REPLAY, {"everything": "perhaps"}),
    post("everything of an empty company", REPLAY, {"company_id": ""}),
    post("a company of objects", REPLAY, {"company_id": {"$ne": ""}}),
    post("a company with a NUL", REPLAY, {"company_id": "acme\0"}),
    post("an order with a NUL", REPLAY, {"order_id": "o\0"}),
    post("a reason with a NUL", REPLAY, {"reason": "r\0"}),
    post("half a surrogate", REPLAY, b'{"reason":"\\ud800"}'),
    post("a limit of none", REPLAY, {"everything": True, "limit": 0}),
    post("a limit beyond numbers", REPLAY, b'{"everything":true,"limit":' + b"9" * 5000 + b"}"),
    post("a name nobody knows", REPLAY, {"everything": True, "force": True}),
    post("two megabytes", REPLAY, b'{"reason":"' + b"r" * 2_000_000 + b'"}', 413),
]
MENDINGS = [
    mend("nothing", b""),
    mend("not JSON", b"{"),
    mend("bytes", b"\xff\xfe", 400),
    mend("another encoding", '{"summary":"x"}'.encode("utf-16")[2:]),
    mend("an encoding nobody knows", {"status": "DONE"}, charset="nonsense"),
    mend("an encoding that is none", {"status": "DONE"}, charset="base64"),
    mend("deep", b"[" * 100_000),
    mend("a list", [{}]),
    mend("a status nobody knows", {"status": "DONE"}),
    mend("a score out of its range", {"score": {"raw": 3, "min": 5, "max": 9}}),
    mend("NaN", b'{"score":{"raw":NaN,"min":1,"max":9}}'),
    mend("half a surrogate", b'{"summary":"\\ud800"}'),
    mend("two megabytes", b'{"summary":"' + b"s" * 2_000_000 + b'"}', 413),
    mend("a letter nobody knows", {}, 404, NOBODY),
    mend("a letter that is none", {}, 404, "x"),
]
WHOSE = {"company_id": "acme"}
OTHERS = [
    case
    for path in ("/api/orders/erase", "/api/orders/export")
    for case in (
        post("by an operator", path, WHOSE | {"order_ids": ["o"]}, 403),
        post("nothing", path, {}, token=ORDERS),
        post("of no company", path, {"order_ids": ["o"]}, token=ORDERS),
        post("of every company", path, {"company_id": "*", "order_ids": ["o"]}, token=ORDERS),
        post("not JSON", path, b"{", token=ORDERS),
        post("bytes", path, b"\xff", token=ORDERS),
        post("deep", path, b"[" * 100_000, token=ORDERS),
        post("a text", path, WHOSE | {"order_ids": "o"}, token=ORDERS),
        post("numbers", path, WHOSE | {"order_ids": [1]}, token=ORDERS),
        post("a NUL", path, WHOSE | {"order_ids": ["o\0"]}, token=ORDERS),
        post("half a surrogate", path, b'{"company_id":"acme","order_ids":["\\ud800"]}', token=ORDERS),
    )
]
CASES = [*LOOKS, *REPLAYS, *MENDINGS, *OTHERS]
