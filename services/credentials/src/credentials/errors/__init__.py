"""What can go wrong here, and whose move it is then: `detail` says it in words for a person.

CredentialsError
├── InvalidCredentials, TooManyAttempts, TicketInvalid      the person at the consent page
├── OtherOrganisation, OrganisationUnknown, NoMember, LastOrganisation   the vendor's operator
├── UserExists, UserUnknown, AddressUnreadable               the vendor's operator
├── PasswordTooShort, PasswordGuessable                     the vendor's operator (another password)
├── NotConnected, IntegrationDisabled                       the customer's administrator
├── ConnectionInProgress, StorageUnavailable                nobody's: try again
├── NotSaved, Interrupted                                   the customer's administrator, at SmartRecruiters
├── SealBroken, EncryptionKeyInUse, PepperChanged            the vendor's operator (ENCRYPTION_KEYS)
├── EncryptionKeysUnavailable                               the vendor's operator (the key service)
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

from credentials.errors.keys import EncryptionKeyInUse, EncryptionKeysUnavailable, PepperChanged
from credentials.errors.ours import (
    ConnectionInProgress,
    CredentialsError,
    IntegrationDisabled,
    Interrupted,
    NotApplied,
    NotConnected,
    NotSaved,
    OrganisationUnknown,
    OtherOrganisation,
    PartnerFileInvalid,
    SealBroken,
    StorageUnavailable,
    TokenRequestRefused,
)
from credentials.errors.people import (
    AddressUnreadable,
    InvalidCredentials,
    LastOrganisation,
    NoMember,
    PasswordGuessable,
    PasswordTooShort,
    TicketInvalid,
    TooManyAttempts,
    UserExists,
    UserUnknown,
)
from credentials.errors.smartrecruiters import (
    AlreadyIntegrated,
    AnswerLost,
    ClientRefused,
    ConfigurationRefused,
    CustomerCredentialRefused,
    MasterCredentialRefused,
    NotConsentedAtSmartRecruiters,
    NotUnderstood,
    PartnerConfigurationMissing,
    ScopeMissing,
    SmartRecruitersBusy,
    SmartRecruitersError,
    SmartRecruitersUnavailable,
    TokenRejected,
)

__all__ = [
    "AddressUnreadable",
    "AlreadyIntegrated",
    "AnswerLost",
    "ClientRefused",
    "ConfigurationRefused",
    "ConnectionInProgress",
    "CredentialsError",
    "CustomerCredentialRefused",
    "EncryptionKeyInUse",
    "EncryptionKeysUnavailable",
    "IntegrationDisabled",
    "Interrupted",
    "InvalidCredentials",
    "LastOrganisation",
    "MasterCredentialRefused",
    "NoMember",
    "NotApplied",
    "NotConnected",
    "NotConsentedAtSmartRecruiters",
    "NotSaved",
    "NotUnderstood",
    "OrganisationUnknown",
    "OtherOrganisation",
    "PartnerConfigurationMissing",
    "PartnerFileInvalid",
    "PasswordGuessable",
    "PasswordTooShort",
    "PepperChanged",
    "ScopeMissing",
    "SealBroken",
    "SmartRecruitersBusy",
    "SmartRecruitersError",
    "SmartRecruitersUnavailable",
    "StorageUnavailable",
    "TicketInvalid",
    "TokenRejected",
    "TokenRequestRefused",
    "TooManyAttempts",
    "UserExists",
    "UserUnknown",
    "words",
]


def words(code: str) -> str | None:
    """Returns what a person is told of an error that was noted by its code, None for an unknown one."""
    waiting = [CredentialsError]
    while waiting:
        kind = waiting.pop()
        if kind.code == code:
            return kind.detail
        waiting += kind.__subclasses__()
    return None
