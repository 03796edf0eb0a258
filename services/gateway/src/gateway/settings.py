"""The gateway's settings. A field's name in upper case is the variable's name."""

import base64
import binascii
from ipaddress import ip_network
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from runtime.settings import ServiceSettings, derive

_SIV_KEY_BYTES = 64


class Settings(ServiceSettings):
    """What the gateway reads beside the common settings."""

    gateway_port: int = Field(default=8080, ge=0, le=65535, description="public port")
    gateway_internal_port: int = Field(default=9080, ge=0, le=65535, description="health and metrics")
    gateway_requester_header: str = Field(
        default="requester",
        pattern=r"^[A-Za-z0-9-]+$",
        description="header in which GET /packages has its requester",
    )
    gateway_vendor_name: str = Field(
        default="Assessments", min_length=1, max_length=80, description="the vendor's name on the pages"
    )
    gateway_consent_display_mode: Literal["REDIRECT", "POPUP", "EITHER"] = Field(
        default="EITHER",
        description="how SmartRecruiters shows the consent page (partner file: consentDisplayMode); a link "
        "that does not suit it is refused",
    )
    gateway_return_hosts: str = Field(
        default="*",
        description="where a candidate may be sent after an inline assessment: * for every https address, "
        "else hosts beside SMARTRECRUITERS_HOSTS",
    )
    gateway_broker_deadline_seconds: float = Field(
        default=4.0, gt=0, le=6, description="wait for Kafka's acknowledgement before an order is spooled"
    )
    gateway_spool_deadline_seconds: float = Field(
        default=3.0, gt=0, le=4, description="wait for PostgreSQL to take a spooled order"
    )
    gateway_credentials_deadline_seconds: float = Field(
        default=10.0, gt=0, le=12, description="wait for the credentials service"
    )
    gateway_answer_deadline_seconds: float = Field(
        default=14.0,
        gt=0,
        lt=15,
        description="after this every call is answered 503; SmartRecruiters waits 15 s",
    )
    gateway_token_cache_size: int = Field(
        default=10_000, ge=1, le=1_000_000, description="verified access tokens remembered"
    )
    gateway_keys_refresh_seconds: float = Field(
        default=300.0, ge=1, description="how often the signing keys are fetched anew"
    )
    gateway_token_requests_per_minute: int = Field(
        default=600, ge=1, le=1_000_000, description="tokens a client may ask for, a minute's worth at once"
    )
    gateway_token_failures_per_minute: int = Field(
        default=30, ge=1, le=1_000_000, description="wrong secrets for one client from one address"
    )
    gateway_token_failures_per_address: int = Field(
        default=120, ge=1, le=1_000_000, description="wrong secrets and unknown clients from one address"
    )
    gateway_trusted_proxies: str = Field(
        default="",
        description="addresses or networks of our own proxies, comma-separated: behind these the client's "
        "address is read from X-Forwarded-For",
    )
    gateway_candidate_keys: int = Field(
        default=4000,
        ge=1,
        le=100_000,
        description="keys of candidates' data kept at hand, one an order, for when credentials is away",
    )
    gateway_launch_retention_days: int = Field(
        default=90, ge=1, description="how long launch addresses are kept after their last change"
    )
    handoff_keys: SecretStr = Field(
        default=SecretStr(""),
        description="id:base64-64-bytes,… (AES-SIV) of hand-off links, the first makes new ones; "
        "derived from ENCRYPTION_KEYS when not set",
    )

    @property
    def handoff_keyring(self) -> dict[str, bytes]:
        """The keys of hand-off links by id, the one for new links first."""
        given = self.handoff_keys.get_secret_value()
        if given:
            return _parse_keys(given)
        if self.encryption_keys is None:
            raise ValueError("HANDOFF_KEYS is missing (or ENCRYPTION_KEYS to derive it from)")
        text = self.encryption_keys.get_secret_value()
        return {"d": derive(text, "handoff-mac") + derive(text, "handoff-encryption")}

    @field_validator("gateway_trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for one in filter(None, (part.strip() for part in value.split(","))):
            ip_network(one)
        return value

    @model_validator(mode="after")
    def _keys_can_be_read(self) -> Self:
        _ = self.handoff_keyring
        return self


def _parse_keys(text: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for entry in text.split(","):
        identity, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if (
            not identity.isalnum()
            or not identity.isascii()
            or len(identity) > 16
            or len(key) != _SIV_KEY_BYTES
        ):
            raise ValueError("HANDOFF_KEYS: not id:base64-of-64-bytes,… with alphanumeric ids of up to 16")
        if identity in keys:
            raise ValueError(f"HANDOFF_KEYS: id {identity} stands twice")
        keys[identity] = key
    return keys
