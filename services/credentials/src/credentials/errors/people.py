"""What can go wrong with the people who connect companies, and with their sign-in."""

from credentials.errors.ours import CredentialsError


class InvalidCredentials(CredentialsError):
    """Unknown user or wrong password: one answer for both."""

    code = "invalid_credentials"
    status = 401
    detail = "E-mail address or password is wrong."


class TooManyAttempts(CredentialsError):
    """The account, whether it exists or not, or the address waits after too many wrong passwords."""

    code = "too_many_attempts"
    status = 429
    retryable = True
    detail = "Too many attempts to sign in. Wait a while, then try again."


class TicketInvalid(CredentialsError):
    """The sign-in is unknown, expired, used, or for another company."""

    code = "ticket_invalid"
    status = 401
    detail = "The sign-in has expired or was already used. Sign in again."


class UserExists(CredentialsError):
    """An account with this e-mail address is there already."""

    detail = "A user with this e-mail address exists already; remove it first to set it up anew."


class UserUnknown(CredentialsError):
    """No account has this e-mail address."""

    detail = "No user has this e-mail address."


class NoMember(CredentialsError):
    """The user has no organisation of this name."""

    detail = "The user has no organisation of this name; `bridge users list` shows those they have."


class LastOrganisation(CredentialsError):
    """A user without an organisation could connect nothing."""

    detail = "This is the user's only organisation; `bridge users remove` takes the user away."


class AddressUnreadable(CredentialsError):
    """What was given is no IP address."""

    detail = "This is no IP address."


class PasswordTooShort(CredentialsError):
    """A password of fewer characters than we take (NIST SP 800-63B §5.1.1)."""

    detail = "A password needs at least 8 characters."
