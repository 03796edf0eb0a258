"""Token requests nobody should send (RFC 6749 §2.3 to §5.2, RFC 9700), and revocations (RFC 7009)."""

import base64
from typing import Any
from urllib.parse import urlencode

from tests.gateway.support.cases import FORM, JSON, Case, get

GRANT = {"grant_type": "client_credentials"}
CLIENT = {"client_id": "client-acme", "client_secret": "secret of acme+%"}
GOOD = urlencode(GRANT | CLIENT).encode()
NO_CLIENT = (401, "invalid_client")
WRONG = (400, "invalid_request")


def ask(name: str, body: bytes | dict[str, str], outcome: tuple[int, str], **more: Any) -> Case:
    """A token request, and RFC 6749 §5.2's error of its answer."""
    status, error = outcome
    sent = body if isinstance(body, bytes) else urlencode(body).encode()
    headers = more.pop("headers", {})
    given = {"method": "POST", "path": "/oauth/token", "headers": FORM | headers} | more
    return Case(f"oauth: {name}", status=status, error=error, body=sent, token=None, **given)


def basic(credentials: bytes, scheme: str = "Basic") -> dict[str, str]:
    return {"Authorization": f"{scheme} {base64.b64encode(credentials).decode()}"}


RIGHT = b"client-acme:secret+of+acme%2B%25"
CLIENTS = [
    ask("nothing", b"", NO_CLIENT),
    ask("no secret", GRANT | {"client_id": "client-acme"}, NO_CLIENT),
    ask("empty secret", GRANT | CLIENT | {"client_secret": ""}, NO_CLIENT),
    ask("empty id", GRANT | CLIENT | {"client_id": ""}, NO_CLIENT),
    ask("wrong secret", GRANT | CLIENT | {"client_secret": "wrong"}, NO_CLIENT),
    ask("secret and a space", GRANT | CLIENT | {"client_secret": CLIENT["client_secret"] + " "}, NO_CLIENT),
    ask("secret in capitals", GRANT | CLIENT | {"client_secret": CLIENT["client_secret"].upper()}, NO_CLIENT),
    ask("secret of 100 kB", GRANT | CLIENT | {"client_secret": "s" * 100_000}, NO_CLIENT),
    ask("id of 100 kB", GRANT | CLIENT | {"client_id": "c" * 100_000}, NO_CLIENT),
    ask("id of another company", GRANT | CLIENT | {"client_id": "client-globex"}, NO_CLIENT),
    ask("id of SQL", GRANT | CLIENT | {"client_id": "client-acme' OR '1'='1"}, NO_CLIENT),
    ask("id with a star", GRANT | CLIENT | {"client_id": "client-*"}, NO_CLIENT),
    ask("id with a NUL", GRANT | CLIENT | {"client_id": "client-acme\0"}, WRONG),
    ask("secret with a NUL", GRANT | CLIENT | {"client_secret": "secret\0"}, WRONG),
    ask("secret in the query", GRANT, NO_CLIENT, path="/oauth/token?" + urlencode(CLIENT)),
    ask("all in the query", b"", NO_CLIENT, path="/oauth/token?" + GOOD.decode()),
]
SCHEMES = [
    ask("form and Basic", GRANT | CLIENT, WRONG, headers=basic(RIGHT)),
    ask("a secret in the form beside Basic", GRANT | {"client_secret": "x"}, WRONG, headers=basic(RIGHT)),
    ask("another id beside Basic", GRANT | {"client_id": "client-globex"}, WRONG, headers=basic(RIGHT)),
    ask("a wrong Basic beside a right form", GRANT | CLIENT, WRONG, headers=basic(b"client-acme:no")),
    ask("Basic and nothing", GRANT, NO_CLIENT, headers={"Authorization": "Basic"}),
    ask("Basic not base64", GRANT, NO_CLIENT, headers={"Authorization": "Basic !!!"}),
    ask("Basic without a colon", GRANT, NO_CLIENT, headers=basic(b"client-acme")),
    ask("Basic without an id", GRANT, NO_CLIENT, headers=basic(b":secret")),
    ask("Basic without a secret", GRANT, NO_CLIENT, headers=basic(b"client-acme:")),
    ask("Basic not UTF-8", GRANT, NO_CLIENT, headers=basic(b"\xff:\xfe")),
    ask("Basic not form-encoded", GRANT, NO_CLIENT, headers=basic(b"client-acme:%zz%ff")),
    ask("Basic with a NUL", GRANT, NO_CLIENT, headers=basic(b"client-acme\0:secret")),
    ask("Basic with a second colon", GRANT, NO_CLIENT, headers=basic(RIGHT + b":x")),
    ask("Basic of 6 kB", GRANT, NO_CLIENT, headers=basic(b"client-acme:" + b"s" * 4500)),
    ask("Bearer", GRANT, NO_CLIENT, headers={"Authorization": "Bearer TOKEN"}),
    ask("Digest", GRANT, NO_CLIENT, headers={"Authorization": 'Digest username="client-acme"'}),
    ask("an empty header", GRANT | CLIENT, NO_CLIENT, headers={"Authorization": ""}),
    ask("a private key's word", GRANT | {"client_id": "client-acme", "client_assertion": "a.b.c"}, NO_CLIENT),
]
GRANTS = [
    ask("no grant", CLIENT, WRONG),
    ask("an empty grant", CLIENT | {"grant_type": ""}, WRONG),
    *(
        ask(f"grant {name}", CLIENT | {"grant_type": name}, (400, "unsupported_grant_type"))
        for name in (
            "password",
            "authorization_code",
            "refresh_token",
            "implicit",
            "CLIENT_CREDENTIALS",
            "client_credentials ",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "urn:ietf:params:oauth:grant-type:device_code",
            "g" * 5000,
        )
    ),
]
PARAMETERS = [
    *(
        ask(f"{name} twice", GOOD + f"&{name}={value}".encode(), WRONG)
        for name, value in (GRANT | CLIENT | {"scope": "a&scope=b"}).items()
    ),
    ask("an unknown one twice", GOOD + b"&x=1&x=2", WRONG),
    ask("fifty of them", "&".join(f"p{number}=1" for number in range(50)).encode(), WRONG),
    ask("a broken escape", GOOD + b"&x=%ff", WRONG),
    ask("bytes", b"\xff\xfe", WRONG),
    ask("a name with a line break twice", GOOD + b"&%0d%0aX:=1&%0d%0aX:=2", WRONG),
]
TYPES = [
    ask("JSON", b'{"grant_type":"client_credentials"}', WRONG, headers={"Content-Type": "application/json"}),
    ask("multipart", GOOD, WRONG, headers={"Content-Type": "multipart/form-data; boundary=x"}),
    ask("text", GOOD, WRONG, headers={"Content-Type": "text/plain"}),
    ask("a type of nonsense", GOOD, WRONG, headers={"Content-Type": ";;;"}),
    ask("JSON that says it is a form", b'{"grant_type":"client_credentials"}', NO_CLIENT),
]
GIVEN_UP = CLIENT | {"token": "TOKEN"}


def give_up(name: str, body: bytes | dict[str, str], outcome: tuple[int, str], **more: Any) -> Case:
    """A revocation; its refusals have the token endpoint's form (RFC 7009 §2.2.1)."""
    return ask(f"revoke: {name}", body, outcome, path=f"/oauth/revoke{more.pop('query', '')}", **more)


REVOCATIONS = [
    give_up("nothing", b"", NO_CLIENT),
    give_up("a token and nobody", {"token": "TOKEN"}, NO_CLIENT),
    give_up("no secret", {"token": "TOKEN", "client_id": "client-acme"}, NO_CLIENT),
    give_up("empty secret", GIVEN_UP | {"client_secret": ""}, NO_CLIENT),
    give_up("wrong secret", GIVEN_UP | {"client_secret": "wrong"}, NO_CLIENT),
    give_up("id of another company", GIVEN_UP | {"client_id": "client-globex"}, NO_CLIENT),
    give_up("id of SQL", GIVEN_UP | {"client_id": "client-acme' OR '1'='1"}, NO_CLIENT),
    give_up("the token's own word for the secret", {"token": "TOKEN", "client_secret": "TOKEN"}, NO_CLIENT),
    give_up("Bearer", {"token": "TOKEN"}, NO_CLIENT, headers={"Authorization": "Bearer TOKEN"}),
    give_up("Basic not base64", {"token": "TOKEN"}, NO_CLIENT, headers={"Authorization": "Basic !!!"}),
    give_up("Basic not UTF-8", {"token": "TOKEN"}, NO_CLIENT, headers=basic(b"\xff:\xfe")),
    give_up("form and Basic", GIVEN_UP, WRONG, headers=basic(RIGHT)),
    give_up(
        "another id beside Basic", GIVEN_UP | {"client_id": "client-globex"}, WRONG, headers=basic(RIGHT)
    ),
    give_up("no token", CLIENT, WRONG),
    give_up("an empty token", CLIENT | {"token": ""}, WRONG),
    give_up("a token in the query", CLIENT, WRONG, query="?token=TOKEN"),
    give_up("all in the query", b"", NO_CLIENT, query=f"?{urlencode(CLIENT)}&token=TOKEN"),
    give_up("a token with a NUL", CLIENT | {"token": "a\0b"}, WRONG),
    give_up("a secret with a NUL", GIVEN_UP | {"client_secret": "secret\0"}, WRONG),
    *(
        give_up(f"{name} twice", urlencode(GIVEN_UP).encode() + f"&{name}={value}".encode(), WRONG)
        for name, value in (GIVEN_UP | {"token_type_hint": "a&token_type_hint=b"}).items()
    ),
    give_up("fifty fields", "&".join(f"p{number}=1" for number in range(50)).encode(), WRONG),
    give_up("a broken escape", urlencode(GIVEN_UP).encode() + b"&x=%ff", WRONG),
    give_up("half a surrogate", urlencode(CLIENT).encode() + b"&token=%ed%a0%80", WRONG),
    give_up("bytes", b"\xff\xfe", WRONG),
    give_up("a name with a line break twice", b"%0d%0aX:=1&%0d%0aX:=2", WRONG),
    give_up("JSON", b'{"token":"a"}', WRONG, headers=JSON),
    give_up("multipart", b"--x--", WRONG, headers={"Content-Type": "multipart/form-data; boundary=x"}),
    give_up("text", b"token=a", WRONG, headers={"Content-Type": "text/plain"}),
    give_up("a type of nonsense", b"token=a", WRONG, headers={"Content-Type": ";;;"}),
    give_up("JSON that says it is a form", b'{"token":"a"}', NO_CLIENT),
    get("revoke: by looking", "/oauth/revoke?token=TOKEN", 405, token=None),
    get("revoke: by putting", "/oauth/revoke", 405, method="PUT", body=b"token=a", headers=FORM, token=None),
    get("revoke: by deleting", "/oauth/revoke", 405, method="DELETE"),
    Case(
        "revoke: two megabytes", "/oauth/revoke", 413, body=b"t=" + b"a" * 2_000_000, headers=FORM, token=None
    ),
]
CASES = [*CLIENTS, *SCHEMES, *GRANTS, *PARAMETERS, *TYPES, *REVOCATIONS]
