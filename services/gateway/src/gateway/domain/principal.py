"""Who calls: what an access token says once it is verified."""

from dataclasses import dataclass

PACKAGES_VIEW = "packages_view"
ORDERS_MODIFY = "orders_modify"
SCOPES = (PACKAGES_VIEW, ORDERS_MODIFY)


@dataclass(frozen=True, slots=True)
class Principal:
    """A company's client, for as long as its token lives."""

    company_id: str
    client_id: str
    token_id: str
    version: int
    scopes: frozenset[str]
    issued_at: int
    expires_at: int
