"""Tokens that carry their facts: any replica can read them, and nothing is stored.

AES-SIV (RFC 5297) is deterministic: the same facts give the same token, and only we can make or read one.
"""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_LONGEST = 6000


class UnreadableToken(Exception):
    """None of our keys made it, or for another purpose."""


class SealedTokens:
    """Makes and reads tokens of one purpose. The first key makes new ones, all read."""

    def __init__(self, keys: Mapping[str, bytes], *purpose: str) -> None:
        self._ciphers = {identity: AESSIV(key) for identity, key in keys.items()}
        self._newest = next(iter(keys))
        self._purpose = [part.encode() for part in purpose]

    def seal(self, facts: Sequence[Any]) -> str:
        """Returns the token of these JSON values: the same one as long as the newest key stays."""
        text = json.dumps(facts, separators=(",", ":"))
        sealed = self._ciphers[self._newest].encrypt(text.encode(), self._bound_to(self._newest))
        return f"{self._newest}.{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}"

    def open(self, token: str) -> list[Any]:
        """Returns what was sealed. Raises UnreadableToken."""
        identity, _, encoded = token.partition(".")
        cipher = self._ciphers.get(identity)
        if cipher is None or len(token) > _LONGEST or not encoded.isascii():
            raise UnreadableToken
        try:
            sealed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
            return list(json.loads(cipher.decrypt(sealed, self._bound_to(identity))))
        except (binascii.Error, InvalidTag, ValueError) as error:
            raise UnreadableToken from error

    def _bound_to(self, identity: str) -> list[bytes]:
        return [identity.encode(), *self._purpose]
