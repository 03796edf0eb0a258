"""Token requests in both directions, and the credential pairs of SPEC §1."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from contracts.smartrecruiters.wire import Wire

T = TypeVar("T", bound=str | SecretStr)


def _visible(given: T) -> T:
    """Returns what was given. What it may hold RFC 6749 appendix A says; nothing else fits in a header."""
    text = given if isinstance(given, str) else given.get_secret_value()
    if not (text.isascii() and text.isprintable()):
        raise ValueError("holds what no credential holds")
    return given


class CredentialPair(Wire):
    """clientId and clientSecret, master or customer level, either side's."""

    client_id: Annotated[str, AfterValidator(_visible)] = Field(min_length=1)
    client_secret: Annotated[SecretStr, AfterValidator(_visible)] = Field(min_length=1)


class TokenAnswer(BaseModel):
    """RFC 6749 §5.1: SmartRecruiters needs access_token and expires_in."""

    model_config = ConfigDict(frozen=True, extra="allow")

    access_token: Annotated[SecretStr, AfterValidator(_visible)] = Field(min_length=1)
    expires_in: int = Field(gt=0, le=2**53)
    token_type: str = "Bearer"  # noqa: S105 - a kind of token, not one
    scope: str | None = None
