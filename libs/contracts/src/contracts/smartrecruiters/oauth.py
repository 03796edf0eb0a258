"""Token requests in both directions, and the credential pairs of SPEC §1."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from contracts.smartrecruiters.wire import Wire


class CredentialPair(Wire):
    """clientId and clientSecret, master or customer level, either side's."""

    client_id: str = Field(min_length=1)
    client_secret: SecretStr = Field(min_length=1)


class TokenAnswer(BaseModel):
    """RFC 6749 §5.1: SmartRecruiters needs access_token and expires_in."""

    model_config = ConfigDict(frozen=True, extra="allow")

    access_token: SecretStr = Field(min_length=1)
    expires_in: int = Field(gt=0)
    token_type: str = "Bearer"  # noqa: S105 - a kind of token, not one
    scope: str | None = None
