"""How a request nobody should send is written down."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.gateway.support.credentials import FakeCredentials
from tests.gateway.support.world import inline_order, standard_order

ORDERS, INLINE = "/packages/orders", "/packages/inline/orders"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Case:
    """`named` are the fields an answer has to name, `error` is what the token endpoint says in their place.

    `token` are changes to a good token's claims, None for no token; `forge` makes one that is not good. In
    the path, a header or the body TOKEN becomes a good one, A-VISIT a recent visit of the consent pages and
    AN-OLD-ONE one that is too old.
    """

    name: str
    path: str
    status: int
    named: tuple[str, ...] = ()
    method: str = "POST"
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    token: dict[str, Any] | None = field(default_factory=dict)
    forge: Callable[[FakeCredentials], str] | None = None
    error: str | None = None


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
