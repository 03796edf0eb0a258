"""What goes wrong with the keys that seal, and with what is derived from them."""

from credentials.errors.ours import CredentialsError


class EncryptionKeysUnavailable(CredentialsError):
    """The keys cannot be had: the key service is away for longer than they are kept, or their file is bad."""

    code = "encryption_keys_unavailable"
    status = 503
    retryable = True
    detail = "The keys of stored secrets cannot be had at the moment. Try again in a few minutes."


class EncryptionKeyInUse(CredentialsError):
    """Rows stand under the key, or it seals."""

    detail = "Rows stand under this key, or it seals new ones: `bridge encryption-keys status` tells."


class PepperChanged(CredentialsError):
    """The secrets we issued were hashed with another pepper than the settings give."""

    detail = (
        "SECRET_PEPPER is not what the secrets we issued were hashed with: put the former one back. Where it "
        "was derived, the key of ENCRYPTION_KEYS it was derived from has to stay in the list."
    )
