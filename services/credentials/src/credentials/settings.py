"""Settings of credentials; ENCRYPTION_KEYS is required here, other services only derive a token from it."""

from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict
from runtime.fencing import Fence, ForbiddenUrl
from runtime.settings import ServiceSettings, derive

from credentials.domain.attempts import AttemptRule
from credentials.domain.sealing import SealingKeys, parsed
from credentials.service.encryption_keys import Pepper


class PartnerSettings(ServiceSettings):
    """What `bridge partner` needs: neither Kafka nor PostgreSQL."""

    kafka_bootstrap_servers: str = Field(default="", description="Kafka brokers, host:port,host:port")
    database_url: SecretStr = Field(default=SecretStr(""), description="PostgreSQL")
    internal_api_token: SecretStr = Field(default=SecretStr(""), description="Bearer token of internal calls")
    master_client_id: str = Field(min_length=1, description="clientId of the master credential (SPEC §1.1)")
    master_client_secret: SecretStr = Field(min_length=1, description="clientSecret of the master credential")
    credentials_outbound_timeout_seconds: float = Field(
        default=130.0, gt=0, description="how long a call to SmartRecruiters may take in all"
    )


class DatabaseSettings(ServiceSettings):
    """What `bridge users` and `bridge integrations` need: PostgreSQL and the keys."""

    kafka_bootstrap_servers: str = Field(default="", description="Kafka brokers, host:port,host:port")
    internal_api_token: SecretStr = Field(default=SecretStr(""), description="Bearer token of internal calls")
    encryption_keys: SecretStr | None = Field(
        default=None, description="id:base64-32-bytes,…; the first encrypts, all decrypt"
    )
    encryption_keys_file: str = Field(
        default="", description="the keys in a file, read again when it changes"
    )
    encryption_key_provider: Literal["listed", "transit"] = Field(
        default="listed", description="listed: ENCRYPTION_KEYS or its file; transit: OpenBao or Vault"
    )
    transit_url: str = Field(
        default="", pattern=r"^(https?://[^\s/]+)?$", description="address of OpenBao or Vault"
    )
    transit_token: SecretStr = Field(
        default=SecretStr(""), description="its token; from TRANSIT_TOKEN_FILE it is read again for each call"
    )
    transit_token_file: str = Field(default="", description="a file with the token, which an agent renews")
    transit_mount: str = Field(default="transit", pattern=r"^[\w/-]+$", description="where the engine is")
    transit_key: str = Field(
        default="assessment-bridge", pattern=r"^[\w-]+$", description="the key that wraps our data keys"
    )
    credentials_keys_refresh_seconds: float = Field(
        default=15.0, gt=0, description="how often the encryption keys are looked at"
    )
    credentials_keys_keep_seconds: float = Field(
        default=3600.0, gt=0, description="how long unwrapped data keys serve while the key service is away"
    )
    secret_pepper: SecretStr | None = Field(
        default=None,
        description="HMAC key of the secrets we issue; derived from ENCRYPTION_KEYS when not set",
    )
    credentials_token_ttl_seconds: int = Field(
        default=3600,
        ge=60,
        le=86400,
        description="lifetime of the access tokens SmartRecruiters gets from us",
    )

    credentials_signing_key_ahead_seconds: int = Field(
        default=600,
        ge=1,
        le=86400,
        description="how long a new signing key is published before it signs: longer than keys are cached",
    )

    @field_validator("encryption_keys")
    @classmethod
    def _readable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        parsed(value.get_secret_value())
        return value

    @field_validator("transit_url")
    @classmethod
    def _transit_is_secure(cls, value: str) -> str:
        return _secure(value)

    @field_validator("secret_pepper")
    @classmethod
    def _not_empty(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is not None and value.get_secret_value() else None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.encryption_key_provider == "listed":
            if self.encryption_keys is None:
                raise ValueError("ENCRYPTION_KEYS: is missing")
        elif not self.transit_url or not (self.transit_token.get_secret_value() or self.transit_token_file):
            raise ValueError("TRANSIT_URL and TRANSIT_TOKEN: are needed for transit")
        if self.secret_pepper is None and self.encryption_keys is None:
            raise ValueError("SECRET_PEPPER: is missing, and no ENCRYPTION_KEYS to derive it from")
        return self

    @property
    def listed_keys(self) -> dict[str, bytes]:
        """The keys of ENCRYPTION_KEYS."""
        return parsed(self.encryption_keys.get_secret_value()) if self.encryption_keys is not None else {}

    def listed_text(self) -> str:
        """ENCRYPTION_KEYS as it is now: of a file, what stands in it."""
        if self.encryption_keys_file:
            return Path(self.encryption_keys_file).read_text("utf-8").strip()
        return self.encryption_keys.get_secret_value() if self.encryption_keys is not None else ""

    def transit_token_text(self) -> str:
        """TRANSIT_TOKEN as it is now."""
        if self.transit_token_file:
            return Path(self.transit_token_file).read_text("utf-8").strip()
        return self.transit_token.get_secret_value()

    @cached_property
    def sealing_keys(self) -> SealingKeys:
        """The keys everything is sealed with: one object, which a keyring renews."""
        return SealingKeys(self.listed_keys)

    @property
    def peppers(self) -> list[Pepper]:
        """SECRET_PEPPER, or each that can be derived, that of the last key first."""
        if self.secret_pepper is not None:
            return [Pepper(_bytes(self.secret_pepper.get_secret_value()), None)]
        text = self.encryption_keys.get_secret_value() if self.encryption_keys is not None else ""
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        return [
            Pepper(derive(entry, "secret-pepper"), entry.partition(":")[0]) for entry in reversed(entries)
        ]

    @property
    def pepper(self) -> bytes:
        """SECRET_PEPPER, or what stands in for it; `credentials.app` settles which."""
        return self.peppers[0].value


def _bytes(pepper: str) -> bytes:
    """A pepper that was derived once may be given as hex:…; any other is its text."""
    return bytes.fromhex(pepper[4:]) if pepper.startswith("hex:") else pepper.encode()


def _secure(address: str) -> str:
    """Returns the address; keys and people's sign-ins go there, so plain http is for this machine alone."""
    host = urlsplit(address).netloc.rpartition("@")[2]
    try:
        if address:
            Fence([host]).check(address)
    except ForbiddenUrl as error:
        raise ValueError("is https, or http on this machine, and names no user") from error
    return address


class SignInSettings(DatabaseSettings):
    """How many wrong passwords are borne; `bridge users unlock` needs the rules, too."""

    credentials_sign_in_attempts: int = Field(
        default=5, ge=1, description="wrong passwords in a row before an account has to wait"
    )
    credentials_sign_in_delay_seconds: int = Field(
        default=30,
        ge=1,
        description="the first wait; doubles with each further wrong password, up to 15 minutes",
    )
    credentials_sign_in_lockout_attempts: int = Field(
        default=20, ge=2, description="wrong passwords in a row before an account is locked"
    )
    credentials_sign_in_lockout_hours: float = Field(
        default=24.0, gt=0, description="how long it is locked, unless `bridge users unlock` comes first"
    )
    credentials_sign_in_address_attempts: int = Field(
        default=30, ge=1, description="wrong passwords from one address within an hour before it has to wait"
    )

    @property
    def account_rule(self) -> AttemptRule:
        """How long an account waits."""
        return AttemptRule(
            free=self.credentials_sign_in_attempts,
            first_delay=timedelta(seconds=self.credentials_sign_in_delay_seconds),
            forgotten_after=timedelta(days=1),
            lockout=self.credentials_sign_in_lockout_attempts,
            lockout_delay=timedelta(hours=self.credentials_sign_in_lockout_hours),
        )

    @property
    def address_rule(self) -> AttemptRule:
        """How long an address waits."""
        return AttemptRule(
            free=self.credentials_sign_in_address_attempts,
            first_delay=timedelta(seconds=self.credentials_sign_in_delay_seconds),
            forgotten_after=timedelta(hours=1),
        )


class OpenIdSettings(SignInSettings):
    """The vendor's own identity provider, when there is one."""

    credentials_sign_in: Literal["auto", "local", "openid", "both"] = Field(
        default="auto",
        description="which sign-ins are offered; auto: openid when OIDC_ISSUER is set, else local",
    )
    oidc_issuer: str = Field(
        default="", pattern=r"^(https?://[^\s/?#]+[^\s?#]*)?$", description="the identity provider's issuer"
    )
    oidc_client_id: str = Field(default="", description="our client id there")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="our secret there; none for a public client"
    )
    oidc_scopes: str = Field(default="openid email profile", description="what is asked for")
    oidc_name: str = Field(
        default="", max_length=60, description="what people call it, on the button; default: its host"
    )
    oidc_hosts: str = Field(
        default="",
        description="further hosts of its endpoints; `inside:host` for one at a private address",
    )
    oidc_timeout_seconds: float = Field(
        default=8.0, gt=0, le=9, description="how long the provider may take for a sign-in in all"
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer_is_secure(cls, value: str) -> str:
        return _secure(value)

    @model_validator(mode="after")
    def _openid_is_whole(self) -> Self:
        if self.offers_openid and not (self.oidc_issuer and self.oidc_client_id):
            raise ValueError("OIDC_ISSUER and OIDC_CLIENT_ID are needed for a sign-in there")
        if self.offers_openid and "openid" not in self.oidc_scopes.split():
            raise ValueError("OIDC_SCOPES needs openid")
        return self

    @property
    def provider_name(self) -> str:
        """What is on the button."""
        return self.oidc_name or urlsplit(self.oidc_issuer).hostname or self.oidc_issuer

    @property
    def provider_hosts(self) -> list[str]:
        """Where the provider may be called, as `runtime.fencing.Fence` takes it."""
        issuer = urlsplit(self.oidc_issuer)
        own = f"http://{issuer.netloc}" if issuer.scheme == "http" else issuer.netloc
        return [own, *self.oidc_hosts.split(",")]

    @property
    def offers_openid(self) -> bool:
        """Whether one may sign in at the provider."""
        return self.credentials_sign_in in {"openid", "both"} or (
            self.credentials_sign_in == "auto" and bool(self.oidc_issuer)
        )

    @property
    def offers_local(self) -> bool:
        """Whether one may sign in with a password."""
        return self.credentials_sign_in in {"local", "both"} or not self.offers_openid


class Settings(OpenIdSettings):
    """Everything the service reads."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    kafka_bootstrap_servers: str = Field(min_length=1, description="Kafka brokers, host:port,host:port")
    internal_api_token: SecretStr = Field(
        min_length=1, description="Bearer token of internal calls; derived from ENCRYPTION_KEYS when not set"
    )
    master_client_id: str = Field(min_length=1, description="clientId of the master credential (SPEC §1.1)")
    master_client_secret: SecretStr = Field(min_length=1, description="clientSecret of the master credential")
    credentials_internal_port: int = Field(
        default=9081, ge=0, le=65535, description="port of the internal server"
    )
    credentials_outbound_timeout_seconds: float = Field(
        default=130.0, gt=0, description="how long a call to SmartRecruiters may take in all"
    )
    credentials_ticket_ttl_seconds: int = Field(
        default=600, ge=30, le=3600, description="how long a sign-in on the consent page stays good"
    )
    credentials_connect_wait_seconds: float = Field(
        default=20.0, ge=0, description="how long a connect waits for another one of the same company"
    )
    credentials_reseal_seconds: float = Field(
        default=60.0, gt=0, description="how often rows under older encryption keys are looked for"
    )
    credentials_key_check_seconds: float = Field(
        default=30.0, gt=0, description="how old this process's view of the signing keys may be"
    )
