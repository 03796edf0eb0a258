"""What a browser may be made to send: consent addresses and forms, hand-off links, paths to elsewhere."""

from typing import Any
from urllib.parse import quote, urlencode

from tests.gateway.support.cases import FORM, JSON, Case, get

SR = "https://www.smartrecruiters.com/back"
VISIT = {"companyId": "acme", "redirect": SR}
PERSON = {"email": "ada@example.com", "password": "correct horse battery staple"}
SIGN_IN = PERSON | {"visit": "A-VISIT"}
DECISION = {"visit": "A-VISIT", "ticket": "ticket-1"}


def visit(name: str, query: str) -> Case:
    """An address SmartRecruiters would not send a browser to."""
    return get(f"consent: {name}", f"/connect?{query}", 400, token=None)


def form(name: str, path: str, body: dict[str, Any] | bytes, status: int = 400, **more: Any) -> Case:
    """A form that none of our pages sends."""
    sent = body if isinstance(body, bytes) else urlencode(body, doseq=True).encode()
    headers = more.pop("headers", FORM)
    return Case(
        f"consent: {name}", f"/connect/{path}", status, body=sent, headers=headers, token=None, **more
    )


REDIRECTS = {
    "elsewhere": "https://evil.example/",
    "a lookalike": "https://www.smartrecruiters.com.evil.example/",
    "a longer name": "https://evilsmartrecruiters.com/",
    "our host as a user": "https://www.smartrecruiters.com@evil.example/",
    "our host as a password": "https://x:www.smartrecruiters.com@evil.example/",
    "our host in the query": "https://evil.example/?https://www.smartrecruiters.com/",
    "our host in the fragment": "https://evil.example/#https://www.smartrecruiters.com/",
    "a backslash": "https://evil.example\\.smartrecruiters.com/",
    "no scheme": "//evil.example/",
    "three slashes": "https:///evil.example/",
    "one slash": "https:/evil.example/",
    "a script": "javascript:alert(1)",
    "a script with a line break": "java\nscript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "plain http": "http://www.smartrecruiters.com/",
    "another port": "https://www.smartrecruiters.com:8443/",
    "a line break": SR + "\r\nSet-Cookie: a=b",
    "a NUL": SR + "\0",
    "a tab": "https://www.smartrecruiters.com\t.evil.example/",
    "an address of numbers": "https://2130706433/",
    "an address of octal numbers": "https://0177.0.0.1/",
    "an address of version 6": "https://[::ffff:127.0.0.1]/",
    "a full stop of another script": "https://www\N{IDEOGRAPHIC FULL STOP}smartrecruiters.com/",
    "a fraction slash": "https://evil.example\N{FRACTION SLASH}.smartrecruiters.com/",
    "a percent sign in the host": "https://www.smartrecruiters.com%2eevil.example/",
    "a relative path": "/connect/grant",
}
VISITS = [
    *(visit(f"back to {name}", urlencode(VISIT | {"redirect": url})) for name, url in REDIRECTS.items()),
    visit("no company at all", ""),
    visit("an empty company", "companyId="),
    visit("two companies", "companyId=acme&companyId=globex"),
    visit("two ways back", urlencode({"companyId": "acme"}) + f"&redirect={quote(SR)}&redirect={quote(SR)}"),
    visit("a company with a slash", "companyId=..%2facme"),
    visit("a company of a script", "companyId=%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
    visit("a company with quotes", "companyId=%22%20onload%3D%22alert(1)"),
    visit("a company with a line break", "companyId=acme%0d%0aSet-Cookie:%20a=b"),
    visit("a company with a NUL", "companyId=acme%00"),
    visit("a company in bytes", "companyId=%ff%fe"),
    visit("a very long company", "companyId=" + "a" * 129),
]
FORMS = [
    form("a sign-in for nobody", "sign-in", {}),
    form("a sign-in without its visit", "sign-in", VISIT | PERSON),
    form("a sign-in without a password", "sign-in", SIGN_IN | {"password": ""}),
    form("two passwords", "sign-in", SIGN_IN | {"password": ["a", "b"]}),
    form("two addresses", "sign-in", SIGN_IN | {"email": ["a@b.example", "c@d.example"]}),
    form("two visits", "sign-in", SIGN_IN | {"visit": ["A-VISIT", "A-VISIT"]}),
    form("a password of 2 kB", "sign-in", SIGN_IN | {"password": "p" * 2000}),
    form("a password with a NUL", "sign-in", SIGN_IN | {"password": "p\0"}),
    form("a sign-in from another site", "sign-in", SIGN_IN, headers=FORM | {"Sec-Fetch-Site": "cross-site"}),
    form("a sign-in from a neighbour", "sign-in", SIGN_IN, headers=FORM | {"Sec-Fetch-Site": "same-site"}),
    form("a sign-in as JSON", "sign-in", b'{"email":"a"}', 415, headers=JSON),
    form("a sign-in as text", "sign-in", b"email=a", 415, headers={"Content-Type": "text/plain"}),
    form(
        "a sign-in as files",
        "sign-in",
        b"--x--",
        415,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    ),
    form("a sign-in of two megabytes", "sign-in", b"a=" + b"a" * 2_000_000, 413),
    form(
        "a sign-in in no script",
        "sign-in",
        SIGN_IN,
        headers={"Content-Type": FORM["Content-Type"] + "; charset=nonsense"},
    ),
    *(
        form(f"a visit {name}", "sign-in", SIGN_IN | {"visit": visit})
        for name, visit in {
            "of nonsense": "x",
            "without a key": ".AAAA",
            "of zeros": "h1." + "A" * 200,
            "cut": "h1.AAAA",
            "and one letter more": "A-VISITA",
            "that is an access token": "TOKEN",
            "of 5 kB": "h1." + "A" * 5000,
        }.items()
    ),
    form("a grant for nobody", "grant", {}),
    form("a grant without a ticket", "grant", {"visit": "A-VISIT"}),
    form("a grant without a visit", "grant", VISIT | {"ticket": "ticket-1"}),
    form("a grant with two tickets", "grant", DECISION | {"ticket": ["ticket-1", "ticket-1"]}),
    form("a grant with somebody's ticket", "grant", DECISION | {"ticket": "ticket-2"}, 403),
    form("a grant from another site", "grant", DECISION, headers=FORM | {"Sec-Fetch-Site": "cross-site"}),
    form("a denial with somebody's ticket", "deny", DECISION | {"ticket": "ticket-2"}, 403),
    form("a denial from another site", "deny", DECISION, headers=FORM | {"Sec-Fetch-Site": "cross-site"}),
    form("a choice of no organisation", "organisation", DECISION | {"organisation": "*"}),
    get("consent: a grant by address", f"/connect/grant?{urlencode(DECISION)}", 405, token=None),
    get("consent: a denial by address", f"/connect/deny?{urlencode(DECISION)}", 405, token=None),
    get("consent: a sign-in by address", f"/connect/sign-in?{urlencode(SIGN_IN)}", 405, token=None),
]
LINKS = {
    "empty": "h1.",
    "without its key": "." + "A" * 40,
    "a key alone": "h1",
    "of nothing but zeros": "h1." + "A" * 200,
    "not base64": "h1.!!!!",
    "in another alphabet": "h1.++//++//",
    "an access token": "TOKEN",
    "longer than any": "h1." + "A" * 6500,
    "a way up": "..%2f..%2fmetrics",
    "in other digits": "h1.%D9%A1%D9%A1",
    "a script": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "a line break": "h1.%0d%0aLocation:%20https:%2f%2fevil.example",
    "encoded twice": "h1.%2541%2541",
}
HANDOFFS = [
    get(f"hand-off {name}{end}", f"/t/{token}{end}", 404, token=None)
    for name, token in LINKS.items()
    for end in ("", "/done")
]
PATHS = [
    get(f"path: {path}"[:60], path, status, token=None)
    for path, status in {
        "/packages%2forders": 404,
        "/%70ackages": 401,
        "/packages/": 404,
        "/packages;x=1": 404,
        "/PACKAGES": 404,
        "/packages%00": 404,
        "/packages/%0a": 401,
        "/packages/a%0d%0ab": 401,
        "/%0a": 404,
        "/packages%252f..%252finternal%252fjwks": 404,
        "/.%2e/internal/jwks": 404,
        "/packages/..%2f..%2finternal%2fjwks": 401,
        "/internal/oauth/token": 404,
        "/internal/consent/sign-ins": 404,
        "/api/orders": 404,
        "/console": 404,
        "/health": 404,
        "/health/ready/../../metrics": 404,
        "/.git/config": 404,
        "/.env": 404,
        "/favicon.ico": 404,
        "/static/%2e%2e/%2e%2e/etc/passwd": 404,
        "/.well-known/../internal/jwks": 404,
        "/.well-known/openid-configuration": 404,
        "/t/": 404,
        "/t//done": 404,
        "/oauth/token/": 404,
        "/oauth/revoke/": 404,
        "/oauth%2frevoke": 404,
        "/oauth/revoke%00": 404,
        "/connect/": 404,
        "/connect/openid/": 404,
        "/connect/openid/callback/": 404,
        "/connect//openid": 404,
        "/connect/OpenID": 404,
        "/connect/openid%00": 404,
        "/connect/openid;x=1": 404,
        "/connect/openid%2fcallback?state=random.A-VISIT&code=c": 404,
        "/connect/openid/..%2fgrant": 404,
        "/internal/consent/openid/begin": 404,
        "/internal/consent/openid/finish": 404,
    }.items()
]
DISABLES = [
    get(
        "disable: two companies in the query",
        "/integrations?companyId=acme&companyId=globex",
        400,
        ("companyId",),
        method="DELETE",
    ),
    get(
        "disable: another in the query",
        "/integrations?companyId=globex",
        403,
        ("companyId",),
        method="DELETE",
    ),
    get("disable: another in code", "/integrations/companies/%67lobex", 403, ("companyId",), method="DELETE"),
    get("disable: a way up", "/integrations/companies/..%2fglobex", 403, ("companyId",), method="DELETE"),
    get("disable: ours and a NUL", "/integrations/companies/acme%00", 403, ("companyId",), method="DELETE"),
    get("disable: ours in capitals", "/integrations/companies/ACME", 403, ("companyId",), method="DELETE"),
    get("disable: by looking", "/integrations/companies/acme", 405),
    Case(
        "disable: another in the body",
        "/integrations",
        403,
        ("companyId",),
        body=b'{"companyId":"globex"}',
        headers=JSON,
    ),
    Case(
        "disable: a list of companies",
        "/integrations",
        400,
        ("companyId",),
        body=b'{"companyId":["acme"]}',
        headers=JSON,
    ),
    Case(
        "disable: every company",
        "/integrations",
        403,
        ("companyId",),
        body=b'{"companyId":"*"}',
        headers=JSON,
    ),
    Case("disable: a bare list", "/integrations", 400, ("companyId",), body=b'["acme"]', headers=JSON),
    Case("disable: deep", "/integrations", 400, ("body",), body=b"[" * 100_000, headers=JSON),
]
REQUESTERS = [
    get(f"requester: {name}", "/packages", 400, ("requester",), headers={"requester": value})
    for name, value in {
        "null": "null",
        "true": "true",
        "text": '"boss"',
        "an open object": '{"email":',
        "an e-mail of null": '{"email":null}',
        "an e-mail of objects": '{"email":{}}',
        "deep": "[" * 5000,
        "a number beyond numbers": "9" * 5000,
    }.items()
]
CASES = [*VISITS, *FORMS, *HANDOFFS, *PATHS, *DISABLES, *REQUESTERS]
