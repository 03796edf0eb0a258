"""The sandbox's settings."""

import os
from pathlib import Path
from typing import Any

from pydantic import AliasChoices, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """From the environment; each secret X may be in a file instead, named by X_FILE."""

    model_config = SettingsConfigDict(env_prefix="SANDBOX_", extra="ignore", populate_by_name=True)

    port: int = Field(8090, ge=0, le=65535, description="Where SmartRecruiters' API and the pages are served")
    bind_address: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("SANDBOX_BIND_ADDRESS", "BIND_ADDRESS"),
        description="Address to listen on",
    )
    master_client_id: str = Field(
        "sandbox-partner",
        min_length=1,
        validation_alias=AliasChoices("SANDBOX_MASTER_CLIENT_ID", "MASTER_CLIENT_ID"),
        description="The partner-level credential's id",
    )
    master_client_secret: SecretStr = Field(
        SecretStr("sandbox-partner-secret"),
        min_length=1,
        validation_alias=AliasChoices("SANDBOX_MASTER_CLIENT_SECRET", "MASTER_CLIENT_SECRET"),
        description="The partner-level credential's secret",
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^\s/]+$",
        description="Base of the addresses it gives out; unset, the one it was called under",
    )
    token_lifetime: int = Field(1800, ge=1, description="Seconds an access token lives")
    requests_per_second: int = Field(10, ge=1, description="Requests in any one second, per credential")
    in_flight: int = Field(8, ge=1, description="Requests at the same time, per credential")
    max_body_bytes: int = Field(1024 * 1024, ge=1, description="Longest JSON or form body")
    max_attachment_bytes: int = Field(10 * 1024 * 1024, ge=1, description="Largest file of an attachment")
    attachment_field: str = Field("file", min_length=1, description="Name of the multipart field")
    record_size: int = Field(20_000, ge=1, description="Calls the record keeps")
    call_timeout: float = Field(15.0, gt=0, description="Seconds it waits for the partner (SPEC §2, §3)")

    @model_validator(mode="before")
    @classmethod
    def _secret_from_file(cls, values: Any) -> Any:
        names = ("SANDBOX_MASTER_CLIENT_SECRET", "MASTER_CLIENT_SECRET")
        if isinstance(values, dict) and not {*names, "master_client_secret"} & values.keys():
            for name in names:
                if path := os.environ.get(f"{name}_FILE"):
                    return {**values, names[0]: Path(path).read_text(encoding="utf-8").strip()}
        return values
