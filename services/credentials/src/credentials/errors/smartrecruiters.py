"""What goes wrong at SmartRecruiters: it did not do what we asked."""

from typing import ClassVar

from credentials.errors.ours import CredentialsError


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
