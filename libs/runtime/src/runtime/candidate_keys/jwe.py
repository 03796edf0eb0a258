"""Sealed candidates: JWE, compact (RFC 7516), alg dir and enc A256GCM, the key's id in `kid`.

That one form is written by hand here: an order has about 100 µs of the gateway's time, a general JOSE library
alone takes as long. Any JOSE library reads it, and we read theirs; tests hold both.
"""

import os
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic_core import from_json

from runtime.candidate_keys.errors import Unreadable

_ID_BYTES = 16
KEY_BYTES = 32
RECORD_BYTES = _ID_BYTES + KEY_BYTES
_NONCE_BYTES = 12
_TAG_BYTES = 16
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_ALGORITHMS = {"dir", "ECDH-ES"}


class CandidateKey:
    """One key and its id. A key seals a handful of times in its life, so random nonces never meet."""

    __slots__ = ("_key", "id")

    def __init__(self, key_id: str, key: bytes) -> None:
        self.id = key_id
        self._key = key

    @classmethod
    def of_record(cls, record: bytes) -> "CandidateKey":
        """Returns the key in RECORD_BYTES: its id, a UUID, and itself."""
        text = record[:_ID_BYTES].hex()
        return cls(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}", record[_ID_BYTES:])

    def seal(self, plain: bytes) -> str:
        """Returns the JWE."""
        header = _encoded(b'{"alg":"dir","enc":"A256GCM","kid":"%b"}' % self.id.encode())
        nonce = os.urandom(_NONCE_BYTES)
        # The cipher is made here and let go: hundreds of them, each used once, are slower than their making.
        box = AESGCM(self._key).encrypt(nonce, plain, header)
        parts = (header, b"", _encoded(nonce), _encoded(box[:-_TAG_BYTES]), _encoded(box[-_TAG_BYTES:]))
        return b".".join(parts).decode("ascii")

    def open(self, sealed: str) -> bytes:
        """Returns what was sealed with this key. Raises Unreadable."""
        header, encrypted_key, nonce, box, tag = _parts(sealed)
        if encrypted_key:
            raise Unreadable("alg dir has no encrypted key (RFC 7516 §5.2)")
        try:
            return AESGCM(self._key).decrypt(_decoded(nonce), _decoded(box) + _decoded(tag), header)
        except (InvalidTag, ValueError) as error:
            raise Unreadable(f"not sealed with key {self.id}") from error


def header_of(sealed: str) -> dict[str, Any]:
    """Returns the protected header: alg `dir` or `ECDH-ES`, and a kid. Raises Unreadable."""
    try:
        header = from_json(_decoded(_parts(sealed)[0]))
    except ValueError as error:
        raise Unreadable("the header is not JSON") from error
    if not isinstance(header, dict) or header.get("enc") != "A256GCM":
        raise Unreadable("enc is not A256GCM")
    if header.get("alg") not in _ALGORITHMS or not isinstance(header.get("kid"), str):
        raise Unreadable("alg is neither dir nor ECDH-ES, or kid is missing")
    return header


def _parts(sealed: str) -> list[bytes]:
    try:
        parts = sealed.encode("ascii").split(b".")
    except UnicodeEncodeError as error:
        raise Unreadable("not ASCII") from error
    if len(parts) != 5:
        raise Unreadable("not five parts")
    return parts


def _encoded(value: bytes) -> bytes:
    return b2a_base64(value, newline=False).translate(_URL_SAFE).rstrip(b"=")


def _decoded(text: bytes) -> bytes:
    return urlsafe_b64decode(text + b"=" * (-len(text) % 4))
