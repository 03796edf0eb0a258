"""Access tokens we did not make (RFC 7515, 7519, 8725, 9068), and good ones where none belongs (RFC 6750)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any, cast

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jwe, jwt
from joserfc.jwk import OctKey

from tests.gateway.support.cases import FORM, GOOD, JSON, ORDERS, Case
from tests.gateway.support.credentials import FakeCredentials, new_key

Forge = Callable[[FakeCredentials], str]


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def part(value: Any) -> str:
    return encoded(json.dumps(value).encode())


def parts(credentials: FakeCredentials) -> tuple[dict[str, Any], str, str]:
    """A good token's header, payload and signature; the latter two as they stand in it."""
    head, payload, signature = credentials.sign().split(".")
    return json.loads(base64.urlsafe_b64decode(head + "==")), payload, signature


def renamed(**header: Any) -> Forge:
    """A good token whose header says something else, its signature as it was."""

    def forge(credentials: FakeCredentials) -> str:
        head, payload, signature = parts(credentials)
        return f"{part(head | header)}.{payload}.{signature}"

    return forge


def unsigned(**header: Any) -> Forge:
    """The same without a signature."""

    def forge(credentials: FakeCredentials) -> str:
        return renamed(**header)(credentials).rpartition(".")[0] + "."

    return forge


def with_public_key(credentials: FakeCredentials) -> str:
    """HS256 with our public key as its secret: what a verifier does that takes the header's word."""
    head, payload, _ = parts(credentials)
    start = f"{part(head | {'alg': 'HS256'})}.{payload}"
    secret = credentials.keys[-1].as_pem(private=False)
    return f"{start}.{encoded(hmac.digest(secret, start.encode(), hashlib.sha256))}"


def with_own_key(**header: Any) -> Forge:
    """Signed by somebody else's key, which the header brings along."""

    def forge(credentials: FakeCredentials) -> str:
        key = new_key(str(credentials.keys[-1].kid))
        whole = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid, "jwk": key.as_dict(private=False)} | header
        claims = json.loads(base64.urlsafe_b64decode(parts(credentials)[1] + "=="))
        return jwt.encode({name: value for name, value in whole.items() if value is not None}, claims, key)

    return forge


def with_claims(**claims: Any) -> Forge:
    """A good token's signature over other claims."""

    def forge(credentials: FakeCredentials) -> str:
        head, payload, signature = parts(credentials)
        said = json.loads(base64.urlsafe_b64decode(payload + "==")) | claims
        return f"{part(head)}.{part(said)}.{signature}"

    return forge


def with_signature(change: Callable[[bytes], bytes]) -> Forge:
    def forge(credentials: FakeCredentials) -> str:
        start, _, signature = credentials.sign().rpartition(".")
        return f"{start}.{encoded(change(base64.urlsafe_b64decode(signature + '==')))}"

    return forge


def as_der(signature: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))


def encrypted(credentials: FakeCredentials) -> str:
    return jwe.encrypt_compact({"alg": "dir", "enc": "A128GCM"}, credentials.sign(), OctKey.generate_key(128))


def as_json(credentials: FakeCredentials) -> str:
    head, payload, signature = credentials.sign().split(".")
    return json.dumps({"protected": head, "payload": payload, "signature": signature})


def forged(name: str, forge: Forge, status: int = 401) -> Case:
    """An order with that token."""
    return Case(f"token: {name}", ORDERS, status, body=GOOD, headers=JSON, token=None, forge=forge)


ALGORITHMS = [
    *(forged(f"algorithm {name}", unsigned(alg=name)) for name in ("none", "None", "NONE", "nOnE", "")),
    *(
        forged(f"algorithm {name} by name alone", renamed(alg=name))
        for name in ("RS256", "ES384", "EdDSA", "HS256", "PS256", "ES256K")
    ),
    forged("algorithm is a list", renamed(alg=["ES256"])),
    forged("algorithm is null", renamed(alg=None)),
    forged("no signature", unsigned()),
    forged("HS256 with our public key", with_public_key),
    forged("signed in secret", encrypted),
]
KEYS = [
    forged("a key of its own", with_own_key()),
    forged("a key of its own and no id", with_own_key(kid=None)),
    forged("a key to fetch", with_own_key(jku="https://evil.example/jwks.json")),
    forged("a certificate to fetch", with_own_key(x5u="https://evil.example/cert.pem")),
    forged("a certificate of its own", with_own_key(x5c=["AAAA"])),
    *(
        forged(f"key id {kid!r}"[:60], with_own_key(kid=kid, jwk=None))
        for kid in (
            "../../../../dev/null",
            "/dev/null",
            "' OR 1=1 --",
            "",
            "k1\0",
            "k" * 3000,
            "http://evil.example/k1",
            "K1",
        )
    ),
    *(forged(f"key id is {kid!r}", renamed(kid=kid)) for kid in (1, None, ["k1"], {"k1": 1}, True)),
    forged("an extension nobody knows", renamed(crit=["evil"], evil=1)),
    forged("a payload that is not encoded", renamed(b64=False, crit=["b64"])),
    forged("packed", renamed(zip="DEF")),
    forged("a token in a token", renamed(cty="JWT")),
]
SIGNATURES = [
    forged("of zeros", with_signature(lambda _: bytes(64))),
    forged("of nothing", with_signature(lambda _: b"")),
    forged("cut", with_signature(lambda given: given[:63])),
    forged("and one byte more", with_signature(lambda given: given + b"\0")),
    forged("one bit turned", with_signature(lambda given: given[:-1] + bytes([given[-1] ^ 1]))),
    forged("in DER", with_signature(as_der)),
    forged("halves exchanged", with_signature(lambda given: given[32:] + given[:32])),
    forged("of ones", with_signature(lambda _: b"\xff" * 64)),
    forged("over another company", with_claims(company_id="globex", sub="client-globex")),
    forged("over a longer life", with_claims(exp=4_000_000_000)),
    forged("over a wider scope", with_claims(scope="packages_view orders_modify admin")),
]
FORMS = [
    forged("five parts", lambda own: own.sign() + ".a.b"),
    forged("four parts", lambda own: own.sign() + "."),
    forged("a dot before", lambda own: "." + own.sign()),
    forged("padded", lambda own: own.sign().replace(".", "=.", 1)),
    forged("as JSON", as_json),
    forged("in quotes", lambda own: f'"{own.sign()}"'),
    forged("twice", lambda own: f"{own.sign()}, Bearer {own.sign()}"),
    forged("with a space inside", lambda own: own.sign().replace(".", " .", 1)),
    forged("longer than any of ours", lambda own: own.sign(scope="packages_view " * 400)),
    forged("not yet", lambda own: own.sign(nbf=4_000_000_000)),
    forged("made by our id token's maker", lambda own: own.sign(typ="id_token+jwt")),
    forged("of a key that is gone", lambda own: own.sign(key=new_key("k0"))),
    forged(
        "audience beside ours", lambda own: own.sign(aud=[own.issuer + "/", own.issuer + ".evil.example"])
    ),
    forged("issuer with a slash more", lambda own: own.sign(iss=own.issuer + "/")),
    forged("company is a list", lambda own: own.sign(company_id=cast("str", ["acme", "globex"]))),
    forged("company is all", lambda own: own.sign(company_id="*")),
    forged("version is true", lambda own: own.sign(ver=True)),
    forged("version is huge", lambda own: own.sign(ver=10**30)),
    forged("version of tomorrow", lambda own: own.sign(ver=2)),
    forged("expiry is beyond numbers", lambda own: own.sign(exp=1e400)),
    forged("scope is a list", lambda own: own.sign(scope=["orders_modify"])),
    forged("scope in capitals", lambda own: own.sign(scope="ORDERS_MODIFY"), 403),
    forged("scope with a comma", lambda own: own.sign(scope="packages_view,orders_modify"), 403),
]


def elsewhere(name: str, path: str, **more: Any) -> Case:
    """A good token, but not in the header where it belongs."""
    return Case(f"token: {name}", path, 401, token=None, **more)


PLACES = [
    elsewhere("in the query", ORDERS + "?access_token=TOKEN", body=GOOD, headers=JSON),
    elsewhere("in a form", ORDERS, body=b"access_token=TOKEN", headers=FORM),
    elsewhere("in a cookie", ORDERS, body=GOOD, headers=JSON | {"Cookie": "access_token=TOKEN"}),
    elsewhere("in another header", ORDERS, body=GOOD, headers=JSON | {"X-Authorization": "Bearer TOKEN"}),
    elsewhere("for a proxy", ORDERS, body=GOOD, headers=JSON | {"Proxy-Authorization": "Bearer TOKEN"}),
    elsewhere("under another scheme", ORDERS, body=GOOD, headers=JSON | {"Authorization": "Token TOKEN"}),
    elsewhere("without a scheme", ORDERS, body=GOOD, headers=JSON | {"Authorization": "TOKEN"}),
    elsewhere("with a colon", ORDERS, body=GOOD, headers=JSON | {"Authorization": "Bearer: TOKEN"}),
    elsewhere("as a password", ORDERS, body=GOOD, headers=JSON | {"Authorization": "Basic YWNtZTpUT0tFTg=="}),
]
CASES = [*ALGORITHMS, *KEYS, *SIGNATURES, *FORMS, *PLACES]
