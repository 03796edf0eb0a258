"""The credentials service reduced to what taking orders needs: one signing key, a token for one company,
and candidate keys.

`python -m tests.bench.identity PORT KEY_FILE` serves them.
"""

import json
import sys
import time
from pathlib import Path

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey

from tests.support.candidate_keys import CandidateKeysStub

COMPANY = "bench"


def make_key() -> ECKey:
    """Returns a new P-256 key."""
    return ECKey.generate_key("P-256", {"kid": "bench", "use": "sig", "alg": "ES256"})


def make_token(key: ECKey, issuer: str) -> str:
    """Returns an access token of the company, good for an hour (RFC 9068)."""
    now = int(time.time())
    claims = {
        "iss": issuer, "aud": issuer, "sub": "bench", "company_id": COMPANY, "ver": 1, "jti": "bench",
        "scope": "packages_view orders_modify", "iat": now, "exp": now + 3600,
    }  # fmt: skip
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "bench"}, claims, key)


def application(public: str) -> web.Application:
    """Returns a server of GET /internal/jwks and of candidate keys."""

    async def keys(_request: web.Request) -> web.Response:
        return web.Response(text=public, content_type="application/json")

    app = web.Application()
    app.router.add_get("/internal/jwks", keys)
    CandidateKeysStub().add_to(app)
    return app


if __name__ == "__main__":
    document = json.dumps({"keys": [json.loads(Path(sys.argv[2]).read_text())]})
    web.run_app(application(document), host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None)
