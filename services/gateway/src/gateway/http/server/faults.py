"""The gateway's errors as HTTP: the one place where they meet."""

from runtime.http.problems import Problem

from gateway.errors import (
    ForeignCompany,
    GatewayError,
    InvalidRequest,
    MissingScope,
    Unauthenticated,
    Unavailable,
)

_BEARER = 'Bearer realm="assessments"'


def problem_of(error: GatewayError) -> Problem:
    """Returns the answer to an error: application/problem+json, with every wrong field named."""
    headers: dict[str, str] = {}
    errors: list[dict[str, str]] = []
    detail: str | None = str(error)
    match error:
        case InvalidRequest():
            detail = f"wrong or missing: {error}"
            errors = [{"field": fault.field, "message": fault.message} for fault in error.faults]
        case Unauthenticated():
            # RFC 6750 §3: one parameter at least, and no error code when there was no token at all.
            headers["WWW-Authenticate"] = _BEARER if error.missing else f'{_BEARER}, error="invalid_token"'
        case MissingScope():
            headers["WWW-Authenticate"] = f'{_BEARER}, error="insufficient_scope", scope="{error.scope}"'
        case ForeignCompany():
            errors = [{"field": error.field, "message": str(error)}]
        case Unavailable():
            detail = "This is passing trouble of ours; please send the request again."
            headers["Retry-After"] = str(error.retry_after)
        case _:
            pass
    return Problem(error.status, error.code, detail, headers=headers, errors=errors)
