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


class PasswordGuessable(CredentialsError):
    """A common password, or one of what is known of the person (OWASP ASVS 5.0 §6.2.4, §6.2.11)."""

    detail = (
        "This password is easily guessed: it is a common one, or little is left of it without years and "
        "words of the person's name, address and organisations and of this service. Choose another one: four "
        "words that have nothing to do with each other, or twelve random characters."
    )


class SignInNotBegun(CredentialsError):
    """The state is unknown, used, too old, or another browser's (RFC 9700 §4.7)."""

    code = "sign_in_not_begun"
    status = 403
    detail = "This sign-in was not begun in this browser, or is over. Start again, and finish it here."


class SignInDeclined(CredentialsError):
    """The provider says the person has not signed in there (RFC 6749 §4.1.2.1)."""

    code = "sign_in_declined"
    status = 403
    detail = "You were not signed in there. Start again, and sign in when you are asked to."


class IdentityNotProven(CredentialsError):
    """What the provider sent does not prove who signed in: a wrong, old or foreign token, or a used code."""

    code = "identity_not_proven"
    status = 403
    detail = "The sign-in could not be confirmed. Start again; if it fails again, tell our support."


class EmailNotVerified(CredentialsError):
    """The provider does not vouch for the person's e-mail address."""

    code = "email_not_verified"
    status = 403
    detail = "Your e-mail address is not confirmed where you signed in. Confirm it there, then start again."


class PersonUnknown(CredentialsError):
    """Nobody here has the address, or whoever has it is somebody else at the provider."""

    code = "person_unknown"
    status = 403
    detail = "You are signed in, but may not connect companies here yet. Ask our support to add you."


class OpenIdNotOffered(CredentialsError):
    """No provider is configured, or it is not offered."""

    code = "openid_not_offered"
    status = 404
    detail = "There is no sign-in of this kind here."


class LocalNotOffered(CredentialsError):
    """Signing in with a password is not offered."""

    code = "local_not_offered"
    status = 404
    detail = "There is no sign-in with a password here."


class IdentityProviderUnavailable(CredentialsError):
    """The provider does not answer, or not as OpenID Connect says."""

    code = "identity_provider_unavailable"
    status = 502
    retryable = True
    detail = "The sign-in service does not answer at the moment. Try again in a few minutes."
