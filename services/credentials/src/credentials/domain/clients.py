"""The credentials we issue: versions of a company's secret, of which two may be good at once."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import SecretStr

VALID_AT_ONCE = 2
# A use is written down once a minute at most: whoever asks for a token each second costs no more.
USE_NOTED_EVERY = timedelta(minutes=1)
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class ClientVersion:
    """One active version of a company's secret; only its hash is known."""

    company_id: str
    client_id: str
    version: int
    secret_hash: bytes
    valid_until: datetime | None = None
    last_used_at: datetime | None = None

    def use_is_news(self, now: datetime) -> bool:
        """Whether a use now is worth writing down."""
        return self.last_used_at is None or now - self.last_used_at >= USE_NOTED_EVERY


@dataclass(frozen=True, slots=True)
class SecretHistory:
    """What is shown of one version of a company's secret."""

    version: int
    state: str
    created_at: datetime
    valid_until: datetime | None
    last_used_at: datetime | None


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
