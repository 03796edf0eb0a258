"""What whoever reaches the console should not send to it, and what each page has to be all the same."""

import base64
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus

import aiohttp
from yarl import URL

from tests.orders.support.hostile import ENGINE, OPERATOR, ORDER, OTHER
from tests.support.hostile import Names

SUPPORTER = "A-SUPPORTER"
MARK = "zqmark"
"""Stands in what is sent where it could come back as something else than text."""

_TAGS = """
html head meta title style body header main h1 h2 p a form label br input select option button div table thead
tbody tr th td span dl dt dd strong meter
"""
_ATTRIBUTES = """
lang charset name content href method action size value selected class colspan min max role
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
    "form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def basic(password: str, user: str = "support") -> Names:
    """Signs in as a browser does."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@dataclass(frozen=True)
class Visit:
    """`page` False: what is answered is no page but a problem, as of the API. `to`: where it leads."""

    name: str
    path: str
    status: int
    headers: Names = field(default_factory=lambda: basic(SUPPORTER))
    method: str = "GET"
    body: bytes | None = None
    page: bool = True
    to: str | None = None

    def __str__(self) -> str:
        return self.name


class _Page(HTMLParser):
    """Every element and attribute in it is one of ours, and every address leads into the console."""

    def __init__(self) -> None:
        super().__init__()
        self.strange: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS.split() or MARK in tag:
            self.strange.append(tag)
        for name, value in attrs:
            leads = name in {"href", "action"} and not (value or "").startswith("/console")
            if name not in _ATTRIBUTES.split() or leads or (MARK in (value or "") and name not in _SHOWN):
                self.strange.append(f"{tag} {name}={value}")

    def handle_comment(self, data: str) -> None:
        self.strange.append(f"<!--{data}")

    def handle_data(self, data: str) -> None:
        self.text += data


_SHOWN = {"href", "value"}


async def visit(session: aiohttp.ClientSession, url: str, case: Visit, names: Names) -> str:
    """Makes the visit and checks what comes of it."""

    def put(text: str) -> str:
        for name, value in names.items():
            text = text.replace(name, value)
            text = text.replace(basic(name)["Authorization"], basic(value)["Authorization"])
        return text

    headers = {name: put(value) for name, value in case.headers.items()}
    address = URL(url + put(case.path), encoded=True)
    async with session.request(
        case.method, address, data=case.body, headers=headers, allow_redirects=False
    ) as response:
        text = await response.text()
        assert response.status == case.status, text
        assert not {"Set-Cookie", "X", "Access-Control-Allow-Origin"} & response.headers.keys()
        assert response.headers.get("Location") == case.to
        challenge = response.headers.get("WWW-Authenticate", "")
        assert challenge.split(" ")[0] == (("Basic" if case.page else "Bearer") if case.status == 401 else "")
        if not case.page:
            assert response.content_type == "application/problem+json"
            assert MARK not in text
            return text
        assert {name: response.headers.get(name) for name in _HEADERS} == _HEADERS
        if case.method == "HEAD" or case.to is not None:
            assert text == ""
            return text
        assert (response.content_type, response.charset) == ("text/html", "utf-8")
        page = _Page()
        page.feed(text)
        page.close()
        assert page.strange == []
        assert f"\n{HTTPStatus(case.status).phrase}\n" in page.text or case.status == 200
        return text


TEXTS = {
    "a tag": f"<script>{MARK}</script>",
    "a closed attribute": f'"><img src=x onerror={MARK}>',
    "a closed attribute, single": f"'><svg onload={MARK}>",
    "an attribute": f'" autofocus onfocus={MARK} x="',
    "a closed title": f"</title></style><script>{MARK}</script>",
    "a comment": f"<!-- {MARK} -->",
    "entities": f"&lt;script&gt;{MARK}&lt;/script&gt;",
    "a template": f"{{{{ 7*7 }}}}{{% {MARK} %}}",
    "an address": f"javascript:{MARK}",
    "a line break and a header": f"{MARK}\r\nX: y\r\n\r\n<script>",
    "SQL": f"' OR '1'='1'; -- {MARK}",
    "another script": "\N{CYRILLIC SMALL LETTER A}\N{RIGHT-TO-LEFT OVERRIDE}",
    "a host": f"//{MARK}.example/",
    "a folder above": "../../health/live",
    "5 kB": "o" * 5000,
}
BYTES = {
    "bytes": "%ff%fe",
    "half a surrogate": "%ed%a0%80",
    "an overlong dot": "%c0%ae",
    "broken percent signs": "%zz%4%",
    "a percent sign of another kind": "%u003cscript%u003e",
    "escaped twice": "%253Cscript%253E",
}


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


WHAT = {
    **{name: _quoted(text) for name, text in TEXTS.items() if name != "5 kB"},
    "5 kB": "o" * 5000,
    **BYTES,
}
SHOWN = [
    case
    for name, what in WHAT.items()
    for case in (
        Visit(f"an order of {name}", f"/console/orders/{what}", 404),
        # Braces are no part of a path here.
        Visit(f"a company of {name}", f"/console/companies/{what}", 404 if "%7B" in what else 200),
        Visit(f"orders of a company of {name}", f"/console?company_id={what}", 200),
        Visit(f"a state of {name}", f"/console?state={what}", 400),
        Visit(f"a limit of {name}", f"/console?limit={what}", 400),
        Visit(f"a parameter of {name}", f"/console?{what}=x&company_id=acme", 200),
    )
]
SIGN_INS: dict[str, Names] = {
    "nothing": {},
    "a wrong password": basic("guessed"),
    "no password": basic(""),
    "the password as name": basic("", SUPPORTER),
    "the password and a letter": basic(f"{SUPPORTER}x"),
    "an operator's token": basic(OPERATOR),
    "another service's token": basic(OTHER),
    "an engine's token": basic(ENGINE),
    "the token as bearer": {"Authorization": f"Bearer {SUPPORTER}"},
    "the token alone": {"Authorization": SUPPORTER},
    "Basic without anything": {"Authorization": "Basic"},
    "Basic of no base64": {"Authorization": f"Basic {SUPPORTER}"},
    "Basic of bytes": {"Authorization": "Basic " + base64.b64encode(b"a:\xff\xfe").decode()},
    "Basic without a colon": {"Authorization": "Basic " + base64.b64encode(b"support").decode()},
    "Basic, 6 kB": basic("p" * 4000),
    "a tag": basic(f"<script>{MARK}</script>"),
    "a session": {"Cookie": f"session={SUPPORTER}; __Host-session={MARK}"},
    "another header": {"Proxy-Authorization": basic(SUPPORTER)["Authorization"], "X-User": "support"},
}
STRANGERS = [
    Visit(f"{path} with {name}", path, 401, headers)
    for name, headers in SIGN_INS.items()
    for path in ("/console", f"/console/orders/{ORDER}", "/console/companies/acme")
]
JUMPS = [
    Visit(f"to an order of {name}", f"/console?order_id={_quoted(text)}", 303, to="/console/orders/" + to)
    for name, text, to in (
        ("a host", "//zqmark.example/", "%2F%2Fzqmark.example%2F"),
        ("a line break and a header", "o\r\nX: y", "o%0D%0AX%3A%20y"),
        ("an address", "https://zqmark.example/", "https%3A%2F%2Fzqmark.example%2F"),
        ("a folder above", "../../api/orders", "..%2F..%2Fapi%2Forders"),
        ("a tag", "<b>", "%3Cb%3E"),
        ("spaces around it", f"  {ORDER}\t", ORDER),
    )
]
METHODS = [
    Visit(f"{method} {path}", path, 405, method=method, body=b"order_id=o")
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND")
    for path in ("/console", f"/console/orders/{ORDER}", "/console/companies/acme")
]
OTHERS = [
    *(
        Visit(f"a path like {path}", path, 404, page=path.startswith(("/console/", "/console%2f")))
        for path in (
            "/console/",
            "//console",
            "/CONSOLE",
            "/console/nothing",
            f"/console/{MARK}",
            "/console/orders",
            "/console/orders/",
            f"/console/orders/{ORDER}/cancel",
            "/console/companies/a/b",
            "/console/../api/orders",
            "/console/%2e%2e/api/orders",
            "/console/orders/../../api/orders",
            "/console%2forders",
            "/console/orders.html",
            "/console/templates/base.html",
        )
    ),
    *(
        Visit(f"a NUL in {path}", path, 400, page=False)
        for path in ("/console/orders/o%00", "/console?company_id=%00", "/console/companies/%00")
    ),
    Visit("a very long address", "/console?company_id=" + "c" * 20_000, 400, page=False),
    Visit("the API with a browser's sign-in", "/api/orders", 401, page=False),
    Visit("a head", "/console", 200, method="HEAD"),
    Visit("a head of nobody", "/console", 401, {}, method="HEAD"),
    *(
        Visit(
            f"a body of {kind}",
            "/console?company_id=acme",
            200,
            basic(SUPPORTER) | {"Content-Type": kind},
            body=b"{<",
        )
        for kind in (
            "application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "text/zqmark",
        )
    ),
    *(
        Visit(f"{name}: {value[:20]}", "/console", 200, basic(SUPPORTER) | {name: value})
        for name, value in (
            ("Host", f"{MARK}.example"),
            ("X-Forwarded-Host", f"{MARK}.example"),
            ("X-Forwarded-Prefix", f"//{MARK}.example"),
            ("X-Original-URL", "/api/orders"),
            ("X-HTTP-Method-Override", "DELETE"),
            ("Origin", f"https://{MARK}.example"),
            ("Referer", f"https://{MARK}.example/<script>"),
            ("User-Agent", f"<script>{MARK}</script>"),
            ("Accept", "application/json"),
            ("Accept-Language", f"<{MARK}>"),
            ("X-Request-Id", f"<script>{MARK}"),
            ("Cookie", f"company_id=<script>{MARK}"),
            ("Range", "bytes=0-10"),
            ("If-None-Match", "*"),
        )
    ),
]
PAGES = [*SHOWN, *STRANGERS, *JUMPS, *METHODS, *OTHERS]
