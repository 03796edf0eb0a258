"""What can go wrong, with SmartRecruiters' status and code.

ApiError          {"errors":[{"code","message"}],"message"}
└── OAuthError    {"error","error_description"} (RFC 6749 §5.2), on the token endpoint alone
"""

from collections.abc import Mapping, Sequence
from typing import Any

_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    429: "TOO_MANY_REQUESTS",
    503: "SERVICE_UNAVAILABLE",
}


class ApiError(Exception):
    """An answer in SmartRecruiters' error shape; each of `details` becomes an entry of its own."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        details: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or _CODES.get(status, "ERROR")
        self.details = tuple(details)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Returns the answer's JSON."""
        details = self.details or (self.message,)
        return {
            "errors": [{"code": self.code, "message": detail} for detail in details],
            "message": self.message,
        }


class OAuthError(ApiError):
    """The token endpoint's own form."""

    def __init__(
        self, status: int, error: str, description: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, description, code=error, headers=headers)

    def body(self) -> dict[str, Any]:
        """Returns the answer's JSON."""
        return {"error": self.code, "error_description": self.message}


def unknown_company(company_id: str) -> ApiError:
    """The company does not exist at SmartRecruiters."""
    return ApiError(404, f"There is no company {company_id}.")


def not_connected(company_id: str) -> ApiError:
    """The company has no integration with the partner (admin API)."""
    return ApiError(409, f"Company {company_id} is not connected.", code="NOT_CONNECTED")


def no_configuration() -> ApiError:
    """The partner has not PUT a configuration."""
    return ApiError(404, "There is no partner configuration.")
