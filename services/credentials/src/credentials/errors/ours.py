"""What goes wrong with us, and the base of all."""

from collections.abc import Sequence
from typing import ClassVar


class CredentialsError(Exception):
    """Base. `code` is for programs, `status` for HTTP, `detail` for people: no secret, nothing personal."""

    code: ClassVar[str] = "credentials_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    detail: str = "Something went wrong in the credentials service."

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None) -> None:
        self.detail = detail or type(self).detail
        self.retry_after = retry_after
        super().__init__(self.detail)


class OtherOrganisation(CredentialsError):
    """The company is bound to another organisation: no tenant takes over another's connection."""

    code = "company_of_another_organisation"
    status = 403
    detail = (
        "This SmartRecruiters company belongs to another organisation here. "
        "Sign in as one of its users, or ask the vendor's support to move the company."
    )


class OrganisationUnknown(CredentialsError):
    """No organisation has this name."""

    detail = "No organisation has this name; `bridge users add` makes one."


class NotConnected(CredentialsError):
    """The company never connected."""

    code = "not_connected"
    status = 404
    detail = "The company is not connected. Its administrator has to connect it at SmartRecruiters."


class IntegrationDisabled(CredentialsError):
    """SmartRecruiters disabled the integration."""

    code = "disabled"
    status = 409
    detail = (
        "The integration is disabled. The company's administrator has to connect it again at SmartRecruiters."
    )


class ConnectionInProgress(CredentialsError):
    """Another connect of the same company has not ended yet."""

    code = "connection_in_progress"
    status = 503
    retryable = True
    detail = "This company is being connected right now. Wait a moment, then try again."


class StorageUnavailable(CredentialsError):
    """PostgreSQL does not answer."""

    code = "storage_unavailable"
    status = 503
    retryable = True
    detail = "The credentials store does not answer. Try again in a moment."


class NotSaved(CredentialsError):
    """SmartRecruiters said yes, and we could not keep its answer: there is no connection on our side."""

    code = "connection_not_saved"
    status = 502
    detail = (
        "SmartRecruiters accepted the connection, but it could not be saved here. "
        "The company's administrator has to disable the integration at SmartRecruiters and connect again."
    )


class Interrupted(CredentialsError):
    """We died between asking SmartRecruiters and keeping its answer; noted by whoever finds the exchange."""

    code = "connection_interrupted"
    status = 502
    detail = (
        "The connection was interrupted here, and nothing has changed. Where SmartRecruiters shows the "
        "company as connected, its administrator has to disable the integration there; then connect again."
    )


class SealBroken(CredentialsError):
    """A stored secret does not open: wrong or missing key, or a row that was tampered with."""

    code = "secret_unreadable"
    status = 500
    detail = "A stored secret cannot be opened: the key it was sealed with has to be in ENCRYPTION_KEYS."


class PartnerFileInvalid(CredentialsError):
    """The partner file has faults: all of them, each with its place."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


class NotApplied(CredentialsError):
    """SmartRecruiters answered 200 and yet holds something else."""


class TokenRequestRefused(CredentialsError):
    """A token request is refused with one of RFC 6749 §5.2's codes."""

    def __init__(self, error: str, description: str) -> None:
        self.error = error
        self.description = description
        super().__init__(description)

    @property
    def http_status(self) -> int:
        """401 where the client is not authenticated, else 400 (RFC 6749 §5.2)."""
        return 401 if self.error == "invalid_client" else 400
