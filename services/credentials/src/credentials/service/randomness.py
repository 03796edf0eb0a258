"""Where random values come from: one place, so that the rest takes it as a parameter."""

import secrets
from uuid import UUID, uuid4

from joserfc.jwk import ECKey
from pydantic import SecretStr

from credentials.domain.keys import CURVE


class Randomness:
    """Cryptographically strong values."""

    def uuid(self) -> UUID:
        """Returns a new identity."""
        return uuid4()

    def bytes(self, count: int) -> bytes:
        """Returns random bytes, e.g. a nonce."""
        return secrets.token_bytes(count)

    def secret(self) -> SecretStr:
        """Returns a client secret or ticket: 256 bits."""
        return SecretStr(secrets.token_urlsafe(32))

    def client_id(self) -> str:
        """Returns a client id: unguessable, though it is no secret."""
        return f"sr-{secrets.token_hex(16)}"

    def signing_key(self) -> ECKey:
        """Returns a new private key for ES256."""
        return ECKey.generate_key(CURVE, private=True)
