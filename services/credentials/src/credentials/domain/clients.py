"""The credentials we issue: versions of a company's secret, of which two may be good at once."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

VALID_AT_ONCE = 2
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class ClientVersion:
    """One active version of a company's secret; only its hash is known."""

    company_id: str
    client_id: str
    version: int
    secret_hash: bytes
    valid_until: datetime | None = None


def digest(pepper: bytes, secret: SecretStr) -> bytes:
    """Returns what is stored of a secret. It has 256 random bits, so one HMAC is enough: nothing to guess."""
    return hmac.new(pepper, secret.get_secret_value().encode(), hashlib.sha256).digest()


def matching(versions: Sequence[ClientVersion], presented: bytes, now: datetime) -> ClientVersion | None:
    """Returns the valid version the presented hash belongs to.

    Costs the same whether the client is unknown, the secret wrong or right: always the same comparisons.
    """
    found = None
    for place in range(VALID_AT_ONCE):
        version = versions[place] if place < len(versions) else None
        same = hmac.compare_digest(version.secret_hash if version else _NOBODY, presented)
        if same and version is not None and (version.valid_until is None or now < version.valid_until):
            found = version
    return found
