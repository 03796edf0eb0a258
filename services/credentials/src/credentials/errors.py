"""What can go wrong here, and whose move it is then: `detail` says it in words for a person.

CredentialsError
├── InvalidCredentials, TooManyAttempts, TicketInvalid      the person at the consent page
├── OtherOrganisation, OrganisationUnknown, UserExists, UserUnknown, PasswordTooShort   the vendor's operator
├── NotConnected, IntegrationDisabled                       the customer's administrator
├── ConnectionInProgress, StorageUnavailable                nobody's: try again
├── NotSaved, Interrupted                                   the customer's administrator, at SmartRecruiters
├── SealBroken                                              the vendor's operator (ENCRYPTION_KEYS)
├── PartnerFileInvalid, NotApplied                          the vendor's operator (partner.yaml)
├── TokenRequestRefused                                     the OAuth client (RFC 6749 §5.2)
└── SmartRecruitersError
    ├── SmartRecruitersUnavailable                          SmartRecruiters'; try again later
    │   ├── SmartRecruitersBusy                             429: after `retry_after`
    │   └── AnswerLost                                      try again; perhaps the administrator's then
    ├── TokenRejected                                       ours: the bearer token died early
    ├── ClientRefused, MasterCredentialRefused, ScopeMissing   the vendor's operator
    ├── CustomerCredentialRefused                           the customer's administrator: connect again
    ├── NotConsentedAtSmartRecruiters, AlreadyIntegrated    the customer's administrator
    ├── PartnerConfigurationMissing, ConfigurationRefused   the vendor's operator
    └── NotUnderstood                                       SmartRecruiters'; an answer beyond its documents
"""

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


class InvalidCredentials(CredentialsError):
    """Unknown user or wrong password: one answer for both."""

    code = "invalid_credentials"
    status = 401
    detail = "E-mail address or password is wrong."


class TooManyAttempts(CredentialsError):
    """The account waits after too many wrong passwords, whether it exists or not."""

    code = "too_many_attempts"
    status = 429
    retryable = True
    detail = "Too many attempts to sign in. Wait a while, then try again."


class TicketInvalid(CredentialsError):
    """The sign-in is unknown, expired, used, or for another company."""

    code = "ticket_invalid"
    status = 401
    detail = "The sign-in has expired or was already used. Sign in again."


class OtherOrganisation(CredentialsError):
    """The company is bound to another organisation: no tenant takes over another's connection."""

    code = "company_of_another_organisation"
    status = 403
    detail = (
        "This SmartRecruiters company belongs to another organisation here. "
        "Sign in as one of its users, or ask the vendor's support to move the company."
    )


class UserExists(CredentialsError):
    """An account with this e-mail address is there already."""

    detail = "A user with this e-mail address exists already; remove it first to set it up anew."


class UserUnknown(CredentialsError):
    """No account has this e-mail address."""

    detail = "No user has this e-mail address."


class OrganisationUnknown(CredentialsError):
    """No organisation has this name."""

    detail = "No organisation has this name; `bridge users add` makes one."


class PasswordTooShort(CredentialsError):
    """A password of fewer characters than we take (NIST SP 800-63B §5.1.1)."""

    detail = "A password needs at least 8 characters."


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


class SmartRecruitersError(CredentialsError):
    """SmartRecruiters did not do what we asked."""

    code = "smartrecruiters_error"
    status = 502


class SmartRecruitersUnavailable(SmartRecruitersError):
    """5xx, no connection, no answer in time, or an answer lost on its way."""

    code = "smartrecruiters_unavailable"
    retryable = True
    detail = "SmartRecruiters does not answer at the moment. Try again in a few minutes."


class SmartRecruitersBusy(SmartRecruitersUnavailable):
    """429: our credential has used up its rate."""

    detail = "SmartRecruiters asks us to slow down. Try again in a minute."


class AnswerLost(SmartRecruitersUnavailable):
    """The exchange was sent, and no answer came that tells whether SmartRecruiters took it."""

    code = "smartrecruiters_answer_lost"
    detail = (
        "SmartRecruiters did not say whether it took the connection; here nothing has changed. Try again "
        "in a few minutes. Where SmartRecruiters says by then that the company is connected, its "
        "administrator has to disable the integration there and connect again."
    )


class TokenRejected(SmartRecruitersError):
    """401 to a bearer token: it is dropped, and the call repeated once with a new one."""

    code = "smartrecruiters_token_rejected"
    detail = (
        "SmartRecruiters rejects its own token. The vendor's operator has to check the master credential."
    )


class ClientRefused(SmartRecruitersError):
    """The token endpoint knows no such client, or its secret is wrong."""

    code = "smartrecruiters_client_refused"
    detail = "SmartRecruiters refuses the credential."


class MasterCredentialRefused(ClientRefused):
    """The master credential of SPEC §1.1 is refused."""

    code = "master_credential_refused"
    detail = (
        "SmartRecruiters refuses the master credential. The vendor's operator has to check MASTER_CLIENT_ID "
        "and MASTER_CLIENT_SECRET against what SmartRecruiters sent, and SMARTRECRUITERS_API_URL."
    )


class CustomerCredentialRefused(ClientRefused):
    """The customer credential SmartRecruiters gave us is refused: the connection is gone on its side."""

    code = "customer_credential_refused"
    detail = (
        "SmartRecruiters refuses the company's credential. Its administrator has to disable the integration "
        "at SmartRecruiters and connect again."
    )


class ScopeMissing(SmartRecruitersError):
    """403 to the partner configuration."""

    code = "smartrecruiters_scope_missing"
    detail = (
        "The master credential may not do this. The vendor's operator has to ask SmartRecruiters' partner "
        "team for the scope partner_configuration_manage."
    )


class NotConsentedAtSmartRecruiters(SmartRecruitersError):
    """403 to the integration: no consent of the company there, or no scope for it."""

    code = "not_consented_at_smartrecruiters"
    status = 403
    detail = (
        "SmartRecruiters says the company has not agreed to this integration. Its administrator has to start "
        "the connection inside SmartRecruiters and accept there first; if that was done, the vendor's "
        "operator has to ask SmartRecruiters' partner team for the right to connect companies."
    )


class AlreadyIntegrated(SmartRecruitersError):
    """409 to the integration."""

    code = "already_integrated"
    status = 409
    detail = (
        "SmartRecruiters already holds a connection of this company that is not known here. "
        "Its administrator has to disable the integration at SmartRecruiters and connect again."
    )
    STANDS: ClassVar[str] = (
        "This company is already connected, and the connection stands: nothing has to be done. To connect it "
        "anew, its administrator has to disable the integration at SmartRecruiters first."
    )


class PartnerConfigurationMissing(SmartRecruitersError):
    """404 to the integration: SmartRecruiters has no partner configuration of ours."""

    code = "partner_configuration_missing"
    detail = (
        "SmartRecruiters does not know this service's addresses yet. The vendor's operator has to run "
        "`bridge partner apply`; then the administrator can connect."
    )


class ConfigurationRefused(SmartRecruitersError):
    """400 to the partner configuration or to the integration's body."""

    code = "smartrecruiters_refused"
    detail = "SmartRecruiters refuses what was sent. The vendor's operator has to look into it."


class NotUnderstood(SmartRecruitersError):
    """An answer SmartRecruiters' documents do not know."""

    code = "smartrecruiters_answer_not_understood"
    detail = (
        "SmartRecruiters gave an answer its documents do not know. The vendor's operator has to ask there."
    )


def words(code: str) -> str | None:
    """Returns what a person is told of an error that was noted by its code, None for an unknown one."""
    waiting = [CredentialsError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return kind.detail
        waiting += kind.__subclasses__()
    return None
