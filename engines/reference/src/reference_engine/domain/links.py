"""The engine's public addresses. A launch address is signed, so it is known again after any restart."""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads tokens: the order id, a dot, and 128 bits of its HMAC-SHA-256."""

    base: str
    key: bytes = field(repr=False)

    def token(self, order_id: str) -> str:
        """Returns the order's token: always the same."""
        mac = hmac.new(self.key, b"launch:" + order_id.encode(), hashlib.sha256).digest()[:16]
        return f"{order_id}.{urlsafe_b64encode(mac).decode().rstrip('=')}"

    def order_of(self, token: str) -> str | None:
        """Returns the order a token stands for; None when it is not one of ours."""
        order_id = token.rpartition(".")[0]
        genuine = hmac.compare_digest(self.token(order_id).encode(), token.encode("utf-8", "replace"))
        return order_id if order_id and genuine else None

    def test(self, order_id: str) -> str:
        """Returns the launch address."""
        return f"{self._base}/tests/{quote(self.token(order_id))}"

    def report(self, order_id: str) -> str:
        """Returns where the PDF report is."""
        return f"{self._base}/reports/{quote(self.token(order_id))}.pdf"

    def recording(self, order_id: str) -> str:
        """Returns where a video interview's recording would be."""
        return f"{self._base}/recordings/{quote(self.token(order_id))}"

    @property
    def _base(self) -> str:
        return self.base.rstrip("/")
