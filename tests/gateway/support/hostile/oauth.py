"""Token requests nobody should send (RFC 6749 §2.3, §3.2, §4.4, §5.2; RFC 9700)."""

import base64
from typing import Any
from urllib.parse import urlencode

from tests.gateway.support.cases import FORM, Case

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
CASES = [*CLIENTS, *SCHEMES, *GRANTS, *PARAMETERS, *TYPES]
