"""The engine's settings, read from the environment."""

import sys
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMONSTRATION_SECRET = "demonstration-only"  # noqa: S105 - named for what it is, and warned of at the start


class Settings(BaseSettings):
    """A field's name in upper case is the variable's name; unknown variables are ignored."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, frozen=True)

    kafka_bootstrap_servers: str = Field(min_length=1, description="Kafka brokers, host:port,host:port")
    kafka_topic_prefix: str = Field(
        default="", pattern=r"^[A-Za-z0-9.-]*$", description="put before every topic and consumer group"
    )
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"
    )
    kafka_sasl_username: str = Field(default="", description="who this engine is to Kafka")
    kafka_sasl_password: SecretStr = Field(default=SecretStr(""), description="its password")
    kafka_sasl_password_file: Path | None = Field(
        default=None, description="a file holding the password instead"
    )
    kafka_ssl_ca_file: str = Field(
        default="", description="CAs of Kafka's certificate, PEM; else the machine's"
    )
    kafka_ssl_certificate_file: str = Field(default="", description="our certificate, PEM, where Kafka asks")
    kafka_ssl_key_file: str = Field(default="", description="its key, PEM")
    reference_engine_port: int = Field(default=8091, ge=0, le=65535, description="port of the test pages")
    reference_engine_url: str = Field(
        default="http://127.0.0.1:8091",
        pattern=r"^https?://[^\s]+$",
        description="address candidates and the bridge reach the engine at",
    )
    reference_engine_secret: SecretStr = Field(
        default=SecretStr(DEMONSTRATION_SECRET),
        min_length=16,
        description="key of the launch addresses' signature; the same in every replica and after a restart",
    )
    reference_engine_secret_file: Path | None = Field(
        default=None, description="a file holding the secret instead"
    )
    engine_api_url: str = Field(
        default="http://127.0.0.1:9082",
        pattern=r"^https?://[^\s]+$",
        description="address of the bridge's orders service, which opens candidates",
    )
    engine_api_token: SecretStr = Field(
        default=SecretStr(""),
        description="the token it gives engines for that; without one tests greet nobody",
    )
    engine_api_token_file: Path | None = Field(default=None, description="a file holding the token instead")
    reference_engine_autopilot: bool = Field(
        default=False, description="finish every test by itself, at once: for load and failure tests"
    )
    reference_engine_keep_days: int = Field(
        default=7, ge=1, description="how long an order is kept in memory; Kafka keeps its topics as long"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least level logged"
    )
    bind_address: str = Field(default="127.0.0.1", min_length=1, description="address the server listens on")

    @model_validator(mode="after")
    def _kafka_knows_us(self) -> Self:
        password = self.kafka_sasl_password_file or self.kafka_sasl_password.get_secret_value()
        if self.kafka_security_protocol.startswith("SASL") and not (self.kafka_sasl_username and password):
            raise ValueError("SASL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD")
        return self

    def kafka_password(self) -> SecretStr:
        """Returns Kafka's password, from its file where one is named. Raises OSError."""
        if self.kafka_sasl_password_file is None:
            return self.kafka_sasl_password
        return SecretStr(self.kafka_sasl_password_file.read_text().strip())

    def secret(self) -> SecretStr:
        """Returns the signing key, from its file where one is named. Raises OSError when it is unreadable."""
        if self.reference_engine_secret_file is None:
            return self.reference_engine_secret
        return SecretStr(self.reference_engine_secret_file.read_text().strip())

    def token(self) -> SecretStr:
        """Returns the engines' token, from its file where one is named. Raises OSError."""
        if self.engine_api_token_file is None:
            return self.engine_api_token
        return SecretStr(self.engine_api_token_file.read_text().strip())


def load() -> Settings:
    """Returns the settings, or prints one line that names every bad one and exits with 2."""
    try:
        return Settings()  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        faults = "; ".join(
            _fault("_".join(map(str, fault["loc"])).upper(), fault["msg"])
            for fault in error.errors(include_url=False, include_input=False)
        )
    print(f"settings: {faults}", file=sys.stderr)  # noqa: T201 - before logging is set up, for a person
    raise SystemExit(2)


def _fault(name: str, what: str) -> str:
    return f"{name}: {what}" if name else what.removeprefix("Value error, ")
