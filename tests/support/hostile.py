"""Requests nobody should send to a service's internal port, and what each has to get."""

import json
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import aiohttp
from yarl import URL

Names = dict[str, str]


@dataclass(frozen=True)
class Case:
    """`token` is whose: a name of the test's, which becomes the token itself; None for no token.

    Names of the test's in the path and the body become what they stand for, too.
    """

    name: str
    method: str
    path: str
    status: int
    token: str | None
    body: bytes | None = None
    headers: Names = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


def as_json(value: Any) -> bytes:
    """The bytes of a body."""
    return json.dumps(value).encode()


async def send(session: aiohttp.ClientSession, url: str, case: Case, names: Names) -> str:
    """Sends it and checks the answer: its status, and a problem that says nothing of what was sent."""

    def put(text: str) -> str:
        for name, value in names.items():
            text = text.replace(name, value)
        return text

    bearer = {} if case.token is None else {"Authorization": f"Bearer {put(case.token)}"}
    async with session.request(
        case.method,
        URL(url + put(case.path), encoded=True),
        data=None if case.body is None else BytesIO(put(case.body.decode("latin-1")).encode("latin-1")),
        headers=bearer | case.headers,
        allow_redirects=False,
    ) as response:
        text = await response.text()
        assert response.status == case.status, text
        assert response.content_type == "application/problem+json"
        answer = json.loads(text)
        assert answer["status"] == case.status
        assert answer["code"]
        assert response.headers["X-Request-Id"] == answer["request_id"]
        assert not {"Location", "Set-Cookie", "X"} & response.headers.keys()
        assert ("WWW-Authenticate" in response.headers) == (answer["code"] == "unauthorized")
        return text
