"""Everything the gateway refuses or cannot do. Mapped to HTTP once, in `http/server/faults.py`.

GatewayError
├── InvalidRequest            400  fields are wrong; names each
├── Unauthenticated           401  no token, or none that is good
├── Forbidden
│   ├── MissingScope          403  a good token that does not reach this far
│   └── ForeignCompany        403  a good token of another company
├── UnknownPackage            404
├── BodyCutShort              400  the client went away in the middle: nobody reads the answer
├── BodyTooSlow               408
├── TooLarge                  413
├── NotJson                   415
├── InvalidLink               404  a hand-off link nobody made
└── Unavailable               503  something we need is away; try again
    ├── NotDurable                 neither Kafka nor PostgreSQL took the order
    └── CredentialsUnavailable
CredentialsRefused            an answer of the credentials service that its caller turns into its own
TokenRequestRefused           RFC 6749 §5.2
└── TooManyTokenRequests      429, after a while
"""

from collections.abc import Sequence
from typing import ClassVar, NamedTuple


class Fault(NamedTuple):
    """What is wrong with one field, without its value: it may be personal."""

    field: str
    message: str


class GatewayError(Exception):
    """An answer that is not what was asked for."""

    status: ClassVar[int]
    code: ClassVar[str]


class InvalidRequest(GatewayError):
    """One or more fields are not what they should be."""

    status = 400
    code = "invalid_request"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(", ".join(fault.field for fault in faults))
        self.faults = tuple(faults)


class Unauthenticated(GatewayError):
    """RFC 6750 §3.1: no token, or an expired, revoked, malformed or otherwise invalid one."""

    status = 401
    code = "invalid_token"

    def __init__(self, reason: str, *, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing


class Forbidden(GatewayError):
    """The token is good, and not for this."""

    status = 403


class MissingScope(Forbidden):
    """RFC 6750 §3.1: the request requires higher privileges than the access token has."""

    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"the token has no scope {scope}")
        self.scope = scope


class ForeignCompany(Forbidden):
    """The company named is not the token's."""

    code = "foreign_company"

    def __init__(self, field: str = "companyId") -> None:
        super().__init__("the token belongs to another company")
        self.field = field


class UnknownPackage(GatewayError):
    """No package of that id is offered to the company."""

    status = 404
    code = "unknown_package"


class InvalidLink(GatewayError):
    """A hand-off link that none of our keys made."""

    status = 404
    code = "invalid_link"


class InvalidVisit(GatewayError):
    """A form or link of the consent pages that we did not make."""

    status = 400
    code = "invalid_visit"


class BodyCutShort(GatewayError):
    """The client closed the connection in the middle of the body."""

    status = 400
    code = "incomplete_body"


class BodyTooSlow(GatewayError):
    """The body did not arrive in time."""

    status = 408
    code = "request_timeout"


class TooLarge(GatewayError):
    """The order does not fit into one record."""

    status = 413
    code = "too_large"


class NotJson(GatewayError):
    """The body says it is something other than JSON in UTF-8."""

    status = 415
    code = "unsupported_media_type"


class Unavailable(GatewayError):
    """Nothing is wrong with the request; the same one may be sent again after `retry_after` seconds."""

    status = 503
    code = "unavailable"

    def __init__(self, reason: str, *, retry_after: int = 5) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class NotDurable(Unavailable):
    """Neither Kafka nor PostgreSQL took the order: nothing of it was kept."""

    code = "not_durable"


class CredentialsUnavailable(Unavailable):
    """The credentials service does not answer."""

    code = "credentials_unavailable"


class CredentialsRefused(Exception):
    """The credentials service's refusal: its status, code and what it says of whose move it is."""

    def __init__(self, status: int, code: str, detail: str | None = None) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail


class TokenRequestRefused(Exception):
    """RFC 6749 §5.2, in the token endpoint's own form."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.description = description


class TooManyTokenRequests(TokenRequestRefused):
    """A client, or an address, asks more often than it may; `retry_after` in seconds."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(429, "temporarily_unavailable", "too many requests, try again later")
        self.retry_after = retry_after
