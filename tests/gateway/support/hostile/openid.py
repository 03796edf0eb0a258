"""What a browser may be made to send to the sign-in at a provider: starts, and answers nobody asked for."""

from typing import Any
from urllib.parse import quote

from tests.gateway.support.cases import FORM, Case, get

BROWSER = "b" * 43
COOKIE = {"Cookie": f"__Host-connect={BROWSER}"}
STATE, USED = "state=random.A-VISIT", "state=used.A-VISIT"
"""Of a sign-in this browser is at; of one that credentials does not know, or no more."""
ISSUER = quote("https://idp.example", safe="")


def start(name: str, query: str, **more: Any) -> Case:
    """A start that none of our pages offers."""
    return get(f"openid: start with {name}", f"/connect/openid?{query}", 400, token=None, **more)


def back(name: str, query: str, **more: Any) -> Case:
    """An answer of no provider we sent this browser to; it has a cookie of ours unless it says otherwise."""
    path = f"/connect/openid/callback?{query}"
    return get(
        f"openid: back with {name}", path, 403, token=None, headers=more.pop("headers", COOKIE), **more
    )


STARTS = [
    start("nothing", ""),
    start("a company alone", "companyId=acme"),
    start("an empty visit", "visit="),
    start("two visits", "visit=A-VISIT&visit=A-VISIT"),
    start("a visit of nonsense", "visit=x"),
    start("a visit without a key", "visit=.AAAA"),
    start("a visit of zeros", "visit=h1." + "A" * 200),
    start("a visit of another key", "visit=h2." + "A" * 200),
    start("a visit and one letter more", "visit=A-VISITA"),
    start("a visit and a line break", "visit=A-VISIT%0d%0aSet-Cookie:%20a=b"),
    start("a visit and a NUL", "visit=A-VISIT%00"),
    start("a visit in bytes", "visit=%ff%fe"),
    start("a visit in other digits", "visit=h1.%D9%A1%D9%A1"),
    start("a visit of 5 kB", "visit=h1." + "A" * 5000),
    start("an access token", "visit=TOKEN"),
    start("a state", "visit=random.A-VISIT"),
    start("a visit from another site", "visit=A-VISIT", headers={"Sec-Fetch-Site": "cross-site"}),
    start("a visit from a neighbour", "visit=A-VISIT", headers={"Sec-Fetch-Site": "same-site"}),
    start("a visit from nonsense", "visit=A-VISIT", headers={"Sec-Fetch-Site": "same-origin, none"}),
    get("openid: start with an old visit", "/connect/openid?visit=AN-OLD-ONE", 403, token=None),
]
BACKS = [
    back("nothing", ""),
    back("a code alone", "code=c"),
    back("an empty state", "state=&code=c"),
    back("a state without its visit", "state=random&code=c"),
    back("a state with an empty visit", "state=random.&code=c"),
    back("a state of a made-up visit", "state=random.made-up&code=c"),
    back("a visit in place of a state", "state=A-VISIT&code=c"),
    back("a state and one letter more", f"{STATE}A&code=c"),
    back("a state of a used or forged sign-in", f"{USED}&code=c"),
    back("a state of an old visit", "state=random.AN-OLD-ONE&code=c"),
    back("a state without its own half", "state=.A-VISIT&code=c"),
    back("two states", f"{STATE}&{STATE}&code=c"),
    back("a state of 7 kB", "state=" + "s" * 7000),
    back("a state with a NUL", f"{STATE}%00&code=c"),
    back("a state with a line break", f"{STATE}%0d%0aLocation:%20https:%2f%2fevil.example&code=c"),
    back("a state of a script", "state=%3Cscript%3Ealert(1)%3C%2Fscript%3E&code=c"),
    back("a state in bytes", "state=%ff.%fe&code=c"),
    back("a state in half a surrogate", "state=%ed%a0%80.A-VISIT&code=c"),
    back("a state in another script", "state=%D0%B0.A-VISIT&code=c"),
    back("two codes", f"{STATE}&code=c&code=d"),
    back("a code of 5 kB", f"{STATE}&code=" + "c" * 5000),
    back("a code with a NUL", f"{STATE}&code=c%00"),
    back("no code", USED),
    back("an empty code", f"{USED}&code="),
    back("a code in bytes", f"{USED}&code=%ff%fe"),
    back("a code and an error", f"{USED}&code=c&error=access_denied"),
    back("an error of a script", f"{USED}&error=%3Cscript%3E&error_description=%3Cscript%3E"),
    back("an error of another site", f"{USED}&error=x&error_uri=https:%2f%2fevil.example"),
    back("two issuers", f"{STATE}&code=c&iss={ISSUER}&iss={ISSUER}"),
    back("an issuer with a NUL", f"{STATE}&code=c&iss={ISSUER}%00"),
    back("an issuer of 5 kB", f"{STATE}&code=c&iss=" + "i" * 5000),
    back("another issuer", f"{USED}&code=c&iss=https:%2f%2fevil.example"),
    back("a token in place of a code", f"{USED}&id_token=a.b.c&access_token=TOKEN"),
    back("a way back of its own", f"{USED}&code=c&redirect=https:%2f%2fevil.example"),
    back("no cookie", f"{STATE}&code=c", headers={}),
    *(
        back(f"a cookie {name}", f"{STATE}&code=c", headers={"Cookie": cookie})
        for name, cookie in {
            "without its prefix": f"connect={BROWSER}",
            "in small letters": f"__host-connect={BROWSER}",
            "that is empty": "__Host-connect=",
            "too short": f"__Host-connect={BROWSER[:-1]}",
            "too long": f"__Host-connect={BROWSER}b",
            "of a script": "__Host-connect=<script>alert(1)</script>",
            "with a quoted line break": f'__Host-connect="{BROWSER}\\015\\012X: y"',
            "in another script": f"__Host-connect={BROWSER[:-1]}\N{CYRILLIC SMALL LETTER A}",
            "of another browser": f"__Host-connect={'x' * 43}",
            "of 5 kB": "__Host-connect=" + "b" * 5000,
        }.items()
    ),
]
METHODS = [
    get(f"openid: {method} {path}", f"/connect/{path}?visit=A-VISIT&{STATE}", 405, method=method, token=None)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
    for path in ("openid", "openid/callback")
]
POSTED = [
    # response_mode=form_post is asked of no provider: a POST across sites brings no cookie of SameSite=Lax.
    Case(
        "openid: back in a form",
        "/connect/openid/callback",
        405,
        body=f"{STATE}&code=c".encode(),
        headers=FORM | COOKIE,
        token=None,
    ),
    Case("openid: start in a form", "/connect/openid", 405, body=b"visit=A-VISIT", headers=FORM, token=None),
]
CASES = [*STARTS, *BACKS, *METHODS, *POSTED]
