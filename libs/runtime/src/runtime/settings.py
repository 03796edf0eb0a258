"""Settings every service shares, read from the environment; a secret X may be given as a file in X_FILE."""

import hashlib
import hmac
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, get_args
from urllib.parse import urlsplit

import structlog
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from runtime.http.callers import Callers

S = TypeVar("S", bound=BaseSettings)
log = structlog.get_logger()


class KafkaSecurity(BaseSettings):
    """How to speak to Kafka, in the words of Kafka's own clients."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_sasl_username: str = Field(default="", description="who this service is to Kafka")
    kafka_sasl_password: SecretStr = Field(default=SecretStr(""), description="its password")
    kafka_ssl_ca_file: str = Field(
        default="", description="CAs of Kafka's certificate, PEM; else the machine's"
    )
    kafka_ssl_certificate_file: str = Field(default="", description="our certificate, PEM, where Kafka asks")
    kafka_ssl_key_file: str = Field(default="", description="its key, PEM")

    @model_validator(mode="after")
    def _kafka_knows_us(self) -> Self:
        named = self.kafka_sasl_username and self.kafka_sasl_password.get_secret_value()
        if self.kafka_security_protocol.startswith("SASL") and not named:
            raise ValueError("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD: are needed for SASL")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - no .env files
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - X_FILE instead
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then X_FILE, then X."""
        return init_settings, InitSettingsSource(settings_cls, _from_files(settings_cls)), env_settings


class ServiceSettings(KafkaSecurity):
    """What each service reads beside its own settings. A field's name in upper case is the variable's name.

    Unknown variables are ignored: the environment belongs to everybody.
    """

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    kafka_bootstrap_servers: str = Field(min_length=1, description="Kafka brokers, host:port,host:port")
    kafka_topic_prefix: str = Field(
        default="", pattern=r"^[A-Za-z0-9.-]*$", description="put before every topic and consumer group"
    )
    database_url: SecretStr = Field(description="PostgreSQL: postgresql://user:password@host:port/database")
    smartrecruiters_api_url: str = Field(
        default="https://api.smartrecruiters.com",
        pattern=r"^https?://[^\s/]+",
        description="SmartRecruiters' API",
    )
    smartrecruiters_hosts: str = Field(
        default="api.smartrecruiters.com,*.smartrecruiters.com",
        description="hosts we may call: host, host:port, *.suffix, inside:host, http://host:port",
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        pattern=r"^https?://[^\s/]+",
        description="address SmartRecruiters reaches the gateway at",
    )
    internal_api_token: SecretStr = Field(
        description="Bearer token of our calls to other services; derived from ENCRYPTION_KEYS when not set"
    )
    internal_api_callers: SecretStr = Field(
        default=SecretStr(""),
        description="caller:token,… of who may call this service; not set: whoever has INTERNAL_API_TOKEN",
    )
    encryption_keys: SecretStr | None = Field(
        default=None, description="id:base64-32-bytes,…; the first encrypts, all decrypt"
    )
    credentials_url: str = Field(
        default="http://127.0.0.1:9081", pattern=r"^https?://[^\s/]+", description="the credentials service"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level logged"
    )
    bind_address: str = Field(default="127.0.0.1", min_length=1, description="address the servers listen on")

    @property
    def callers(self) -> Callers:
        """Who may call this service."""
        named = self.internal_api_callers.get_secret_value()
        return (
            Callers.parse(named) if named else Callers.one_token(self.internal_api_token.get_secret_value())
        )

    @property
    def fence_hosts(self) -> list[str]:
        """What `runtime.fencing.Fence` takes: the configured hosts and the API's own."""
        listed = [host.strip() for host in self.smartrecruiters_hosts.split(",") if host.strip()]
        api = urlsplit(self.smartrecruiters_api_url)
        return [*listed, f"http://{api.netloc}" if api.scheme == "http" else api.netloc]

    @field_validator("internal_api_callers")
    @classmethod
    def _readable_callers(cls, value: SecretStr) -> SecretStr:
        Callers.parse(value.get_secret_value())
        return value

    @model_validator(mode="before")
    @classmethod
    def _derive_token(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("internal_api_token") and data.get("encryption_keys"):
            keys = data["encryption_keys"]
            text = keys.get_secret_value() if isinstance(keys, SecretStr) else str(keys)
            data = {**data, "internal_api_token": derive(text, "internal-api-token").hex()}
        return data


def derive(encryption_keys: str, purpose: str) -> bytes:
    """Returns 32 bytes for one purpose out of ENCRYPTION_KEYS.

    The oldest (last) key is taken, so that putting a new one in front changes nothing.
    """
    oldest = encryption_keys.rsplit(",", 1)[-1].strip()
    return hmac.new(oldest.encode(), f"assessment-bridge/{purpose}".encode(), hashlib.sha256).digest()


def present(variable: str, first: SecretStr) -> Callable[[], SecretStr]:
    """Returns what gives a secret's present value, for one that may be changed without a restart.

    The file in `<variable>_FILE` is read anew each time. While it is empty or cannot be read, and without
    such a file, the last value (to begin with `first`) goes on.
    """
    path = os.environ.get(f"{variable}_FILE")
    held = first

    def read() -> SecretStr:
        nonlocal held
        if path:
            try:
                held = SecretStr(Path(path).read_text().strip() or held.get_secret_value())
            except OSError as error:
                log.warning("secret not read again", variable=variable, reason=error.strerror)
        return held

    return read


def load(settings: type[S]) -> S:
    """Returns the settings, or prints one line that names every bad one and exits with 2."""
    try:
        return settings()
    except ValidationError as error:
        faults = "; ".join(
            _fault(dict(fault)) for fault in error.errors(include_url=False, include_input=False)
        )
    except (SettingsError, OSError) as error:
        faults = str(error)
    print(f"settings: {faults}", file=sys.stderr)  # noqa: T201 - before logging is set up, for a person
    raise SystemExit(2)


def _fault(fault: dict[str, Any]) -> str:
    name = "_".join(map(str, fault["loc"])).upper()
    what = "is missing" if fault["type"] == "missing" else str(fault["msg"]).removeprefix("Value error, ")
    return f"{name}: {what}" if name else what


def _from_files(settings: type[BaseSettings]) -> dict[str, Any]:
    found = {}
    for name, field in settings.model_fields.items():
        variable = _variable(name, field)
        path = os.environ.get(f"{variable}_FILE")
        if not path or not _is_secret(field):
            continue
        if os.environ.get(variable):
            raise SettingsError(f"{variable} and {variable}_FILE are both set")
        try:
            found[name] = Path(path).read_text().strip()
        except OSError as error:
            raise SettingsError(f"{variable}_FILE: {path} cannot be read ({error.strerror})") from error
    return found


def _variable(name: str, field: FieldInfo) -> str:
    return (field.validation_alias if isinstance(field.validation_alias, str) else name).upper()


def _is_secret(field: FieldInfo) -> bool:
    return SecretStr in (field.annotation, *get_args(field.annotation))
