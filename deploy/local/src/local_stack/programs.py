"""What runs in the stack beside Kafka and PostgreSQL: each program, and the settings that join them."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from local_stack.keys import CALLERS, ROLES
from local_stack.ports import HOST, Ports

DATABASE = "bridge"
READY = "/health/ready"


@dataclass(frozen=True)
class Program:
    """A Python module run as a program, ready when `ready` answers 200."""

    name: str
    module: str
    ready: str


@dataclass(frozen=True)
class Urls:
    """Where a person or a test finds what."""

    gateway: str
    credentials: str
    orders: str
    results_publisher: str
    insights: str
    sandbox: str
    engine: str

    @classmethod
    def of(cls, ports: Ports) -> "Urls":
        """All on this machine."""
        return cls(
            gateway=_http(ports.gateway),
            credentials=_http(ports.credentials_internal),
            orders=_http(ports.orders_internal),
            results_publisher=_http(ports.results_publisher_internal),
            insights=_http(ports.orders_insights_internal),
            sandbox=_http(ports.sandbox),
            engine=_http(ports.reference_engine),
        )


def _http(port: int) -> str:
    return f"http://{HOST}:{port}"


def programs(ports: Ports) -> list[Program]:
    """In the order they are started."""
    return [
        Program("sandbox", "sandbox", _http(ports.sandbox) + "/admin/companies"),
        Program("credentials", "credentials", _http(ports.credentials_internal) + READY),
        Program("gateway", "gateway", _http(ports.gateway_internal) + READY),
        Program("orders", "orders", _http(ports.orders_internal) + READY),
        Program("results-publisher", "results_publisher", _http(ports.results_publisher_internal) + READY),
        Program("orders-insights", "orders.insights", _http(ports.orders_insights_internal) + READY),
        Program("reference-engine", "reference_engine", _http(ports.reference_engine) + READY),
    ]


def own(name: str, keys: Mapping[str, str], database_url: str) -> dict[str, str]:
    """What a program has that no other has: its database role, its token, and the tokens of its callers."""
    role = name.replace("-", "_")
    callers = [f"{caller}:{keys[f'{caller}_token']}" for caller, called in CALLERS.items() if name in called]
    found = {
        "INTERNAL_API_TOKEN": keys.get(f"{name}_token", "calls nobody"),
        "INTERNAL_API_CALLERS": ",".join(callers),
        "DATABASE_ROLES": "",
    }
    if role not in ROLES:
        return found | {"DATABASE_URL": ""}
    place = database_url.rpartition("@")[2]
    return found | {"DATABASE_URL": f"postgresql://bridge_{role}:{keys[f'{role}_password']}@{place}"}


def settings(ports: Ports, keys: dict[str, str], database_url: str, kafka: str) -> dict[str, str]:
    """One environment for `bridge` and, with what `own` adds, for all programs."""
    urls = Urls.of(ports)
    ours = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "DATABASE_URL": database_url,
        "SMARTRECRUITERS_API_URL": urls.sandbox,
        "PUBLIC_URL": urls.gateway,
        "CREDENTIALS_URL": urls.credentials,
        "BIND_ADDRESS": HOST,
        "ORDERS_URL": urls.orders,
        "RESULTS_PUBLISHER_URL": urls.results_publisher,
        "INTERNAL_API_TOKEN": keys["bridge_token"],
        "DATABASE_ROLES": ",".join(f"{role}:{keys[f'{role}_password']}" for role in ROLES),
        "ENGINE_API_URL": urls.orders,
        "ENGINE_API_TOKEN": keys["engine_api_token"],
        "MASTER_CLIENT_ID": keys["master_client_id"],
        "MASTER_CLIENT_SECRET": keys["master_client_secret"],
        "ENCRYPTION_KEYS": keys["encryption_keys"],
        "SECRET_PEPPER": keys["secret_pepper"],
        "HANDOFF_KEYS": keys["handoff_keys"],
        "GATEWAY_VENDOR_NAME": "Reference Assessments",
        "SANDBOX_PUBLIC_URL": urls.sandbox,
        "RESULTS_PUBLISHER_ATTACHMENT_HOSTS": urls.engine,
        "REFERENCE_ENGINE_URL": urls.engine,
        "REFERENCE_ENGINE_SECRET": keys["reference_engine_secret"],
    }
    return _machine() | ports.as_settings() | ours


def _machine() -> dict[str, str]:
    # A person's own DATABASE_URL or MASTER_CLIENT_SECRET must not find its way into the local stack.
    wanted = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR", "TZ", "LOG_LEVEL", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in wanted if name in os.environ} | {
        "PYTHONUNBUFFERED": "1",
        "VIRTUAL_ENV": sys.prefix,
    }
