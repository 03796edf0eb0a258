"""Hand-off links: everything they need is inside, so any replica can serve them and nothing is stored.

AES-SIV (RFC 5297) is deterministic: a repeat of an order gets the same link, and only we can make or read it.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from gateway.errors import InvalidLink

_LONGEST = 6000


@dataclass(frozen=True, slots=True)
class Handoff:
    """One candidate's way through an inline assessment."""

    order_id: str
    company_id: str
    completed_url: str


class HandoffLinks:
    """Makes and reads links under `{public_url}/t/`. The first key makes new ones, all read."""

    def __init__(self, *, keys: Mapping[str, bytes], public_url: str) -> None:
        self._ciphers = {identity: AESSIV(key) for identity, key in keys.items()}
        self._newest = next(iter(keys))
        self._base = f"{public_url.rstrip('/')}/t/"

    def token(self, handoff: Handoff) -> str:
        """Returns the same token for the same hand-off, as long as the newest key stays."""
        text = json.dumps(
            [handoff.order_id, handoff.company_id, handoff.completed_url], separators=(",", ":")
        )
        sealed = self._ciphers[self._newest].encrypt(text.encode(), [self._newest.encode()])
        return f"{self._newest}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def url(self, token: str) -> str:
        """Where the candidate starts."""
        return self._base + token

    def done_url(self, token: str) -> str:
        """Where an engine sends the candidate afterwards."""
        return f"{self._base}{token}/done"

    def read(self, token: str) -> Handoff:
        """Returns what is in a token. Raises InvalidLink for every token that none of our keys made."""
        identity, _, encoded = token.partition(".")
        cipher = self._ciphers.get(identity)
        if cipher is None or len(token) > _LONGEST or not encoded.isascii():
            raise InvalidLink("unknown link")
        try:
            sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
            order_id, company_id, completed_url = json.loads(cipher.decrypt(sealed, [identity.encode()]))
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise InvalidLink("unknown link") from error
        return Handoff(order_id, company_id, completed_url)
